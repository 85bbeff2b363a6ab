//! What logind and the kernel record of who is at this machine.

use std::io::Read as _;
use std::path::PathBuf;

use facelock_protocol::logind::{self, Session, User};
use facelock_protocol::{Evidence, Place, SessionId, virtual_terminal};

use crate::decision::access::Presence;
use crate::types::Peer;

/// Seats that are looked at; more are not there.
const MAX_SEATS: usize = 16;
/// Sessions of one user that are looked at.
const MAX_SESSIONS: usize = 64;

/// logind's records, and what the kernel says beside them.
pub struct Records {
    root: PathBuf,
}

impl Records {
    /// `root` is `/`, or a recorded tree in tests.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where the asker is, who sits where, and whether the subject has a session.
    pub fn presence(&self, subject: u32, evidence: &Evidence, peer: Peer) -> Presence {
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

    /// The virtual terminal that is shown.
    pub fn terminal(&self) -> Option<u32> {
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
