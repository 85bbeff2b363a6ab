//! What can be answered without a camera: is the person at this machine at all?

use std::fs;
use std::path::Path;

/// Names that a host calls itself.
const LOCAL: [&str; 4] = ["localhost", "localhost.localdomain", "::1", "127.0.0.1"];

/// Whether `PAM_RHOST` names another machine.
pub fn is_remote_host(rhost: &str) -> bool {
    !rhost.is_empty() && !LOCAL.contains(&rhost)
}

/// Why the person cannot be in front of the camera, if so. `root` is `/`, or a recorded tree in tests.
///
/// No session at all is no reason: polkit's helper and some screen lockers have none.
pub fn absence(root: &Path) -> Option<&'static str> {
    if lid_closed(root) {
        return Some("the lid is closed");
    }
    let session = session(root)?;
    let text = fs::read_to_string(root.join("run/systemd/sessions").join(session)).ok()?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    if field("REMOTE") == Some("1") || field("REMOTE_HOST").is_some_and(|host| !host.is_empty()) {
        return Some("the session is remote");
    }
    if field("SEAT").is_some_and(|seat| !seat.is_empty()) && field("ACTIVE") == Some("0") {
        return Some("the session is not the active one");
    }
    None
}

/// This process's logind session: the scope its control group is in (sd_pid_get_session(3)).
fn session(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    text.split(['/', '\n']).find_map(|part| {
        let id = part.strip_prefix("session-")?.strip_suffix(".scope")?;
        (!id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric())).then(|| id.to_owned())
    })
}

fn lid_closed(root: &Path) -> bool {
    let lids = fs::read_dir(root.join("proc/acpi/button/lid")).into_iter().flatten().flatten();
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
        lid.inspect(|text| write("proc/acpi/button/lid/LID0/state", text));
        root
    }

    const SCOPE: &str = "0::/user.slice/user-1000.slice/session-7.scope\n";

    #[test]
    fn a_person_at_the_seat_is_present() {
        let local = "UID=1000\nACTIVE=1\nREMOTE=0\nSEAT=seat0\n";
        assert_eq!(absence(tree(SCOPE, Some(local), Some("state:      open\n")).path()), None);
    }

    #[test]
    fn a_remote_an_inactive_and_a_closed_one_are_not() {
        for session in ["REMOTE=1\nACTIVE=1\n", "REMOTE=0\nREMOTE_HOST=10.0.0.1\n", "REMOTE=0\nSEAT=seat0\nACTIVE=0\n"]
        {
            assert!(absence(tree(SCOPE, Some(session), None).path()).is_some(), "{session}");
        }
        assert!(absence(tree("0::/\n", None, Some("state:      closed\n")).path()).is_some());
    }

    #[test]
    fn no_session_is_not_remote() {
        assert_eq!(absence(tree("0::/system.slice/polkit.service\n", None, None).path()), None);
        assert_eq!(absence(tree(SCOPE, None, None).path()), None);
        assert_eq!(absence(tree("0::/user.slice/session-../../x.scope\n", None, None).path()), None);
    }

    #[test]
    fn only_other_machines_are_remote_hosts() {
        assert!(!is_remote_host("") && !is_remote_host("localhost") && !is_remote_host("::1"));
        assert!(is_remote_host("10.1.2.3") && is_remote_host("example.org"));
    }
}
