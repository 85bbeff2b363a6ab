//! Who may ask what: a table. What it does not list is refused.
//!
//! [`permits`] says which requests a peer may send at all; [`gate`] says whether a face is looked
//! for: the asker is the subject, in a session of their own that a seat of this machine shows, or
//! root's program acts for the person at the console.
//!
//! What MUST hold:
//! 1. A service that the configuration does not list gets no face.
//! 2. Another user than the subject never gets one, under whatever uid the program runs.
//! 3. Absent, unreadable and contradictory evidence closes the gate.
#![forbid(unsafe_code)]

use facelock_protocol::logind::Session;
use facelock_protocol::{Asker, Evidence, Gate, Request, Subject};

use super::services::{Console, Mode, Only, Service};
use crate::types::Peer;

/// Whom a row admits, besides uid 0, which may ask everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// The subject of the request.
    Owner,
    /// Only uid 0.
    Root,
}

/// Whose templates the work on a request may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Templates {
    /// No user's.
    None,
    /// The subject's, to be read.
    Own,
    /// All, to be written: enrollment compares with the others'.
    All,
}

/// The table. Scores, frames and enrollment are for uid 0 alone: a score is an oracle to climb by.
fn row(request: &Request) -> (Who, Option<&Subject>, Templates) {
    match request {
        Request::Verify { subject, .. } => (Who::Owner, Some(subject), Templates::Own),
        Request::Status { subject } => (Who::Owner, Some(subject), Templates::Own),
        Request::List { subject } => (Who::Owner, Some(subject), Templates::Own),
        Request::Test { subject } => (Who::Root, Some(subject), Templates::Own),
        Request::Enroll { subject, .. } => (Who::Root, Some(subject), Templates::All),
        Request::Remove { subject, .. } => (Who::Root, Some(subject), Templates::All),
        Request::Clear { subject } => (Who::Root, Some(subject), Templates::All),
        Request::Reseal { subject, .. } => (Who::Root, Some(subject), Templates::All),
        Request::RecordPassword { subject } => (Who::Root, Some(subject), Templates::None),
        Request::Unlock { subject } => (Who::Root, Some(subject), Templates::None),
        Request::Devices => (Who::Root, None, Templates::None),
        Request::Preview { .. } => (Who::Root, None, Templates::None),
        Request::TryEmitter(_) => (Who::Root, None, Templates::None),
        Request::TimeModes { .. } => (Who::Root, None, Templates::None),
        Request::MoveCamera { subject, .. } => (Who::Root, Some(subject), Templates::All),
        Request::Rename { subject, .. } => (Who::Root, Some(subject), Templates::All),
        Request::KeyringStore { subject, .. } => (Who::Root, Some(subject), Templates::Own),
        Request::KeyringForget { subject } => (Who::Root, Some(subject), Templates::None),
        Request::KeyringChange { subject, .. } => (Who::Root, Some(subject), Templates::Own),
        Request::KeyringStatus { subject } => (Who::Owner, Some(subject), Templates::None),
    }
}

/// Whom a request is about.
pub fn subject(request: &Request) -> Option<&Subject> {
    row(request).1
}

/// Whose templates the work on `request` may reach.
pub fn templates(request: &Request) -> Templates {
    row(request).2
}

/// Whether `peer` may ask `request`.
pub fn permits(peer: Peer, request: &Request) -> bool {
    if peer.is_nobody() {
        return false;
    }
    match row(request) {
        _ if peer.is_root() => true,
        (Who::Owner, Some(subject), _) => subject.uid == peer.uid,
        (Who::Owner, None, _) | (Who::Root, ..) => false,
    }
}

/// What logind's records and the kernel say about the persons at this machine.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    /// The session of every place that the asker is said to be in. Each must hold; none is absence.
    pub asker: Vec<Option<Session>>,
    /// The session in front of each seat.
    pub shown: Vec<Session>,
    /// The virtual terminal in front.
    pub terminal: Option<u32>,
    /// The subject has a session at a seat, in front or not.
    pub has_open_session: bool,
}

