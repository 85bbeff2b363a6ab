//! The real libpam, with PAM files from a folder.

use std::ffi::{CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

const CONV_ERR: c_int = 19;
const ESTABLISH: c_int = 2;

#[repr(C)]
struct Conversation {
    function: extern "C" fn(c_int, *const c_void, *mut *mut c_void, *mut c_void) -> c_int,
    data: *mut c_void,
}

#[link(name = "pam")]
// SAFETY: as <security/pam_appl.h> declares them.
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
}

extern "C" fn silent(_: c_int, _: *const c_void, _: *mut *mut c_void, _: *mut c_void) -> c_int {
    CONV_ERR
}

/// One login of root by `service`: PAM's code, and after a success that of the credentials.
pub fn authenticate(service: &str, folder: &Path) -> i32 {
    let text = |bytes: &[u8]| CString::new(bytes).unwrap();
    let (service, folder) = (
        text(service.as_bytes()),
        text(folder.as_os_str().as_bytes()),
    );
    let conversation = Conversation {
        function: silent,
        data: std::ptr::null_mut(),
    };
    let mut handle = std::ptr::null_mut();
    // SAFETY: every pointer outlives the call it is given to; libpam makes the handle, which ends
    // with `pam_end`.
    unsafe {
        let code = pam_start_confdir(
            service.as_ptr(),
            c"root".as_ptr(),
            &conversation,
            folder.as_ptr(),
            &mut handle,
        );
        assert_eq!(code, 0);
        let mut code = pam_authenticate(handle, 0);
        if code == 0 {
            code = pam_setcred(handle, ESTABLISH);
        }
        pam_end(handle, code);
        code
    }
}
