//! logind's records and the kernel's control groups, read as text.
//!
//! What MUST hold: what is missing, stands twice or contradicts itself is no record. The absence of
//! a record is never presence.

use crate::{Place, SessionId};

/// Largest record that is read, in bytes.
pub const MAX_BYTES: u64 = 64 * 1024;

/// A login session, `/run/systemd/sessions/ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub uid: u32,
    /// `user`, `greeter`, `background`, …
    pub class: String,
    /// `x11`, `wayland`, `tty`, …
    pub kind: String,
    pub seat: Option<String>,
    /// In front of its seat.
    pub active: bool,
    pub remote: bool,
    pub closing: bool,
    /// The X display, where it has one.
    pub display: Option<String>,
}

/// A user, `/run/systemd/users/UID`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The session that stands for the user: the graphical one, where there is one.
    pub display: Option<SessionId>,
    pub sessions: Vec<SessionId>,
}

impl Session {
    /// Reads a record.
    pub fn parse(text: &str) -> Option<Self> {
        let state = field(text, "STATE")?;
        let active = flag(text, "ACTIVE")?;
        let remote_host = optional(text, "REMOTE_HOST")?;
        let remote = flag(text, "REMOTE")?;
        Some(Self {
            uid: field(text, "UID")?.parse().ok()?,
            class: field(text, "CLASS")?.into(),
            kind: field(text, "TYPE")?.into(),
            seat: optional(text, "SEAT")?.map(String::from),
            // One without the other contradicts itself.
            active: active && state == "active",
            remote: remote || remote_host.is_some(),
            closing: state == "closing",
            display: optional(text, "DISPLAY")?.map(String::from),
        })
    }

    /// Whether a person sits in it, rather than cron or a service manager.
    pub fn is_a_persons(&self) -> bool {
        matches!(
            self.class.as_str(),
            "user" | "user-early" | "user-light" | "user-early-light"
        )
    }

    /// Whether it asks who wants to come in, on behalf of no user yet.
    pub fn is_greeter(&self) -> bool {
        matches!(self.class.as_str(), "greeter" | "lock-screen")
    }
}

impl User {
    pub fn parse(text: &str) -> Option<Self> {
        let display = optional(text, "DISPLAY")?;
        let sessions = optional(text, "SESSIONS")?.unwrap_or_default();
        Some(Self {
            display: display.map(SessionId::new).transpose().ok()?,
            sessions: sessions
                .split_ascii_whitespace()
                .map(SessionId::new)
                .collect::<Result<_, _>>()
                .ok()?,
        })
    }
}

/// The session in front of a seat, `/run/systemd/seats/ID`.
pub fn active_session(text: &str) -> Option<SessionId> {
    SessionId::new(field(text, "ACTIVE")?).ok()
}

/// The part of the system that a process belongs to, by `/proc/PID/cgroup`
/// (sd_pid_get_session(3), sd_pid_get_owner_uid(3)).
///
/// Below the first unit that is no slice, groups are that unit's to name: a scope there that is
/// called a session is none.
pub fn place(groups: &str) -> Place {
    let hierarchy = |wanted: &str| {
        let mut lines = groups.lines().filter_map(|line| {
            let (_, rest) = line.split_once(':')?;
            rest.strip_prefix(wanted)?.strip_prefix(':')
        });
        lines.next().filter(|_| lines.next().is_none())
    };
    let path = hierarchy("name=systemd").or_else(|| hierarchy(""));
    let Some(path) = path.and_then(|path| path.strip_prefix('/')) else {
        return Place::Elsewhere;
    };
    let mut units = path.split('/').skip_while(|part| part.ends_with(".slice"));
    let unit = units.next().unwrap_or_default();
    let inner = |before, after| unit.strip_prefix(before)?.strip_suffix(after);
    if let Some(id) = inner("session-", ".scope") {
        return SessionId::new(id).map_or(Place::Elsewhere, Place::Session);
    }
    let manager = inner("user@", ".service").and_then(|uid| uid.parse().ok());
    manager.map_or(Place::Elsewhere, Place::Manager)
}

/// A value that must be there, once, and not empty.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    optional(text, name).flatten()
}

/// A value that may be missing or empty, but must not stand twice.
fn optional<'a>(text: &'a str, name: &str) -> Option<Option<&'a str>> {
    let mut values = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let first = values.next();
    values
        .next()
        .is_none()
        .then(|| first.filter(|value| !value.is_empty()))
}

