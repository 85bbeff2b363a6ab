//! The only unsafe code: what `pam-bindings` and the standard library have no safe call for.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use pam::module::PamHandle;
use zeroize::Zeroizing;

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_set_item(handle: *mut PamHandle, kind: c_int, item: *const c_void) -> c_int;
    fn pam_syslog(handle: *const PamHandle, priority: c_int, format: *const c_char, ...);
}

const PAM_SUCCESS: c_int = 0;
/// `_pam_types.h`.
const PAM_AUTHTOK: c_int = 6;
/// Remembered in a transaction: a face let the user in.
pub const MATCHED: &str = "facelock-matched";
/// Remembered in a transaction: a password was typed.
pub const TYPED: &str = "facelock-typed";

/// What is remembered under a name.
struct Remembered(bool);

/// Hands a typed password to the modules that follow. Whether PAM took it.
pub fn set_password(handle: &mut PamHandle, password: &[u8]) -> bool {
    let Ok(password) = CString::new(password) else { return false };
    // SAFETY: the handle is libpam's own, valid for this call; libpam copies the string, which ends in a NUL.
    let result = unsafe { pam_set_item(handle, PAM_AUTHTOK, password.as_ptr().cast()) };
    drop(Zeroizing::new(password.into_bytes_with_nul()));
    result == PAM_SUCCESS
}

/// Writes to the system log; libpam adds the facility, the service's and the module's name.
pub fn log(handle: &PamHandle, priority: c_int, text: &str) {
    let Ok(text) = CString::new(text) else { return };
    // SAFETY: both strings end in a NUL and live through the call; the format takes exactly one string.
    unsafe { pam_syslog(handle, priority, c"%s".as_ptr(), text.as_ptr()) };
}

/// Remembers something for as long as the transaction lasts.
pub fn remember(handle: &mut PamHandle, name: &str, what: bool) {
    // Where it cannot be remembered, a password goes unreported, or one is reported beside a match: neither lets anybody in.
    let _ = handle.set_data(name, Box::new(Remembered(what)));
}

/// What was remembered; false where nothing was.
pub fn remembers(handle: &PamHandle, name: &str) -> bool {
    // SAFETY: only `remember` stores under this module's names, and always a `Remembered`.
    unsafe { handle.get_data::<Remembered>(name) }.is_ok_and(|remembered| remembered.0)
}

/// The uid behind a login name, by the C library's name services.
pub fn uid_of(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    let mut buffer: Vec<c_char> = vec![0; 1024];
    loop {
        // SAFETY: all zeroes is a valid `passwd`: integers and null pointers.
        let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
        let mut found = std::ptr::null_mut();
        // SAFETY: every pointer is to a live value of its type, and the buffer's length is given.
        let error =
            unsafe { libc::getpwnam_r(name.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found) };
        if error == libc::ERANGE && buffer.len() < 1 << 20 {
            buffer.resize(buffer.len() * 4, 0);
            continue;
        }
        if error != 0 || found.is_null() {
            return None;
        }
        // SAFETY: on success the name points into the buffer and ends in a NUL.
        let canonical = unsafe { CStr::from_ptr(entry.pw_name) };
        // A name service that folds case gives another name: that is not the user who was enrolled.
        return (canonical == name.as_c_str()).then_some(entry.pw_uid);
    }
}
