//! Who asks, and from where, as the asking program's own process shows it.
//!
//! The PAM module gathers it, and draws no conclusion. An instance believes it of a peer that is
//! root; of any other peer it believes only what speaks against an attempt.

use serde::{Deserialize, Serialize};

use crate::{SessionId, Tty};

/// What only the process that asks can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub real_uid: u32,
    pub effective_uid: u32,
    /// PAM_RUSER, where the program sets it.
    pub remote_user: Option<Named>,
    /// PAM_RHOST names a machine that counts as another one.
    pub remote_host: bool,
    /// PAM_TTY, without `/dev/`.
    pub tty: Option<Tty>,
    /// Where the process itself is.
    pub place: Place,
    /// Who is at the other end of descriptor 0, where root's program has no session of its own.
    pub requester: Requester,
    pub lid_closed: bool,
}

/// A user that a program names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Named {
    Uid(u32),
    /// A name that no user has.
    Unknown,
}

/// Which part of the system a process belongs to, by its control group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A login session's scope.
    Session(SessionId),
    /// A user's service manager, `user@UID.service`.
    Manager(u32),
    /// Anything else, and what cannot be read.
    #[default]
    Elsewhere,
}

/// The process for which root's program acts over a socket, as polkit's helper does from version
/// 127 on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Requester {
    /// Descriptor 0 is no connected Unix socket.
    #[default]
    None,
    /// It is one, and who is there cannot be read, or that process is gone.
    Unknown,
    Process {
        uid: u32,
        place: Place,
    },
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    Uid(u32),
    /// Root's program, which names no one: a greeter, a locker, login(1).
    Root,
    /// The evidence contradicts itself.
    Unclear,
}

impl Evidence {
    /// A process of one user that names no other user, and is nowhere.
    pub fn of_process(uid: u32) -> Self {
        Self {
            real_uid: uid,
            effective_uid: uid,
            remote_user: None,
            remote_host: false,
            tty: None,
            place: Place::Elsewhere,
            requester: Requester::None,
            lid_closed: false,
        }
    }

    /// The real uid of a program that is not root's, or is setuid; the process at the other end of
    /// root's descriptor 0; else whom root's program names. Two that differ are no answer: polkit's
    /// helper names the subject in PAM_RUSER, for any asker.
    pub fn asker(&self) -> Asker {
        let acting = match (self.real_uid, &self.requester) {
            (0, Requester::None) if self.effective_uid == 0 => None,
            (0, Requester::Unknown) => return Asker::Unclear,
            (0, Requester::Process { uid, .. }) => Some(*uid),
            (uid, _) => Some(uid),
        };
        match (acting, self.remote_user) {
            (None, None) => Asker::Root,
            (Some(uid), None) => Asker::Uid(uid),
            (None, Some(Named::Uid(named))) => Asker::Uid(named),
            (Some(uid), Some(Named::Uid(named))) if uid == named => Asker::Uid(uid),
            // The one who acts decides, unless the program names someone else as well.
            (Some(_), Some(_)) | (None, Some(Named::Unknown)) => Asker::Unclear,
        }
    }

    /// Where the asker is.
    pub fn asker_place(&self) -> &Place {
        match &self.requester {
            Requester::Process { place, .. } => place,
            Requester::None | Requester::Unknown => &self.place,
        }
    }

    /// Whether the terminal is known not to be at this machine: a serial line, a console that may
    /// be one. A pseudo-terminal says nothing; its session does.
    pub fn terminal_is_elsewhere(&self) -> bool {
        let Some(tty) = self.tty.as_ref().map(Tty::as_str) else {
            return false;
        };
        let serial = tty
            .strip_prefix("tty")
            .is_some_and(|rest| !rest.bytes().all(|c| c.is_ascii_digit()) || rest.is_empty());
        serial
            || ["console", "hvc", "hvsi", "rfcomm", "sclp", "xvc"]
                .iter()
                .any(|kind| tty.starts_with(kind))
    }

    /// The number of the virtual terminal that the program names.
    pub fn virtual_terminal(&self) -> Option<u32> {
        virtual_terminal(self.tty.as_ref()?.as_str())
    }
}

/// The number in `tty7`.
pub fn virtual_terminal(tty: &str) -> Option<u32> {
    let digits = tty.strip_prefix("tty")?;
    (digits.bytes().all(|c| c.is_ascii_digit()) && !digits.starts_with('0'))
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn with_tty(tty: &str) -> Evidence {
        Evidence {
            tty: Some(Tty::new(tty).unwrap()),
            ..Evidence::of_process(0)
        }
    }

    #[test]
    fn a_serial_line_is_elsewhere_and_a_virtual_terminal_is_not() {
        for tty in [
            "ttyS0", "ttyUSB1", "ttyAMA0", "ttyACM0", "hvc0", "console", "tty",
        ] {
            assert!(with_tty(tty).terminal_is_elsewhere(), "{tty}");
            assert_eq!(with_tty(tty).virtual_terminal(), None, "{tty}");
        }
        for tty in ["tty1", "tty63", "pts/0", ":0", ":1.0", "polkit"] {
            assert!(!with_tty(tty).terminal_is_elsewhere(), "{tty}");
        }
        assert_eq!(with_tty("tty7").virtual_terminal(), Some(7));
        for tty in ["tty0", "tty07", "pts/7", "tty7x", "tty99999999999"] {
            assert_eq!(with_tty(tty).virtual_terminal(), None, "{tty}");
        }
    }

    #[test]
    fn the_one_who_acts_asks_and_a_contradiction_is_no_answer() {
        let evidence = |real_uid, effective_uid, remote_user, requester| Evidence {
            real_uid,
            effective_uid,
            remote_user,
            requester,
            ..Evidence::of_process(0)
        };
        let peer = |uid| Requester::Process {
            uid,
            place: Place::Elsewhere,
        };
        let (alice, bob) = (Some(Named::Uid(1000)), Some(Named::Uid(1001)));
        for (real, effective, named, requester, wanted) in [
            (1000, 1000, None, Requester::None, Asker::Uid(1000)),
            (1000, 0, None, Requester::None, Asker::Uid(1000)),
            (1000, 0, alice, Requester::None, Asker::Uid(1000)),
            (1001, 0, alice, Requester::None, Asker::Unclear),
            (0, 0, alice, Requester::None, Asker::Uid(1000)),
            (0, 0, Some(Named::Unknown), Requester::None, Asker::Unclear),
            (0, 0, None, Requester::None, Asker::Root),
            (0, 0, None, Requester::Unknown, Asker::Unclear),
            (0, 0, alice, Requester::Unknown, Asker::Unclear),
            (0, 0, alice, peer(1000), Asker::Uid(1000)),
            (0, 0, alice, peer(1001), Asker::Unclear),
            (0, 0, bob, peer(1001), Asker::Uid(1001)),
            (0, 0, None, peer(33), Asker::Uid(33)),
            (0, 33, None, Requester::None, Asker::Uid(0)),
        ] {
            let evidence = evidence(real, effective, named, requester);
            assert_eq!(evidence.asker(), wanted, "{evidence:?}");
        }
    }
}