fn flag(text: &str, name: &str) -> Option<bool> {
    match field(text, name)? {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LOCAL: &str = "# This is private data. Do not parse.\nUID=1000\nUSER=alice\nACTIVE=1\n\
        STATE=active\nREMOTE=0\nTYPE=wayland\nCLASS=user\nSCOPE=session-2.scope\nSEAT=seat0\nVTNR=2\n";

    #[test]
    fn a_record_is_whole_or_none() {
        let session = Session::parse(LOCAL).unwrap();
        assert_eq!(
            (session.uid, session.active, session.remote),
            (1000, true, false)
        );
        assert_eq!(session.seat.as_deref(), Some("seat0"));
        for line in [
            "UID=1000\n",
            "ACTIVE=1\n",
            "STATE=active\n",
            "REMOTE=0\n",
            "CLASS=user\n",
        ] {
            assert_eq!(
                Session::parse(&LOCAL.replace(line, "")),
                None,
                "without {line}"
            );
            assert_eq!(
                Session::parse(&(LOCAL.to_owned() + line)),
                None,
                "twice {line}"
            );
        }
        assert_eq!(Session::parse(""), None);
        assert_eq!(
            Session::parse(&LOCAL.replace("ACTIVE=1", "ACTIVE=yes")),
            None
        );
        assert_eq!(
            Session::parse(&LOCAL.replace("UID=1000", "UID=alice")),
            None
        );
    }

    #[test]
    fn what_contradicts_itself_speaks_against() {
        let online = Session::parse(&LOCAL.replace("STATE=active", "STATE=online")).unwrap();
        assert!(!online.active);
        let far = Session::parse(&(LOCAL.to_owned() + "REMOTE_HOST=10.0.0.1\n")).unwrap();
        assert!(far.remote);
        let seatless = Session::parse(&LOCAL.replace("SEAT=seat0", "SEAT=")).unwrap();
        assert_eq!(seatless.seat, None);
    }

    #[test]
    fn a_process_is_where_the_first_unit_that_is_no_slice_says() {
        let session = |id| Place::Session(SessionId::new(id).unwrap());
        for (groups, wanted) in [
            (
                "0::/user.slice/user-1000.slice/session-7.scope\n",
                session("7"),
            ),
            (
                "0::/user.slice/user-1000.slice/session-c1.scope/vte\n",
                session("c1"),
            ),
            (
                "1:name=systemd:/user.slice/session-7.scope\n0::/x.service\n",
                session("7"),
            ),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u1.service\n",
                Place::Manager(1000),
            ),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/session-zz.scope\n",
                Place::Manager(1000),
            ),
            (
                "0::/system.slice/evil.service/user.slice/session-7.scope\n",
                Place::Elsewhere,
            ),
            (
                "0::/system.slice/polkit-agent-helper@0.service\n",
                Place::Elsewhere,
            ),
            ("0::/user.slice/session-../../x.scope\n", Place::Elsewhere),
            ("0::/user.slice/session-.scope\n", Place::Elsewhere),
            ("0::/user.slice/user@-1.service\n", Place::Elsewhere),
            ("0::/\n", Place::Elsewhere),
            ("9:cpu:/user.slice/session-7.scope\n", Place::Elsewhere),
            (
                "0::/user.slice/session-7.scope\n0::/user.slice/session-8.scope\n",
                Place::Elsewhere,
            ),
            ("", Place::Elsewhere),
        ] {
            assert_eq!(place(groups), wanted, "{groups}");
        }
    }

    #[test]
    fn a_user_and_a_seat_name_their_sessions() {
        let user = User::parse("NAME=alice\nSTATE=active\nDISPLAY=2\nSESSIONS=2 c5\n").unwrap();
        assert_eq!(user.display.unwrap().as_str(), "2");
        assert_eq!(user.sessions.len(), 2);
        assert_eq!(
            User::parse("STATE=lingering\nSESSIONS=\n"),
            Some(User::default())
        );
        assert_eq!(User::parse("DISPLAY=../2\n"), None);
        assert_eq!(
            active_session("ACTIVE=2\nACTIVE_UID=1000\n")
                .unwrap()
                .as_str(),
            "2"
        );
        assert_eq!(active_session("IS_SEAT0=1\n"), None);
    }
}
