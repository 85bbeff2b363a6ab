//! Who may ask what: a table. What it does not list is refused.
#![forbid(unsafe_code)]

use facelock_protocol::{Request, Subject};

use crate::types::Peer;

/// Whom a row admits, besides uid 0, which may ask everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// The subject of the request.
    Owner,
    /// Nobody but uid 0.
    Root,
}

/// The table. Scores, frames and enrollment are for uid 0 alone: a score is an oracle to climb by.
fn row(request: &Request) -> (Who, Option<&Subject>) {
    match request {
        Request::Verify { subject, .. } => (Who::Owner, Some(subject)),
        Request::Status { subject } => (Who::Owner, Some(subject)),
        Request::List { subject } => (Who::Owner, Some(subject)),
        Request::Test { subject } => (Who::Root, Some(subject)),
        Request::Enroll { subject, .. } => (Who::Root, Some(subject)),
        Request::Remove { subject, .. } => (Who::Root, Some(subject)),
        Request::Clear { subject } => (Who::Root, Some(subject)),
        Request::Reseal { subject, .. } => (Who::Root, Some(subject)),
        Request::RecordPassword { subject } => (Who::Root, Some(subject)),
        Request::Unlock { subject } => (Who::Root, Some(subject)),
        Request::Devices => (Who::Root, None),
        Request::Preview { .. } => (Who::Root, None),
        Request::TryEmitter { .. } => (Who::Root, None),
        Request::MoveCamera { subject, .. } => (Who::Root, Some(subject)),
    }
}

/// Whom a request is about.
pub fn subject(request: &Request) -> Option<&Subject> {
    row(request).1
}

/// Whether `peer` may ask `request`.
pub fn permits(peer: Peer, request: &Request) -> bool {
    if peer.is_nobody() {
        return false;
    }
    match row(request) {
        _ if peer.is_root() => true,
        (Who::Owner, Some(subject)) => subject.uid == peer.uid,
        (Who::Owner, None) | (Who::Root, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use facelock_protocol::{Secret, ServiceName, UserName};

    use super::*;

    const ALICE: u32 = 1000;

    fn peer(uid: u32) -> Peer {
        Peer { uid, pid: 1 }
    }

    fn every_request() -> Vec<(Request, bool)> {
        let subject = || Subject {
            uid: ALICE,
            name: UserName::new("alice").unwrap(),
        };
        let service = ServiceName::new("sudo").unwrap();
        vec![
            (
                Request::Verify {
                    subject: subject(),
                    service,
                    consent: None,
                },
                true,
            ),
            (Request::Status { subject: subject() }, true),
            (Request::List { subject: subject() }, true),
            (Request::Test { subject: subject() }, false),
            (
                Request::Enroll {
                    subject: subject(),
                    label: None,
                },
                false,
            ),
            (
                Request::Remove {
                    subject: subject(),
                    template: 1,
                },
                false,
            ),
            (Request::Clear { subject: subject() }, false),
            (
                Request::Reseal {
                    subject: subject(),
                    recovery_key: Secret("x".into()),
                },
                false,
            ),
            (Request::RecordPassword { subject: subject() }, false),
            (Request::Unlock { subject: subject() }, false),
            (Request::Devices, false),
            (Request::Preview { seconds: 1 }, false),
            (
                Request::MoveCamera {
                    subject: subject(),
                    from: "a".into(),
                    to: "b".into(),
                },
                false,
            ),
            (
                Request::TryEmitter {
                    camera: "c".into(),
                    unit: 1,
                    selector: 1,
                    payload: vec![1],
                    off: vec![0],
                    seconds: 1,
                },
                false,
            ),
        ]
    }

    #[test]
    fn root_may_ask_everything_and_an_owner_what_is_listed() {
        for (request, owner_may) in every_request() {
            assert!(permits(peer(0), &request), "root: {request:?}");
            assert_eq!(
                permits(peer(ALICE), &request),
                owner_may,
                "owner: {request:?}"
            );
        }
    }

    #[test]
    fn a_stranger_and_a_hidden_peer_may_ask_nothing() {
        for (request, _) in every_request() {
            for uid in [ALICE + 1, crate::types::OVERFLOW_UID, u32::MAX] {
                assert!(!permits(peer(uid), &request), "uid {uid}: {request:?}");
            }
        }
    }

    #[test]
    fn a_hidden_peer_is_not_the_user_nobody() {
        let subject = Subject {
            uid: 65534,
            name: UserName::new("nobody").unwrap(),
        };
        assert!(!permits(peer(65534), &Request::Status { subject }));
    }
}
