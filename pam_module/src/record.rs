//! A password that succeeded is reported; nothing is decided.
//!
//! What was typed is gone when the application sets credentials: libpam forgets it at the end of
//! `pam_authenticate`. A line behind the password's module (`record`) sees it; the face's own line
//! (`report`) stands before it and does not, and goes by who else can let a user in.

use std::ffi::CStr;
use std::time::Duration;

use facelock_protocol::{Request, Subject};
use pam::constants::{PamFlag, PamResultCode};
use pam::items::AuthTok;
use pam::module::PamHandle;

use crate::args::Args;
use crate::{client, ffi, transaction};

/// Reporting a password holds no login up.
const PATIENCE: Duration = Duration::from_millis(500);
/// `_pam_types.h`: the application takes credentials back, as after a failure.
const DELETE_CRED: PamFlag = 0x4;

/// `auth optional pam_facelock.so record`, behind the stack's primary block: remembers that a
/// password was typed and no face let the user in. It decides nothing, whatever happens, so it can
/// neither let a person in nor keep one out: PAM_IGNORE is right here, and only here.
pub fn note_password(handle: &mut PamHandle, args: &Args) -> PamResultCode {
    let typed = handle
        .get_item::<AuthTok>()
        .ok()
        .flatten()
        .is_some_and(|password| !password.as_bytes().is_empty());
    let whose = if typed && !ffi::remembers_match(handle) {
        let subject = transaction::subject(handle, args.timeout);
        subject.ok().map(|(subject, _)| subject)
    } else {
        None
    };
    ffi::remember_typed(handle, whose);
    PamResultCode::PAM_IGNORE
}

/// The face's own line with `report`: remembers who asked, where no face let them in. Whatever the
/// stack lets them in by then stands for the password; a line with `record` behind it, which sees
/// what was typed, has the last word.
pub fn note_whom(handle: &mut PamHandle, whom: Option<Subject>) {
    let whose = whom.filter(|_| !ffi::remembers_match(handle));
    ffi::remember_typed(handle, whose);
}

/// The same line, when the application sets credentials, which it does only for a user whom the
/// whole stack let in: reports the password. In the stack itself it is not known yet: a failed
/// `required` module does not stop it. An application that sets credentials without having asked
/// the stack (cron, sshd with a key) noted nothing. Whose password it was is what was noted: sudo
/// names the user it changes to by now.
pub fn report_password(handle: &mut PamHandle, args: &[&CStr], flags: PamFlag) {
    let Ok(args) = Args::parse(args) else { return };
    if !(args.record || args.report) || flags & DELETE_CRED != 0 || ffi::remembers_match(handle) {
        return;
    }
    // Of another program nothing is believed.
    if ffi::uids().1 != 0 {
        return;
    }
    let Some(subject) = ffi::typed(handle) else {
        return;
    };
    ffi::remember_typed(handle, None);
    let request = Request::RecordPassword { subject };
    let result = client::tell(&args.socket, PATIENCE.min(args.timeout), &request);
    if let (true, Err(error)) = (args.debug, result) {
        ffi::log(handle, libc::LOG_DEBUG, &format!("record: {error}"));
    }
}
