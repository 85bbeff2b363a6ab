//! The login password of a person who was recognised, for the keyring's module behind this one; and
//! its change.
//!
//! What MUST hold:
//! 1. A password that the transaction has already is left as it is.
//! 2. It comes from the instance, with a match, on a line that says `keyring`; there is never an
//!    empty one, with which a keyring would be made that stands open.

use std::ffi::CStr;

use facelock_protocol::{Password, Request, Subject};
use pam::constants::PamFlag;
use pam::items::{AuthTok, OldAuthTok};
use pam::module::PamHandle;

use crate::args::Args;
use crate::{client, ffi, transaction};

/// `_pam_types.h`: the second of the two calls, in which the password changes.
const UPDATE: PamFlag = 0x2000;

/// Hands the password to the modules that follow.
pub fn hand_over(handle: &mut PamHandle, password: &Password) {
    if matches!(handle.get_item::<AuthTok>(), Ok(None)) {
        ffi::set_password(handle, password.as_bytes());
    }
}

/// `password optional pam_facelock.so`, behind the password's module: the instance hears that the
/// password is another now. Root, who names no old one, changes nothing: the keyring keeps its
/// password then, too.
pub fn renew(handle: &mut PamHandle, args: &[&CStr], flags: PamFlag) {
    let Ok(args) = Args::parse(args) else { return };
    if flags & UPDATE == 0 || ffi::uids().1 != 0 {
        return;
    }
    let Ok((subject, left)) = transaction::subject(handle, args.timeout) else {
        return;
    };
    let old = handle.get_item::<OldAuthTok>().ok().flatten();
    let new = handle.get_item::<AuthTok>().ok().flatten();
    let (old, new) = (
        old.as_ref().map(OldAuthTok::as_bytes),
        new.as_ref().map(AuthTok::as_bytes),
    );
    let Some(request) = request(subject, old, new) else {
        return;
    };
    if let Err(error) = client::tell(&args.socket, left, &request) {
        let text = format!("a kept password may be an old one now: {error}");
        ffi::log(handle, libc::LOG_NOTICE, &text);
    }
}

/// What the instance hears of a change; nothing where root made it, or no password is known.
fn request(subject: Subject, old: Option<&[u8]>, new: Option<&[u8]>) -> Option<Request> {
    let old = Password::new(old?)?;
    Some(match Password::new(new?) {
        Some(new) => Request::KeyringChange { subject, old, new },
        // Nothing that could be kept.
        None => Request::KeyringForget { subject },
    })
}

#[cfg(test)]
mod tests {
    use facelock_protocol::UserName;

    use super::*;

    #[test]
    fn a_change_is_told_where_both_passwords_are_known() {
        let subject = || Subject {
            uid: 1000,
            name: UserName::new("alice").unwrap(),
        };
        let password = |bytes: &[u8]| Password::new(bytes).unwrap();
        let told = |old, new| request(subject(), old, new);
        assert_eq!(
            told(Some(b"old"), Some(b"new")),
            Some(Request::KeyringChange {
                subject: subject(),
                old: password(b"old"),
                new: password(b"new"),
            })
        );
        // By root: the keyring keeps its password, and so do we.
        assert_eq!(told(None, Some(b"new")), None);
        assert_eq!(told(Some(b""), Some(b"new")), None, "none was kept");
        assert_eq!(told(Some(b"old"), None), None);
        let forget = Some(Request::KeyringForget { subject: subject() });
        assert_eq!(told(Some(b"old"), Some(b"")), forget);
        assert_eq!(told(Some(b"old"), Some(&[b'x'; 512])), forget);
    }
}
