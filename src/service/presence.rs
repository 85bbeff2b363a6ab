//! Who is at this machine, and whether a face is looked for.
//!
//! What MUST hold:
//! 1. Nothing is opened before the gates are passed: no store, no vault, no camera.
//! 2. A peer that is not root is believed only where it speaks against itself. For such a peer the
//!    session that logind shows for its uid counts too, and its process's own where /proc tells.
//! 3. Whatever cannot be read is absent.

use std::io::Read as _;
use std::path::PathBuf;

use facelock_protocol::logind::{self, Session, User};
use facelock_protocol::{
    Asker, Evidence, Gate, Place, Requester, ServiceName, ServiceReport, SessionId,
    virtual_terminal,
};

use super::context::Context;
use super::journal::Priority;
use crate::decision::access::{Presence, gate};
use crate::decision::services::{Console, Service};
use crate::types::{Peer, Subject, Unavailable};

/// Seats that are looked at; more are not there.
const MAX_SEATS: usize = 16;
/// Sessions of one user that are looked at.
const MAX_SESSIONS: usize = 64;

/// Passes the gates, or says in the journal which one is closed.
///
/// # Errors
/// [`Unavailable::NotAdmitted`].
pub fn admit<'a>(
    context: &'a Context,
    subject: &Subject,
    name: &ServiceName,
    claimed: &Evidence,
) -> Result<&'a Service, Unavailable> {
    let service = context.config.service(name.as_str());
    let mut evidence = believed(claimed, context.asker.peer);
    evidence.lid_closed &= !context.config.presence.ignore_lid;
    let presence = context
        .records
        .presence(subject.uid, &evidence, context.asker.peer);
    match (gate(subject.uid, service, &evidence, &presence), service) {
        (Ok(()), Some(service)) => Ok(service),
        (Err(closed), _) => {
            context
                .line(Priority::Notice, "gate", subject)
                .with("service", name)
                .with("gate", closed.name())
                .with("asker", asker(&evidence))
                .write();
            Err(Unavailable::NotAdmitted(closed))
        }
        (Ok(()), None) => Err(Unavailable::NotAdmitted(Gate::Unlisted)),
    }
}

fn asker(evidence: &Evidence) -> String {
    match evidence.asker() {
        Asker::Uid(uid) => uid.to_string(),
        Asker::Root => "root".into(),
        Asker::Unclear => "unclear".into(),
    }
}

/// What each listed service would meet now, asked by the subject from the session that is shown, or
/// by root's own program.
pub fn services(context: &Context, subject: &Subject) -> Vec<ServiceReport> {
    let report = |(name, service): (&String, &Service)| {
        let by_root = service.console != Console::None;
        let evidence = Evidence {
            place: Place::Manager(subject.uid),
            tty: context.records.terminal().and_then(|n| {
                let named = facelock_protocol::Tty::new(format!("tty{n}"));
                named.ok().filter(|_| by_root)
            }),
            ..Evidence::of_process(if by_root { 0 } else { subject.uid })
        };
        let root = Peer { uid: 0, pid: 0 };
        let presence = context.records.presence(subject.uid, &evidence, root);
        ServiceReport {
            service: name.clone(),
            mode: service.mode.name().into(),
            closed: gate(subject.uid, Some(service), &evidence, &presence).err(),
        }
    };
    context.config.services().iter().map(report).collect()
}

/// The evidence, as far as `peer` is believed.
fn believed(claimed: &Evidence, peer: Peer) -> Evidence {
    if peer.is_root() {
        return claimed.clone();
    }
    Evidence {
        real_uid: peer.uid,
        effective_uid: peer.uid,
        requester: Requester::None,
        ..claimed.clone()
    }
}

/// logind's records, and what the kernel says beside them.
pub struct Records {
    root: PathBuf,
}

impl Records {
    /// `root` is `/`, or a recorded tree in tests.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn presence(&self, subject: u32, evidence: &Evidence, peer: Peer) -> Presence {
        let mut places = vec![evidence.asker_place().clone()];
        if !peer.is_root() {
            places.push(Place::Manager(peer.uid));
            places.extend(own_place(peer));
        }
        Presence {
            asker: places.iter().map(|place| self.session_of(place)).collect(),
            shown: self.shown(),
            terminal: self.terminal(),
            has_open_session: self.has_open_session(subject),
        }
    }

    /// The session of a place. A user's service manager is where the user's session is that a seat
    /// shows; where none does, the one that logind would show names the gate.
    fn session_of(&self, place: &Place) -> Option<Session> {
        match place {
            Place::Session(id) => self.session(id),
            Place::Manager(uid) => {
                let shown = self.shown().into_iter().find(|each| each.uid == *uid);
                if shown.is_some() {
                    return shown;
                }
                let session = self.session(&self.user(*uid)?.display?)?;
                (session.uid == *uid).then_some(session)
            }
            Place::Elsewhere => None,
        }
    }

    fn session(&self, id: &SessionId) -> Option<Session> {
        Session::parse(&self.read(&format!("run/systemd/sessions/{id}"))?)
    }

    fn user(&self, uid: u32) -> Option<User> {
        User::parse(&self.read(&format!("run/systemd/users/{uid}"))?)
    }

    /// The session in front of each seat.
    fn shown(&self) -> Vec<Session> {
        let seats = std::fs::read_dir(self.root.join("run/systemd/seats"));
        let names = seats
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|seat| seat.file_name().into_string().ok());
        let mut shown = Vec::new();
        for seat in names.filter(|name| !name.starts_with('.')).take(MAX_SEATS) {
            let record = self.read(&format!("run/systemd/seats/{seat}"));
            let session = record
                .and_then(|text| logind::active_session(&text))
                .and_then(|id| self.session(&id));
            // The session must agree about where it is.
            shown.extend(session.filter(|session| session.seat.as_ref() == Some(&seat)));
        }
        shown
    }

    fn terminal(&self) -> Option<u32> {
        virtual_terminal(self.read("sys/class/tty/tty0/active")?.trim_end())
    }

    fn has_open_session(&self, uid: u32) -> bool {
        let sessions = self.user(uid).map(|user| user.sessions).unwrap_or_default();
        sessions.iter().take(MAX_SESSIONS).any(|id| {
            self.session(id).is_some_and(|session| {
                session.uid == uid
                    && session.is_a_persons()
                    && session.seat.is_some()
                    && !session.remote
                    && !session.closing
            })
        })
    }

    fn read(&self, path: &str) -> Option<String> {
        read(&self.root.join(path))
    }
}

fn read(path: &std::path::Path) -> Option<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).ok()?;
    let read = file.take(logind::MAX_BYTES + 1).read_to_string(&mut text);
    (read.ok()? as u64 <= logind::MAX_BYTES).then_some(text)
}

/// Where the peer's process is, where /proc shows it at all. Its pid may be another process's by
/// now: this place is one more that must hold, never one that stands for the others.
fn own_place(peer: Peer) -> Option<Place> {
    read(&PathBuf::from(format!("/proc/{}/cgroup", peer.pid))).map(|text| logind::place(&text))
}
