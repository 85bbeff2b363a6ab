//! facelockctl's edits of PAM stacks that distributions ship, played through the real libpam: each
//! module that asks is replaced by one that answers as told, each other one by one that leaves a
//! mark, so that what a face reaches is held against what a password reaches.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::undocumented_unsafe_blocks
)]

#[path = "pam_stacks/authselect.rs"]
mod authselect;
#[path = "pam_stacks/edits.rs"]
mod edits;
#[path = "support/libpam.rs"]
mod libpam;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The services of each distribution's fixtures that a face can be for.
const STACKS: [(&str, &[&str]); 5] = [
    (
        "debian12",
        &[
            "sudo",
            "su",
            "login",
            "gdm-password",
            "lightdm",
            "greetd",
            "swaylock",
            "polkit-1",
            "kde",
        ],
    ),
    (
        "debian13",
        &[
            "sudo",
            "su",
            "login",
            "gdm-password",
            "lightdm",
            "greetd",
            "swaylock",
            "polkit-1",
            "kde",
        ],
    ),
    (
        "fedora",
        &[
            "sudo",
            "su",
            "login",
            "gdm-password",
            "swaylock",
            "polkit-1",
        ],
    ),
    (
        "arch",
        &[
            "sudo",
            "su",
            "login",
            "gdm-password",
            "swaylock",
            "hyprlock",
            "polkit-1",
        ],
    ),
    (
        "hard",
        &[
            "password",
            "factor-behind",
            "factor-first",
            "fingerprint-too",
            "jump-to-it",
            "continued",
        ],
    ),
];
/// Stacks that are left to a person.
const REFUSED: [&str; 6] = [
    "factor-before",
    "factor-in-substack",
    "jump",
    "nothing",
    "endless",
    "missing",
];

const SUCCESS: i32 = 0;

/// A copy of one distribution's files.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/stacks")
            .join(name);
        for place in ["etc/pam.d", "usr/lib/pam.d"] {
            fs::create_dir_all(folder.path().join(place)).unwrap();
            for entry in fs::read_dir(from.join(place)).into_iter().flatten() {
                let entry = entry.unwrap();
                fs::copy(
                    entry.path(),
                    folder.path().join(place).join(entry.file_name()),
                )
                .unwrap();
            }
        }
        Self { folder }
    }

    fn control(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_facelockctl"))
            .arg("pam")
            .args(arguments)
            .arg("--root")
            .arg(self.folder.path())
            .output()
            .unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.control(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every file with its bytes.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        for place in ["etc/pam.d", "usr/lib/pam.d"] {
            for entry in fs::read_dir(self.folder.path().join(place)).unwrap() {
                let path = entry.unwrap().path();
                found.push((path.clone(), fs::read(path).unwrap()));
            }
        }
        found.sort();
        found
    }

    /// The text of each service's file; what stands in /etc/pam.d wins.
    fn texts(&self) -> BTreeMap<String, String> {
        let mut files = self.files();
        files.sort_by_key(|(path, _)| path.starts_with(self.folder.path().join("etc")));
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let texts = files
            .into_iter()
            .map(|(path, bytes)| (name(&path), text(bytes)));
        texts.collect()
    }

    /// Plays a login: PAM's code, and the modules that left a mark.
    fn play(&self, service: &str, told: Told) -> (i32, BTreeSet<String>) {
        let folder = tempfile::tempdir().unwrap();
        let marks = folder.path().join("marks");
        fs::create_dir(&marks).unwrap();
        let files = self.texts();
        for (name, text) in &files {
            let text = played(&with_included(text, &files), told, &marks);
            fs::write(folder.path().join(name), text).unwrap();
        }
        let code = libpam::authenticate(service, folder.path());
        let marked = fs::read_dir(&marks).unwrap();
        let marked = marked.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        (code, marked.collect())
    }
}

/// What is answered to the questions of a stack.
#[derive(Clone, Copy, Debug)]
struct Told {
    face: &'static str,
    password: &'static str,
}

/// A file with what it brings in by `@include`, which libpam takes from /etc/pam.d whatever folder
/// it was started with.
fn with_included(text: &str, files: &BTreeMap<String, String>) -> String {
    let lines = text
        .lines()
        .map(|line| match line.strip_prefix("@include ") {
            Some(name) => with_included(&files[name.trim()], files),
            None => line.to_owned() + "\n",
        });
    lines.collect()
}

