//! A kept login password when its user enrolls: no failure loses the recovery key, gives an old
//! password for a new face, or takes one that still holds.

use std::path::Path;
use std::process::Command;

use super::keyring::{INFRARED, asked_by, is_kept, keeping, password};
use super::*;

/// A file system of its own on a folder, with what was there.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn with(folder: &'a Path, options: &str) -> Self {
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().collect();
        let read = files.iter().map(|file| std::fs::read(file.path()).unwrap());
        let held: Vec<Vec<u8>> = read.collect();
        let pages: usize = held.iter().map(|bytes| bytes.len().div_ceil(4096)).sum();
        let full = format!("size={}k,mode=700", 4 * pages.max(1));
        mount(&["-t", "tmpfs", "-o", &full, "none"], folder);
        for (file, bytes) in files.iter().zip(held) {
            std::fs::write(file.path(), bytes).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(file.path(), mode).unwrap();
        }
        mount(&["-o", &format!("remount,{options}")], folder);
        Self(folder)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

fn mount(options: &[&str], folder: &Path) {
    let status = Command::new("mount").args(options).arg(folder).status();
    assert!(status.unwrap().success());
}

/// A user who is enrolled no more, whose password's file came back (a backup, or another tool).
fn left_behind() -> Machine {
    let machine = keeping("hunter2");
    let path = machine.path("state/keyring/4242");
    let old = std::fs::read(&path).unwrap();
    machine.ask(&Request::Clear { subject: alice() });
    std::fs::write(&path, old).unwrap();
    machine.show_with("astronaut", INFRARED);
    machine
}

#[test]
fn who_is_enrolled_anew_has_the_old_password_kept_no_more() {
    let machine = left_behind();
    assert!(is_kept(&machine));
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    assert!(!is_kept(&machine));
}

/// Else the enrollment would be there, and its recovery key would have been shown to no one.
#[test]
fn where_the_old_password_cannot_go_nothing_is_enrolled() {
    let machine = left_behind();
    let folder = machine.path("state/keyring");
    let mounted = Mounted::with(&folder, "ro");
    let refused = machine.enroll();
    assert_eq!(refused, unavailable(Unavailable::StoreFailed));
    assert!(!machine.path("state/enrollments/4242").exists());
    drop(mounted);
    let Reply::Enrolled(report) = machine.enroll() else {
        panic!("not enrolled")
    };
    assert!(report.recovery_key.is_some(), "the key is shown once");
    assert!(!is_kept(&machine));
}

#[test]
fn templates_that_cannot_be_saved_leave_the_password_and_the_face_as_they_were() {
    let machine = keeping("hunter2");
    let before = std::fs::read(machine.path("state/enrollments/4242")).unwrap();
    machine.show_with("astronaut", INFRARED);
    let folder = machine.path("state/enrollments");
    let mounted = Mounted::with(&folder, "rw");
    let refused = machine.enroll();
    let now = std::fs::read(folder.join("4242")).unwrap();
    machine.show_with("astronaut-later", INFRARED);
    let given = asked_by(&machine, "lightdm");
    drop(mounted);
    assert_eq!(refused, unavailable(Unavailable::StoreFailed));
    assert!(now == before, "another enrollment");
    assert_eq!(given, (MATCH, vec![password("hunter2")]));
}
