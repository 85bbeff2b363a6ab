//! Tries forbidden things, one a line: `name open` or `name errno`. With `sealed`, after giving up
//! what the instance does. For the tests; not packaged.
#![allow(unsafe_code, clippy::print_stdout)]

extern "C" fn leave(_: *mut libc::c_void) -> libc::c_int {
    0
}

fn main() {
    let sealed = std::env::args().any(|argument| argument == "sealed");
    if sealed {
        drop(facelock::sandbox::enter());
        if let Err(error) = facelock::sandbox::seal() {
            println!("seal {error}");
            return;
        }
    }
    let try_call = |name: &str, result: i64| match result {
        -1 => println!(
            "{name} {}",
            std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
        ),
        _ => println!("{name} open"),
    };
    // SAFETY: each call is made with valid arguments; a child that is made ends at once without
    // running anything else.
    unsafe {
        try_call(
            "inet",
            i64::from(libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0)),
        );
        try_call(
            "unix",
            i64::from(libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)),
        );
        try_call("memfd", i64::from(libc::memfd_create(c"x".as_ptr(), 0)));
        let child = libc::fork();
        if child == 0 {
            libc::_exit(0);
        }
        try_call("fork", i64::from(child));
        // A process that shares this memory, as posix_spawn(3) makes one, on a stack of its own.
        let mut stack = [0_u128; 4096];
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let top = stack.as_mut_ptr_range().end.cast();
        try_call(
            "vfork",
            i64::from(libc::clone(leave, top, flags, std::ptr::null_mut())),
        );
    }
    println!(
        "thread {}",
        if std::thread::spawn(|| 1).join().is_ok() {
            "open"
        } else {
            "failed"
        }
    );
    let status = std::process::Command::new("/bin/true").status();
    match status {
        Ok(_) => println!("exec open"),
        Err(error) => println!("exec {}", error.raw_os_error().unwrap_or(0)),
    }
}
