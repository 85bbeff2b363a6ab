//! The only unsafe code: what `pam-bindings` and the standard library have no safe call for.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use facelock_protocol::Subject;
use facelock_protocol::client::Waited;
use pam::module::PamHandle;
use zeroize::Zeroizing;

#[link(name = "pam")]
// SAFETY: as <security/pam_modules.h> and <security/pam_ext.h> declare them.
unsafe extern "C" {
    fn pam_set_item(handle: *mut PamHandle, kind: c_int, item: *const c_void) -> c_int;
    fn pam_syslog(handle: *const PamHandle, priority: c_int, format: *const c_char, ...);
}

// SAFETY: as <libintl.h> declares it.
unsafe extern "C" {
    fn dgettext(domain: *const c_char, text: *const c_char) -> *const c_char;
}

const PAM_SUCCESS: c_int = 0;
/// `_pam_types.h`.
const PAM_AUTHTOK: c_int = 6;
/// Remembered in a transaction: a face let the user in.
const MATCHED: &str = "facelock-matched";
/// Remembered in a transaction: for whom a password was typed.
const TYPED: &str = "facelock-typed";

struct Matched(bool);
struct Typed(Option<Subject>);

/// Hands a password to the modules that follow. Whether PAM took it.
pub fn set_password(handle: &mut PamHandle, password: &[u8]) -> bool {
    let Ok(password) = CString::new(password) else {
        return false;
    };
    // SAFETY: the handle is libpam's own, valid for this call; libpam copies the string, which ends
    // in a NUL.
    let result = unsafe { pam_set_item(handle, PAM_AUTHTOK, password.as_ptr().cast()) };
    drop(Zeroizing::new(password.into_bytes_with_nul()));
    result == PAM_SUCCESS
}

/// Writes to the system log; libpam adds the facility, the service's and the module's name.
pub fn log(handle: &PamHandle, priority: c_int, text: &str) {
    let Ok(text) = CString::new(text) else { return };
    // SAFETY: both strings end in a NUL and live through the call; the format takes exactly one
    // string.
    unsafe { pam_syslog(handle, priority, c"%s".as_ptr(), text.as_ptr()) };
}

/// The same in the language that the host has set, as libpam's own messages are; itself where the
/// host has set none.
pub fn translated(text: &str) -> String {
    let Ok(english) = CString::new(text) else {
        return text.into();
    };
    // SAFETY: both strings end in a NUL and live through the call; what comes back is the second of
    // them or a catalogue's string, which the C library keeps.
    let found = unsafe { CStr::from_ptr(dgettext(c"facelock".as_ptr(), english.as_ptr())) };
    // A host whose characters are not UTF-8 is shown English.
    found.to_str().unwrap_or(text).into()
}

// Where something cannot be remembered, a password goes unreported, or one is reported beside a
// match: neither lets a person in.

/// Remembers, for as long as the transaction lasts, whether a face let the user in.
pub fn remember_match(handle: &mut PamHandle, matched: bool) {
    let _ = handle.set_data(MATCHED, Box::new(Matched(matched)));
}

pub fn remembers_match(handle: &PamHandle) -> bool {
    // SAFETY: only `remember_match` stores under this name, and always a `Matched`.
    unsafe { handle.get_data::<Matched>(MATCHED) }.is_ok_and(|matched| matched.0)
}

/// Remembers for whom a password was typed. The application may name another user later.
pub fn remember_typed(handle: &mut PamHandle, subject: Option<Subject>) {
    let _ = handle.set_data(TYPED, Box::new(Typed(subject)));
}

pub fn typed(handle: &PamHandle) -> Option<Subject> {
    // SAFETY: only `remember_typed` stores under this name, and always a `Typed`.
    unsafe { handle.get_data::<Typed>(TYPED) }
        .ok()
        .and_then(|typed| typed.0.clone())
}

/// This process's real and effective uid.
pub fn uids() -> (u32, u32) {
    // SAFETY: neither can fail, and neither touches memory.
    unsafe { (libc::getuid(), libc::geteuid()) }
}

/// Whom SO_PEERCRED names: pid and uid. A pid of 0 is a process in another pid namespace; not by
/// rustix, whose pid is never 0.
pub fn peer(socket: BorrowedFd) -> Option<(i32, u32)> {
    let mut credentials = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let length = socket_option(socket, libc::SO_PEERCRED, &mut credentials)?;
    let whole = length == size_of::<libc::ucred>() && credentials.uid != u32::MAX;
    whole.then_some((credentials.pid, credentials.uid))
}

/// A descriptor that holds the peer's process: SO_PEERPIDFD, or, on a kernel before 6.5, by its
/// pid.
pub fn peer_process(socket: BorrowedFd, pid: i32) -> Option<OwnedFd> {
    const SO_PEERPIDFD: c_int = 77;
    let mut descriptor: c_int = -1;
    let given = socket_option(socket, SO_PEERPIDFD, &mut descriptor);
    if given.is_none() && pid > 0 {
        // SAFETY: takes two integers, and gives a new descriptor or an error.
        descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as c_int;
    }
    // SAFETY: both calls give a new descriptor, which nothing else owns.
    (pid > 0 && descriptor >= 0).then(|| unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Whether a held process still runs: its descriptor is readable once it has ended.
pub fn is_running(process: &OwnedFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&now)) == Ok(0)
}

/// Reads a socket option of integers; how many bytes the kernel wrote.
fn socket_option<T: Copy>(socket: BorrowedFd, option: c_int, value: &mut T) -> Option<usize> {
    let mut length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes to a value of
    // that size; callers pass integers, of which every bit pattern is one.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            std::ptr::from_mut(value).cast(),
            &raw mut length,
        )
    };
    (result == 0).then_some(length as usize)
}

