//! What a request leaves of other users' templates and passwords, tried by a thread behind the
//! fence, beside one that is not.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use facelock::sandbox::fence;

/// A state folder of two users, with a link beside it that leads back in.
fn state() -> (tempfile::TempDir, PathBuf) {
    let state = tempfile::tempdir().unwrap();
    let templates = state.path().join("enrollments");
    let (tally, keyring) = (state.path().join("tally"), state.path().join("keyring"));
    for folder in [&templates, &tally, &keyring] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("1000"), b"own").unwrap();
        fs::write(folder.join("1001"), b"other's").unwrap();
    }
    symlink(&templates, state.path().join("back-in")).unwrap();
    (state, templates)
}

/// What a compromised instance would try, by its name.
fn tries(state: &Path) -> Vec<(&'static str, io::Result<()>)> {
    let templates = state.join("enrollments");
    let (own, other) = (templates.join("1000"), templates.join("1001"));
    let (tally, keyring) = (state.join("tally"), state.join("keyring"));
    vec![
        (
            "read own password",
            fs::read(keyring.join("1000")).map(drop),
        ),
        (
            "read another's password",
            fs::read(keyring.join("1001")).map(drop),
        ),
        ("list passwords", fs::read_dir(&keyring).map(drop)),
        ("make a password", fs::write(keyring.join("1002"), b"new")),
        (
            "move a password",
            fs::rename(keyring.join("1001"), tally.join("taken")),
        ),
        ("read own", fs::read(&own).map(drop)),
        ("read another's", fs::read(&other).map(drop)),
        (
            "read through a link",
            fs::read(state.join("back-in/1001")).map(drop),
        ),
        ("list", fs::read_dir(&templates).map(drop)),
        (
            "link it elsewhere",
            fs::hard_link(&other, state.join("stolen")),
        ),
        (
            "write another's",
            fs::OpenOptions::new().write(true).open(&other).map(drop),
        ),
        (
            "write own",
            fs::OpenOptions::new().write(true).open(&own).map(drop),
        ),
        ("make one", fs::write(templates.join("1002"), b"new")),
        (
            "put one in its place",
            fs::rename(tally.join("1001"), templates.join("1003")),
        ),
        (
            "a thread of its own",
            std::thread::scope(|scope| scope.spawn(|| fs::read(&other).map(drop)).join().unwrap()),
        ),
        ("count a guess", fs::write(tally.join(".1000.part"), b"1")),
        (
            "put the count in place",
            fs::rename(tally.join(".1000.part"), tally.join("1000")),
        ),
        ("read the system", fs::read("/etc/passwd").map(drop)),
        (
            "open a device",
            fs::OpenOptions::new()
                .write(true)
                .open("/dev/null")
                .map(drop),
        ),
        ("remove another's", fs::remove_file(&other)),
    ]
}

/// The names of those that worked.
fn worked(closed: &'static [(&str, Option<u32>)]) -> Vec<&'static str> {
    let (state, _) = state();
    // The fence holds for a thread and what it starts; the test goes on outside.
    let tried = std::thread::spawn(move || {
        let folder = |(name, uid): &(&str, _)| (state.path().join(name), *uid);
        let folders: Vec<_> = closed.iter().map(folder).collect();
        let closed: Vec<_> = folders.iter().map(|(path, uid)| (&**path, *uid)).collect();
        if !closed.is_empty() {
            fence::keep_out(&closed).unwrap();
        }
        tries(state.path())
    });
    let tried = tried.join().unwrap();
    tried
        .iter()
        .filter(|(_, result)| result.is_ok())
        .map(|(name, _)| *name)
        .collect()
}

const ALWAYS: [&str; 4] = [
    "count a guess",
    "put the count in place",
    "read the system",
    "open a device",
];

#[test]
fn needs_landlock_other_users_templates_are_out_of_reach() {
    assert_eq!(worked(&[]).len(), 20, "control: without the fence");
    let both = worked(&[("enrollments", None), ("keyring", None)]);
    assert_eq!(both, ALWAYS);
    let own: Vec<&str> = ["read own"].into_iter().chain(ALWAYS).collect();
    assert_eq!(
        worked(&[("enrollments", Some(1000)), ("keyring", None)]),
        own
    );
    let login = worked(&[("enrollments", Some(1000)), ("keyring", Some(1000))]);
    let own: Vec<&str> = ["read own password"].into_iter().chain(own).collect();
    assert_eq!(login, own);
    let stranger = worked(&[("enrollments", Some(4711)), ("keyring", Some(4711))]);
    assert_eq!(stranger, ALWAYS, "a user without templates");
}

#[test]
fn needs_landlock_one_folder_stays_open_while_the_other_is_closed() {
    let keeps = worked(&[("enrollments", Some(1000))]);
    for (name, works) in [
        ("make a password", true),
        ("read another's password", true),
        ("read own", true),
        ("read another's", false),
        ("make one", false),
    ] {
        assert_eq!(keeps.contains(&name), works, "{name}");
    }
}
