//! `pam_facelock.so`: asks Facelock whether the user is in front of the camera.
//!
//! What MUST hold, whatever program this is loaded into:
//! 1. Success only for [`Verdict::Match`](facelock_protocol::Verdict) from a socket that root
//!    listens on.
//! 2. Whatever else happens, a panic included, is "no decision": the stack goes on to the password.
//! 3. Nothing of the host changes: no signal, no child, no thread, no descriptor left open, nothing
//!    on its terminal but through its own conversation.
//! 4. Everything ends at a deadline, but for a prompt that a person is looking at, for the time
//!    that the host takes to show a message, and for one lookup of the name services, which nothing
//!    can end: after one that took it all, nothing more is asked.
//! 5. A signal by which programs are ended ends a look at once, and reaches the host as before.
//!
//! When does it say yes? `src/decision/` decides, in the instance; `src/service/verify/attempt.rs`
//! gathers what it decides on, `pam_module/src/evidence.rs` what only this process can see, and
//! `pam_module/src/code.rs` turns the answer into PAM's.

mod args;
mod authenticate;
mod client;
mod code;
mod evidence;
mod ffi;
mod keyring;
mod lid;
mod prompts;
mod question;
mod record;
mod transaction;

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};

pub struct Facelock;
pam::pam_hooks!(Facelock);

impl PamHooks for Facelock {
    fn sm_authenticate(handle: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        guarded(|| authenticate::authenticate(handle, &args, flags))
    }

    /// There are no credentials to set. A stack that succeeded must not fail here.
    fn sm_setcred(handle: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        guarded(|| {
            record::report_password(handle, &args, flags);
            PamResultCode::PAM_SUCCESS
        });
        PamResultCode::PAM_SUCCESS
    }

    /// No password is changed here, and a stack that changes one must not fail here.
    fn sm_chauthtok(handle: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        guarded(|| {
            keyring::renew(handle, &args, flags);
            PamResultCode::PAM_IGNORE
        });
        PamResultCode::PAM_IGNORE
    }
}

/// Runs `work`; a panic in it makes no decision and prints nothing. The hook is this library's own
/// copy of the standard library's: the host's is another.
fn guarded(work: impl FnOnce() -> PamResultCode) -> PamResultCode {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(code::NO_DECISION)
}
