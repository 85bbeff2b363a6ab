//! Outcome → PAM code. One table, exhaustive.
#![deny(clippy::wildcard_enum_match_arm)]

use facelock_protocol::{Reply, Verdict};
use pam::constants::PamResultCode;

/// No face was judged; the stack goes on. Never PAM_IGNORE: a stack of nothing but ignored modules
/// has unlocked screens.
pub const NO_DECISION: PamResultCode = PamResultCode::PAM_AUTHINFO_UNAVAIL;

/// Why nothing was decided; for the log.
pub struct NoDecision(pub String);

/// What a reply means to PAM.
pub fn of(reply: &Reply) -> PamResultCode {
    match reply {
        Reply::Verdict(Verdict::Match) => PamResultCode::PAM_SUCCESS,
        Reply::Verdict(Verdict::NonMatch | Verdict::AttackSuspected) => PamResultCode::PAM_AUTH_ERR,
        Reply::Unavailable(_)
        | Reply::Denied(_)
        | Reply::Enrolled(_)
        | Reply::Templates(_)
        | Reply::Status(_)
        | Reply::Devices(_)
        | Reply::ModeTimes(_)
        | Reply::Keyring { .. }
        | Reply::Done { .. } => NO_DECISION,
    }
}