/// A file's auth rules with modules that answer as told.
fn played(text: &str, told: Told, marks: &Path) -> String {
    let text = text.replace("\\\n", " ");
    let mut out = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap().trim();
        let rule = line.trim_start_matches('-');
        let other = ["account", "session", "password"];
        if other.iter().any(|kind| rule.starts_with(kind)) {
            continue;
        }
        let Some(end) = rule.find(".so") else {
            // What a stack includes is taken from /etc/pam.d, too, but for a whole path.
            let folder = marks.parent().unwrap().display();
            let words: Vec<&str> = rule.split_whitespace().collect();
            if let [auth, how, name] = words[..] {
                out += &format!("{auth} {how} {folder}/{name}\n");
            }
            continue;
        };
        let start = rule[..end].rfind(char::is_whitespace).unwrap() + 1;
        let (module, arguments) = (&rule[start..end], &rule[end + 3..]);
        let stub = match module {
            "pam_deny" | "pam_permit" => format!("{module}.so"),
            "pam_facelock" if !arguments.contains("record") => {
                format!("pam_debug.so auth={}", told.face)
            }
            "pam_unix" => format!("pam_debug.so auth={}", told.password),
            "pam_fprintd" | "pam_systemd_home" => "pam_debug.so auth=authinfo_unavail".into(),
            "pam_sss" => "pam_debug.so auth=user_unknown".into(),
            "pam_rootok" => "pam_debug.so auth=auth_err".into(),
            "pam_faillock" if arguments.contains("authfail") => "pam_debug.so auth=auth_err".into(),
            "pam_selinux_permit" => "pam_debug.so auth=ignore".into(),
            "pam_usertype" | "pam_localuser" => "pam_debug.so auth=success".into(),
            _ => {
                let words = arguments.split_whitespace().next().unwrap_or_default();
                let mark = marks.join(format!("{module}-{words}").replace(['=', '/'], "-"));
                format!("pam_exec.so quiet /usr/bin/touch {}", mark.display())
            }
        };
        out += &format!("{}{stub}\n", &rule[..start]);
    }
    out
}

/// Fingerprint too: the second question is answered by no finger here.
fn wants_more(service: &str) -> bool {
    service == "fingerprint-too"
}

#[test]
fn a_face_reaches_what_a_password_reaches_and_nothing_else() {
    for (name, services) in STACKS {
        for service in services {
            let machine = Machine::of(name);
            let plain = Told {
                face: "ignore",
                password: "success",
            };
            let (code, before) = machine.play(service, plain);
            assert_eq!(
                code == SUCCESS,
                !wants_more(service),
                "{name}/{service} before: {code}"
            );
            let wrong = Told {
                face: "ignore",
                password: "auth_err",
            };
            let (wrong_code, _) = machine.play(service, wrong);
            assert_ne!(
                wrong_code, SUCCESS,
                "{name}/{service} before, with a wrong password"
            );
            machine.done(&["enable", service, "--yes"]);
            let (code, marks) = machine.play(
                service,
                Told {
                    face: "success",
                    password: "auth_err",
                },
            );
            assert_eq!(
                code == SUCCESS,
                !wants_more(service),
                "{name}/{service}: face, code {code}"
            );
            assert_eq!(marks, before, "{name}/{service}: a face");
            for face in [
                "auth_err",
                "authinfo_unavail",
                "ignore",
                "abort",
                "cred_insufficient",
            ] {
                let (code, marks) = machine.play(
                    service,
                    Told {
                        face,
                        password: "success",
                    },
                );
                assert_eq!(
                    code == SUCCESS,
                    !wants_more(service),
                    "{name}/{service}: {face}, then a password: {code}"
                );
                assert_eq!(marks, before, "{name}/{service}: {face}, then a password");
                let (code, _) = machine.play(
                    service,
                    Told {
                        face,
                        password: "auth_err",
                    },
                );
                assert_eq!(
                    code, wrong_code,
                    "{name}/{service}: {face}, then a wrong password"
                );
            }
        }
    }
}

#[test]
fn a_jump_that_lands_elsewhere_is_seen_by_this_test() {
    let face = Told {
        face: "success",
        password: "auth_err",
    };
    let machine = Machine::of("debian12");
    machine.done(&["enable", "gdm-password", "--yes"]);
    let (right, marks) = machine.play("gdm-password", face);
    assert_eq!(right, SUCCESS);
    let path = machine.folder.path().join("etc/pam.d/gdm-password");
    let text = fs::read_to_string(&path).unwrap();
    for (jump, what) in [
        ("success=1", "pam_deny is reached"),
        ("success=5", "the keyring is not"),
    ] {
        fs::write(&path, text.replace("success=2", jump)).unwrap();
        let (code, wrong) = machine.play("gdm-password", face);
        assert!(code != SUCCESS || wrong != marks, "{what}");
    }
}
