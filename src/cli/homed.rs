//! Homes that a face cannot open: systemd-homed keeps them under the user's password.

use std::path::Path;

use facelock_protocol::{Reply, Request};

use super::words::of_user;

/// Adds to an enrollment's answer what the instance cannot see from inside its sandbox.
pub fn noted(request: &Request, mut reply: Reply, root: &Path) -> Reply {
    if let (Request::Enroll { subject, .. }, Reply::Enrolled(report)) = (request, &mut reply)
        && keeps_home(root, subject.name.as_str())
    {
        let note = note(subject.name.as_str());
        report.warning = Some(match report.warning.take() {
            Some(warning) => format!("{warning}\n{note}"),
            None => note,
        });
    }
    reply
}

fn note(user: &str) -> String {
    of_user(
        "systemd-homed keeps the home of {user} locked under the password. A login by face alone leaves it locked, and \
         the session fails: keep the password for logging in, and use the face for sudo and the screen lock \
         (see docs/pam.md).",
        user,
    )
}

/// Whether systemd-homed keeps this user's home: it has the user's record, or the home is stored as
/// it stores homes (systemd.io/HOME_DIRECTORY).
fn keeps_home(root: &Path, user: &str) -> bool {
    [
        format!("var/lib/systemd/home/{user}.identity"),
        format!("home/{user}.home"),
        format!("home/{user}.homedir"),
    ]
    .iter()
    .any(|path| root.join(path).exists())
}

#[cfg(test)]
mod tests {
    use facelock_protocol::{EnrolledReport, Subject, UserName};

    use super::*;

    fn enrolled(root: &Path, warning: Option<&str>) -> Option<String> {
        let subject = Subject {
            uid: 60001,
            name: UserName::new("alice").unwrap(),
        };
        let request = Request::Enroll {
            subject,
            label: None,
        };
        let reply = Reply::Enrolled(EnrolledReport {
            templates: Vec::new(),
            recovery_key: None,
            protector: "tpm".into(),
            warning: warning.map(str::to_owned),
        });
        let Reply::Enrolled(report) = noted(&request, reply, root) else {
            panic!("another reply");
        };
        report.warning
    }

    #[test]
    fn enrollment_says_that_a_home_stays_locked() {
        for path in [
            "var/lib/systemd/home/alice.identity",
            "home/alice.home",
            "home/alice.homedir",
        ] {
            let root = tempfile::tempdir().unwrap();
            assert_eq!(enrolled(root.path(), None), None);
            let file = root.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
            let note = enrolled(root.path(), Some("color only")).unwrap();
            assert!(note.starts_with("color only\n"), "{note}");
            assert!(note.contains("leaves it locked"), "{path}: {note}");
        }
    }

    #[test]
    fn other_homes_are_not_mentioned() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("home/alice")).unwrap();
        std::fs::create_dir_all(root.path().join("var/lib/systemd/home")).unwrap();
        std::fs::write(root.path().join("var/lib/systemd/home/bob.identity"), "").unwrap();
        assert_eq!(enrolled(root.path(), None), None);
    }
}
