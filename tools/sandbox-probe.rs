//! Tries forbidden things, one a line: `name open` or `name errno`. With `sealed`, after giving up
//! what the instance does; with a uid behind it, also the templates of all others. For the tests;
//! not packaged.
#![allow(unsafe_code, clippy::print_stdout)]

extern "C" fn leave(_: *mut libc::c_void) -> libc::c_int {
    0
}

/// One message over a socket pair with each call that could carry a descriptor. The pair is made
/// before anything is given up, as the instance's connection is.
fn messages(pair: [libc::c_int; 2], try_call: impl Fn(&str, i64)) {
    let mut byte = 1_u8;
    let mut part = libc::iovec {
        iov_base: (&raw mut byte).cast(),
        iov_len: 1,
    };
    // SAFETY: all zeros is a message without an address and without control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    let mut many = libc::mmsghdr {
        msg_hdr: message,
        msg_len: 0,
    };
    let at_once = libc::MSG_DONTWAIT;
    let no_time = std::ptr::null_mut();
    // SAFETY: message, part and byte outlive each call, and say their own lengths.
    unsafe {
        try_call(
            "sendmsg",
            libc::sendmsg(pair[0], &raw const message, at_once) as i64,
        );
        try_call(
            "recvmsg",
            libc::recvmsg(pair[1], &raw mut message, at_once) as i64,
        );
        try_call(
            "sendmmsg",
            libc::sendmmsg(pair[0], &raw mut many, 1, at_once as _).into(),
        );
        try_call(
            "recvmmsg",
            libc::recvmmsg(pair[1], &raw mut many, 1, at_once as _, no_time).into(),
        );
        // What the instance does keep.
        try_call("write", libc::write(pair[0], part.iov_base, 1) as i64);
        try_call("read", libc::read(pair[1], part.iov_base, 1) as i64);
    }
}

/// Puts up the fence round the templates of the package, but for a user's.
fn fence(uid: &str) {
    let begun = std::time::Instant::now();
    let folder = std::path::Path::new("/var/lib/facelock/enrollments");
    match facelock::sandbox::fence::keep_out(&[(folder, uid.parse().ok())]) {
        Ok(()) => println!("fence-us {}", begun.elapsed().as_micros()),
        Err(error) => println!("fence {error}"),
    }
}

/// Opens every enrollment of the package: how many can be.
fn templates() {
    let mut open = 0;
    for uid in 0..65_536 {
        let path = format!("/var/lib/facelock/enrollments/{uid}");
        open += usize::from(std::fs::File::open(path).is_ok());
    }
    println!("templates {open}");
}

fn main() {
    let mut pair = [0; 2];
    // SAFETY: room for two descriptors.
    unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, pair.as_mut_ptr()) };
    let sealed = std::env::args().any(|argument| argument == "sealed");
    if sealed {
        drop(facelock::sandbox::enter());
        if let Err(error) = facelock::sandbox::seal() {
            println!("seal {error}");
            return;
        }
        if let Some(uid) = std::env::args().nth(2) {
            fence(&uid);
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
        messages(pair, try_call);
        // The process that started this one.
        let other = libc::getppid();
        try_call("signal-others", i64::from(libc::kill(other, 0)));
        let own = libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::gettid(), 0);
        try_call("signal-itself", own);
        let mut limit: libc::rlimit64 = std::mem::zeroed();
        let limits =
            |pid, limit| libc::prlimit64(pid, libc::RLIMIT_NOFILE, std::ptr::null(), limit);
        try_call("limit-others", i64::from(limits(other, &raw mut limit)));
        try_call("limit-itself", i64::from(limits(0, &raw mut limit)));
    }
    println!(
        "thread {}",
        if std::thread::spawn(|| 1).join().is_ok() {
            "open"
        } else {
            "failed"
        }
    );
    templates();
    let status = std::process::Command::new("/bin/true").status();
    match status {
        Ok(_) => println!("exec open"),
        Err(error) => println!("exec {}", error.raw_os_error().unwrap_or(0)),
    }
}