/// Signals by which a person or the system ends a program. While the module waits they are held
/// back, and seen; as soon as the wait ends they reach the host as they would have. Nothing of it
/// outlives one system call.
pub struct Interrupts {
    held: libc::sigset_t,
    /// Readable while one of them is pending. Without it a wait is only as before.
    pending: Option<OwnedFd>,
}

impl Interrupts {
    /// Ctrl-C and Ctrl-\\ even where the host ignores them, as login(1) does; a hang-up and a
    /// request to end only where it does not.
    pub fn watch() -> Self {
        let ends = |signal| {
            // SAFETY: all zeroes is a valid `sigaction`, which the kernel then fills.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: only asks; the pointer is to a live value.
            let asked = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
            asked == 0 && action.sa_sigaction != libc::SIG_IGN
        };
        // SAFETY: a signal set is plain memory, which `sigemptyset` makes one.
        let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live set.
        unsafe { libc::sigemptyset(&raw mut set) };
        for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGTERM] {
            if [libc::SIGINT, libc::SIGQUIT].contains(&signal) || ends(signal) {
                // SAFETY: the pointer is to a live set, and the number is a signal's.
                unsafe { libc::sigaddset(&raw mut set, signal) };
            }
        }
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: the set is live; gives a new descriptor, which nothing else owns, or -1.
        let descriptor = unsafe { libc::signalfd(-1, &raw const set, flags) };
        // SAFETY: as above.
        let pending = (descriptor >= 0).then(|| unsafe { OwnedFd::from_raw_fd(descriptor) });
        Self { held: set, pending }
    }

    /// The thread's own mask, with these signals held back as well.
    fn mask(&self) -> libc::sigset_t {
        // SAFETY: a signal set is plain memory.
        let mut mask: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: only asks for the mask; both sets are live.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut mask);
        }
        for signal in 1..32 {
            // SAFETY: both sets are live, and the number is a signal's.
            unsafe {
                if libc::sigismember(&raw const self.held, signal) == 1 {
                    libc::sigaddset(&raw mut mask, signal);
                }
            }
        }
        mask
    }
}

/// Waits for the socket, for at most `left`, or for an interrupt. Another signal ends the wait with
/// nothing.
pub fn wait(
    socket: BorrowedFd,
    flags: rustix::event::PollFlags,
    left: std::time::Duration,
    interrupts: &Interrupts,
) -> std::io::Result<Waited> {
    let entry = |fd, events| libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // A descriptor of -1 is passed over.
    let pending = interrupts.pending.as_ref().map_or(-1, |fd| fd.as_raw_fd());
    let mut polled = [
        entry(socket.as_raw_fd(), flags.bits() as i16),
        entry(pending, libc::POLLIN),
    ];
    let timeout = libc::timespec {
        tv_sec: left.as_secs() as libc::time_t,
        tv_nsec: left.subsec_nanos().into(),
    };
    let mask = interrupts.mask();
    let mask = if pending >= 0 {
        &raw const mask
    } else {
        std::ptr::null()
    };
    // SAFETY: two live entries, a live time and a live or no mask; the kernel puts the thread's own
    // mask back before it returns.
    let ready = unsafe { libc::ppoll(polled.as_mut_ptr(), 2, &raw const timeout, mask) };
    if ready < 0 {
        let error = std::io::Error::last_os_error();
        let interrupted = error.kind() == std::io::ErrorKind::Interrupted;
        return if interrupted {
            Ok(Waited::Nothing)
        } else {
            Err(error)
        };
    }
    Ok(if polled[1].revents != 0 {
        Waited::Interrupted
    } else if polled[0].revents != 0 {
        Waited::Ready
    } else {
        Waited::Nothing
    })
}

/// The uid behind a login name, and the account's name as the name services spell it.
pub fn account_named(name: &str) -> Option<(u32, String)> {
    let name = CString::new(name).ok()?;
    account(|entry, buffer, found| {
        // SAFETY: every pointer is to a live value of its type, and the buffer's length is given.
        unsafe {
            libc::getpwnam_r(
                name.as_ptr(),
                entry,
                buffer.as_mut_ptr(),
                buffer.len(),
                found,
            )
        }
    })
}

/// The name that a uid has.
pub fn name_of(uid: u32) -> Option<String> {
    let account = account(|entry, buffer, found| {
        // SAFETY: every pointer is to a live value of its type, and the buffer's length is given.
        unsafe { libc::getpwuid_r(uid, entry, buffer.as_mut_ptr(), buffer.len(), found) }
    });
    account.map(|(_, name)| name)
}

/// What the C library's name services find, with as large a buffer as they need.
fn account(
    mut look_up: impl FnMut(&mut libc::passwd, &mut [c_char], &mut *mut libc::passwd) -> c_int,
) -> Option<(u32, String)> {
    let mut buffer: Vec<c_char> = vec![0; 1024];
    loop {
        // SAFETY: all zeroes is a valid `passwd`: integers and null pointers.
        let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
        let mut found = std::ptr::null_mut();
        let error = look_up(&mut entry, &mut buffer, &mut found);
        if error == libc::ERANGE && buffer.len() < 1 << 20 {
            buffer.resize(buffer.len() * 4, 0);
            continue;
        }
        if error != 0 || found.is_null() || entry.pw_name.is_null() {
            return None;
        }
        // SAFETY: on success the name points into the buffer and ends in a NUL.
        let name = unsafe { CStr::from_ptr(entry.pw_name) };
        return Some((entry.pw_uid, name.to_str().ok()?.to_owned()));
    }
}
