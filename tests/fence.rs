//! What a request leaves of other users' templates, tried by a thread behind the fence, beside one
//! that is not.
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
    let tally = state.path().join("tally");
    for folder in [&templates, &tally] {
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
    let tally = state.join("tally");
    vec![
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
fn worked(readable: Option<Option<u32>>) -> Vec<&'static str> {
    let (state, templates) = state();
    // The fence holds for a thread and what it starts; the test goes on outside.
    let tried = std::thread::spawn(move || {
        if let Some(readable) = readable {
            fence::keep_out(&templates, readable).unwrap();
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
    assert_eq!(worked(None).len(), 15, "control: without the fence");
    assert_eq!(worked(Some(None)), ALWAYS);
    let own: Vec<&str> = ["read own"].into_iter().chain(ALWAYS).collect();
    assert_eq!(worked(Some(Some(1000))), own);
    assert_eq!(worked(Some(Some(4711))), ALWAYS, "a user without templates");
}
