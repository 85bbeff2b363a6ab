//! Who is given a kept login password: a login program of root's, for a person whom an infrared
//! camera recognised, and no other.
//!
//! What MUST hold:
//! 1. The services are fixed: no configuration adds one. None of them gives a person more than a
//!    session of their own, and none runs as its user.
//! 2. What is opened at all is opened for an attempt that may be given it.
#![forbid(unsafe_code)]

use facelock_protocol::Request;

use super::access::Templates;
use crate::types::{Peer, Spectrum, Verdict};

/// Programs that log a person in, or unlock a session as root's.
pub const SERVICES: [&str; 7] = [
    "gdm-face",
    "gdm-password",
    "lightdm",
    "sddm",
    "plasmalogin",
    "greetd",
    "login",
];

/// Whether the password may be opened beside the templates, for an attempt that `peer` asks for
/// `service`.
pub fn may_be_opened(peer: Peer, service: &str) -> bool {
    peer.is_root() && SERVICES.contains(&service)
}

/// Whether it is given with the verdict. `by` is the camera that the face was recognised with.
pub fn is_given(peer: Peer, service: &str, verdict: Verdict, by: Option<Spectrum>) -> bool {
    may_be_opened(peer, service) && verdict == Verdict::Match && by == Some(Spectrum::Infrared)
}

/// Whether one may be kept for a user with these templates.
pub fn may_be_kept(templates: &[Spectrum]) -> bool {
    templates.contains(&Spectrum::Infrared)
}

/// Whose kept password the work on `request` may reach.
pub fn reach(peer: Peer, request: &Request) -> Templates {
    match request {
        Request::Verify { service, .. } if may_be_opened(peer, service.as_str()) => Templates::Own,
        Request::KeyringStore { .. }
        | Request::KeyringForget { .. }
        | Request::KeyringChange { .. }
        | Request::Enroll { .. }
        | Request::Remove { .. }
        | Request::Clear { .. } => Templates::All,
        _ => Templates::None,
    }
}

#[cfg(test)]
mod tests {
    use facelock_protocol::{Evidence, ServiceName, Subject, UserName};

    use super::*;
    use crate::types::OVERFLOW_UID;

    const ROOT: u32 = 0;
    const ALICE: u32 = 1000;

    fn peer(uid: u32) -> Peer {
        Peer { uid, pid: 1 }
    }

    /// Who asks, by what service, what came of it, by which camera: is it given?
    #[test]
    fn the_table() {
        use Spectrum::{Color, Infrared};
        use Verdict::{AttackSuspected, Match, NonMatch};
        let rows = [
            (ROOT, "gdm-password", Match, Some(Infrared), true),
            (ROOT, "gdm-face", Match, Some(Infrared), true),
            (ROOT, "lightdm", Match, Some(Infrared), true),
            (ROOT, "sddm", Match, Some(Infrared), true),
            (ROOT, "plasmalogin", Match, Some(Infrared), true),
            (ROOT, "greetd", Match, Some(Infrared), true),
            (ROOT, "login", Match, Some(Infrared), true),
            // Another verdict, another camera, or none that is known.
            (ROOT, "gdm-password", NonMatch, Some(Infrared), false),
            (ROOT, "gdm-password", AttackSuspected, Some(Infrared), false),
            (ROOT, "gdm-password", Match, Some(Color), false),
            (ROOT, "gdm-password", Match, None, false),
            // What elevates, what runs as its user, what was not thought of.
            (ROOT, "sudo", Match, Some(Infrared), false),
            (ROOT, "su", Match, Some(Infrared), false),
            (ROOT, "su-l", Match, Some(Infrared), false),
            (ROOT, "polkit-1", Match, Some(Infrared), false),
            (ROOT, "doas", Match, Some(Infrared), false),
            (ROOT, "swaylock", Match, Some(Infrared), false),
            (ROOT, "kde", Match, Some(Infrared), false),
            (ROOT, "kde-fingerprint", Match, Some(Infrared), false),
            (ROOT, "sshd", Match, Some(Infrared), false),
            (ROOT, "facelockctl-test", Match, Some(Infrared), false),
            (ROOT, "", Match, Some(Infrared), false),
            (ROOT, "Login", Match, Some(Infrared), false),
            (ROOT, "login ", Match, Some(Infrared), false),
            // Another user's program that calls itself a login program.
            (ALICE, "gdm-password", Match, Some(Infrared), false),
            (ALICE, "login", Match, Some(Infrared), false),
            (OVERFLOW_UID, "login", Match, Some(Infrared), false),
            (u32::MAX, "login", Match, Some(Infrared), false),
        ];
        for (uid, service, verdict, by, given) in rows {
            let row = format!("uid {uid}, {service:?}, {verdict:?}, {by:?}");
            assert_eq!(is_given(peer(uid), service, verdict, by), given, "{row}");
        }
    }

    #[test]
    fn only_who_is_enrolled_by_infrared_has_one() {
        assert!(may_be_kept(&[Spectrum::Color, Spectrum::Infrared]));
        assert!(!may_be_kept(&[Spectrum::Color, Spectrum::Color]));
        assert!(!may_be_kept(&[]));
    }

    #[test]
    fn the_work_on_any_other_request_reaches_none() {
        let subject = || Subject {
            uid: ALICE,
            name: UserName::new("alice").unwrap(),
        };
        let verify = |service: &str| Request::Verify {
            subject: subject(),
            service: ServiceName::new(service).unwrap(),
            consent: None,
            evidence: Evidence::of_process(0),
        };
        assert_eq!(reach(peer(ROOT), &verify("lightdm")), Templates::Own);
        for (uid, request) in [
            (ROOT, verify("sudo")),
            (ALICE, verify("lightdm")),
            (ROOT, Request::Test { subject: subject() }),
            (ROOT, Request::List { subject: subject() }),
            (ROOT, Request::Devices),
            (ROOT, Request::KeyringStatus { subject: subject() }),
        ] {
            assert_eq!(reach(peer(uid), &request), Templates::None, "{request:?}");
        }
    }
}
