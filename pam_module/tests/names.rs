//! Name services that are slow, in the place of the C library's: their time is the attempt's own.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::undocumented_unsafe_blocks
)]

mod host;

use std::ffi::{CStr, c_char, c_int};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use facelock_protocol::{Message, REQUEST_CAP, Reply, Request, Verdict};
use host::{AUTHINFO_UNAVAIL, Host, SUCCESS, Server};

/// How long every lookup takes, and how many there were.
static MILLISECONDS: AtomicUsize = AtomicUsize::new(0);
static LOOKUPS: AtomicUsize = AtomicUsize::new(0);

type Find<K> =
    extern "C" fn(K, *mut libc::passwd, *mut c_char, libc::size_t, *mut *mut libc::passwd) -> c_int;

/// The C library's own function, after the time that a lookup takes.
fn slowly<K>(name: &CStr) -> Find<K> {
    LOOKUPS.fetch_add(1, Ordering::SeqCst);
    let milliseconds = MILLISECONDS.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(milliseconds as u64));
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    assert!(!found.is_null());
    unsafe { std::mem::transmute_copy(&found) }
}

#[unsafe(no_mangle)]
extern "C" fn getpwnam_r(
    name: *const c_char,
    entry: *mut libc::passwd,
    buffer: *mut c_char,
    length: libc::size_t,
    found: *mut *mut libc::passwd,
) -> c_int {
    slowly::<*const c_char>(c"getpwnam_r")(name, entry, buffer, length, found)
}

#[unsafe(no_mangle)]
extern "C" fn getpwuid_r(
    uid: libc::uid_t,
    entry: *mut libc::passwd,
    buffer: *mut c_char,
    length: libc::size_t,
    found: *mut *mut libc::passwd,
) -> c_int {
    slowly::<libc::uid_t>(c"getpwuid_r")(uid, entry, buffer, length, found)
}

/// Asks once, with lookups that take so long: the code, how long it took, and the lookups made.
fn ask(server: &Server, arguments: &str, lookup: Duration) -> (c_int, Duration, usize) {
    LOOKUPS.store(0, Ordering::SeqCst);
    MILLISECONDS.store(lookup.as_millis() as usize, Ordering::SeqCst);
    let host = Host::new(&server.stack(arguments));
    let begun = Instant::now();
    let code = host.authenticate(0);
    MILLISECONDS.store(0, Ordering::SeqCst);
    (code, begun.elapsed(), LOOKUPS.load(Ordering::SeqCst))
}

/// One test: its lookups are the whole process's.
#[test]
fn what_the_name_services_take_is_not_waited_for_again() {
    let matches = Server::start(|stream: &mut UnixStream| {
        let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        let reply = Message::Reply(Reply::Verdict(Verdict::Match));
        let _ = facelock_protocol::write_message(stream, &reply);
    });
    // By name, and by uid.
    let (code, _, lookups) = ask(&matches, "mode=auto report", Duration::from_millis(50));
    assert_eq!((code, lookups, matches.requests()), (SUCCESS, 2, 1));

    // The first lookup takes it all: no second one, no question, and no match.
    let slow = Duration::from_millis(1300);
    let (code, took, lookups) = ask(&matches, "mode=auto report timeout=1", slow);
    assert_eq!(
        (code, lookups, matches.requests()),
        (AUTHINFO_UNAVAIL, 1, 0)
    );
    assert!(took < slow * 2, "{took:?}");

    // What is left is waited for, and no more.
    let silent = Server::start(|_| std::thread::sleep(Duration::from_secs(8)));
    let lookup = Duration::from_millis(1000);
    let (code, took, _) = ask(&silent, "mode=auto timeout=3", lookup);
    assert_eq!((code, silent.requests()), (AUTHINFO_UNAVAIL, 1));
    assert!(took < Duration::from_millis(3900), "{took:?}");
}