/// Whether a face is looked for, for `subject`, as `service` asks.
///
/// # Errors
/// The first gate that is closed.
pub fn gate(
    subject: u32,
    service: Option<&Service>,
    evidence: &Evidence,
    presence: &Presence,
) -> Result<(), Gate> {
    let service = service.ok_or(Gate::Unlisted)?;
    let closed = |holds: bool, gate| if holds { Ok(()) } else { Err(gate) };
    closed(service.mode != Mode::Off, Gate::SwitchedOff)?;
    closed(!evidence.remote_host, Gate::Remote)?;
    closed(!evidence.lid_closed, Gate::Lid)?;
    closed(!evidence.terminal_is_elsewhere(), Gate::Terminal)?;
    match evidence.asker() {
        Asker::Uid(uid) => {
            closed(uid == subject, Gate::OtherAsker)?;
            closed(!presence.asker.is_empty(), Gate::NoSession)?;
            for session in &presence.asker {
                shows_its_user(session.as_ref().ok_or(Gate::NoSession)?, uid)?;
            }
        }
        Asker::Root => console(subject, service.console, evidence, presence)?,
        Asker::Unclear => return Err(Gate::UnclearAsker),
    }
    closed(
        service.only != Only::Unlock || presence.has_open_session,
        Gate::FirstLogin,
    )
}

/// Whether a session is `uid`'s own, at a seat, and in front.
fn shows_its_user(session: &Session, uid: u32) -> Result<(), Gate> {
    if session.uid != uid {
        Err(Gate::OtherSession)
    } else if session.remote {
        Err(Gate::Remote)
    } else if !session.is_a_persons() {
        Err(Gate::Background)
    } else if session.seat.is_none() {
        Err(Gate::NoSeat)
    } else if !session.active || session.closing {
        Err(Gate::Inactive)
    } else {
        Ok(())
    }
}

/// Whether root's program, which asks for no user, acts for the person at the console.
fn console(
    subject: u32,
    wanted: Console,
    evidence: &Evidence,
    presence: &Presence,
) -> Result<(), Gate> {
    let terminal = || {
        evidence
            .virtual_terminal()
            .is_some_and(|named| presence.terminal == Some(named))
    };
    let seat = || {
        presence.shown.iter().any(|session| {
            let greets = session.is_greeter()
                && session.seat.is_some()
                && session.active
                && !session.remote
                && !session.closing;
            (greets || shows_its_user(session, subject).is_ok()) && is_on(session, evidence)
        })
    };
    let shown = match wanted {
        Console::None => return Err(Gate::RootAlone),
        Console::Terminal => terminal(),
        Console::Seat => seat(),
        Console::Any => terminal() || seat(),
    };
    if shown { Ok(()) } else { Err(Gate::NotShown) }
}

/// Whether the program may be on that session's screen: where it names an X display, it is that
/// session's. A greeter for another screen, as over VNC, names another.
fn is_on(session: &Session, evidence: &Evidence) -> bool {
    let named = evidence.tty.as_ref().map(|tty| tty.as_str());
    let Some(named) = named.filter(|tty| tty.starts_with(':')) else {
        return true;
    };
    let screen = |display: &str| display.split('.').next().map(String::from);
    match &session.display {
        Some(display) => screen(display) == screen(named),
        None => session.kind == "wayland",
    }
}

#[cfg(test)]
mod tests {
    use facelock_protocol::{EmitterTrial, Label, Password, Secret, ServiceName, UserName};

    use super::*;

    const ALICE: u32 = 1000;

    fn peer(uid: u32) -> Peer {
        Peer { uid, pid: 1 }
    }

    fn of_the_keyring() -> Vec<(Request, bool)> {
        let subject = || Subject {
            uid: ALICE,
            name: UserName::new("alice").unwrap(),
        };
        vec![
            (
                Request::KeyringStore {
                    subject: subject(),
                    password: Password::new(b"x").unwrap(),
                },
                false,
            ),
            (Request::KeyringForget { subject: subject() }, false),
            (
                Request::KeyringChange {
                    subject: subject(),
                    old: Password::new(b"x").unwrap(),
                    new: Password::new(b"y").unwrap(),
                },
                false,
            ),
            (Request::KeyringStatus { subject: subject() }, true),
        ]
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
                    evidence: Evidence::of_process(ALICE),
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
            (Request::TimeModes { camera: "c".into() }, false),
            (
                Request::MoveCamera {
                    subject: subject(),
                    from: "a".into(),
                    to: "b".into(),
                },
                false,
            ),
            (
                Request::Rename {
                    subject: subject(),
                    template: 1,
                    label: Label::new("glasses").unwrap(),
                },
                false,
            ),
            (
                Request::TryEmitter(EmitterTrial {
                    camera: "c".into(),
                    unit: 1,
                    selector: 1,
                    payload: vec![1],
                    off: vec![0],
                    seconds: 1,
                }),
                false,
            ),
        ]
    }

    #[test]
    fn root_may_ask_everything_and_an_owner_what_is_listed() {
        for (request, owner_may) in every_request().into_iter().chain(of_the_keyring()) {
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
        for (request, _) in every_request().into_iter().chain(of_the_keyring()) {
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
