//! What can be answered without a camera: is the person at this machine at all?

use std::fs;
use std::path::Path;

/// Services whose users are somewhere else by their nature, whatever they set PAM_RHOST to.
const NETWORK: [&str; 20] = [
    "sshd",
    "ssh",
    "dropbear",
    "xrdp-sesman",
    "cockpit",
    "remote",
    "rlogin",
    "rsh",
    "rexec",
    "telnet",
    "ftp",
    "vsftpd",
    "proftpd",
    "pure-ftpd",
    "samba",
    "dovecot",
    "imap",
    "pop3",
    "smtp",
    "cups",
];

/// Whether `PAM_RHOST` or the service says that the user is on another machine. A connection from
/// this machine is no exception: who comes by a tunnel or by `ssh localhost` is not seen by the
/// camera either.
pub fn is_remote(rhost: Option<&str>, service: &str) -> bool {
    rhost.is_some_and(|host| !host.is_empty()) || NETWORK.contains(&service)
}

/// Why the person cannot be in front of the camera, if so. `root` is `/`, or a recorded tree in
/// tests.
///
/// No session at all is no reason: polkit's helper and some screen lockers have none. A process of
/// the user's own service manager has none either, but belongs to whoever is logged in: one of the
/// user's sessions must be in front of a seat.
pub fn absence(root: &Path) -> Option<&'static str> {
    if lid_closed(root) {
        return Some("the lid is closed");
    }
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    // Below the user's manager, groups are the user's to name: a scope there that is called a
    // session is none.
    if let Some(uid) = unit(&groups, "user@", ".service") {
        let text = fs::read_to_string(root.join("run/systemd/users").join(uid)).ok()?;
        return field(&text, "ACTIVE_SEATS")
            .is_none_or(str::is_empty)
            .then_some("no session of the user is at a seat");
    }
    let id = unit(&groups, "session-", ".scope")?;
    session_is_absent(&fs::read_to_string(root.join("run/systemd/sessions").join(id)).ok()?)
}

fn session_is_absent(text: &str) -> Option<&'static str> {
    let is = |name, value| field(text, name) == Some(value);
    if is("REMOTE", "1") || field(text, "REMOTE_HOST").is_some_and(|host| !host.is_empty()) {
        return Some("the session is remote");
    }
    if ["background", "background-light", "manager", "manager-early"]
        .iter()
        .any(|class| is("CLASS", class))
    {
        return Some("the session is nobody's");
    }
    if field(text, "SEAT").is_some_and(|seat| !seat.is_empty()) && is("ACTIVE", "0") {
        return Some("the session is not the active one");
    }
    None
}

/// A value in one of logind's records.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// The name in the middle of a unit that a control group belongs to (sd_pid_get_session(3),
/// sd_pid_get_owner_uid(3)).
fn unit<'a>(groups: &'a str, before: &str, after: &str) -> Option<&'a str> {
    groups.split(['/', '\n']).find_map(|part| {
        let name = part.strip_prefix(before)?.strip_suffix(after)?;
        (!name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric())).then_some(name)
    })
}

fn lid_closed(root: &Path) -> bool {
    let lids = fs::read_dir(root.join("proc/acpi/button/lid"))
        .into_iter()
        .flatten()
        .flatten();
    let mut states = lids.filter_map(|lid| fs::read_to_string(lid.path().join("state")).ok());
    states.any(|state| state.contains("closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(cgroup: &str, session: Option<&str>, lid: Option<&str>) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/self/cgroup", cgroup);
        session.inspect(|text| write("run/systemd/sessions/7", text));
        session.inspect(|text| write("run/systemd/users/1000", text));
        lid.inspect(|text| write("proc/acpi/button/lid/LID0/state", text));
        root
    }

    const SCOPE: &str = "0::/user.slice/user-1000.slice/session-7.scope\n";

    #[test]
    fn a_person_at_the_seat_is_present() {
        let local = "UID=1000\nACTIVE=1\nREMOTE=0\nSEAT=seat0\n";
        assert_eq!(
            absence(tree(SCOPE, Some(local), Some("state:      open\n")).path()),
            None
        );
    }

    #[test]
    fn a_remote_an_inactive_and_a_closed_one_are_not() {
        let background = "REMOTE=0\nCLASS=background\nACTIVE=0\n";
        let away = [
            "REMOTE=1\nACTIVE=1\n",
            "REMOTE=0\nREMOTE_HOST=10.0.0.1\n",
            "REMOTE=0\nSEAT=seat0\nACTIVE=0\n",
        ];
        for session in away.into_iter().chain([background]) {
            assert!(
                absence(tree(SCOPE, Some(session), None).path()).is_some(),
                "{session}"
            );
        }
        assert!(absence(tree("0::/\n", None, Some("state:      closed\n")).path()).is_some());
    }

    #[test]
    fn no_session_is_not_remote() {
        assert_eq!(
            absence(tree("0::/system.slice/polkit.service\n", None, None).path()),
            None
        );
        assert_eq!(absence(tree(SCOPE, None, None).path()), None);
        assert_eq!(
            absence(tree("0::/user.slice/session-../../x.scope\n", None, None).path()),
            None
        );
    }

    #[test]
    fn what_a_user_s_manager_runs_is_where_the_user_is() {
        const MANAGED: &str =
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u1.service\n";
        let seated = "STATE=active\nACTIVE_SEATS=seat0\n";
        assert_eq!(absence(tree(MANAGED, Some(seated), None).path()), None);
        const NAMED: &str =
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/session-zz.scope\n";
        for remote in ["STATE=active\nACTIVE_SEATS=\n", "STATE=lingering\n"] {
            assert!(
                absence(tree(MANAGED, Some(remote), None).path()).is_some(),
                "{remote}"
            );
            assert!(
                absence(tree(NAMED, Some(remote), None).path()).is_some(),
                "a scope that is named like a session"
            );
        }
    }

    #[test]
    fn who_comes_over_a_network_is_remote_from_wherever() {
        for host in ["10.1.2.3", "example.org", "localhost", "::1", "127.0.0.1"] {
            assert!(is_remote(Some(host), "login"), "{host}");
        }
        assert!(is_remote(None, "sshd") && is_remote(None, "xrdp-sesman"));
        assert!(!is_remote(None, "sudo") && !is_remote(Some(""), "gdm-password"));
    }
}
