//! One line for the user whose attempt it was, in a file that root's side made and that only this
//! user may read (`facelockctl notify`).
//!
//! What MUST hold:
//! 1. No file is made, and none but a regular one is written: without root's side nothing is told.
//! 2. No attempt waits for it or rests on it.
//! 3. It tells no more than the module tells the user: an attack is a face that did not match.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{Mode, OFlags};

use crate::types::{Unavailable, Verdict};

/// Leaves what came of an attempt, for a user who wants to hear of it.
pub fn leave(folder: &Path, uid: u32, service: &str, came: &Result<Verdict, Unavailable>) {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(folder.join(uid.to_string()), flags, Mode::empty());
    let Ok(mut file) = opened.map(File::from) else {
        return;
    };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let line = line(now.map_or(0, |since| since.as_secs()), service, came);
    // Whole first, then cut: a reader between the two reads the new line first.
    if file.write_all(line.as_bytes()).is_ok() {
        let _ = file.set_len(line.len() as u64);
    }
}

fn line(now: u64, service: &str, came: &Result<Verdict, Unavailable>) -> String {
    let outcome = match came {
        Ok(Verdict::Match) => "Match".into(),
        Ok(Verdict::NonMatch | Verdict::AttackSuspected) => "NonMatch".into(),
        Err(reason) => format!("{reason:?}"),
    };
    let outcome = outcome.split([' ', '(', '{']).next().unwrap_or_default();
    format!("{now} {service} {outcome}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_when_where_and_what() {
        assert_eq!(line(7, "sudo", &Ok(Verdict::Match)), "7 sudo Match\n");
        let locked = Err(Unavailable::LockedOut { seconds: Some(9) });
        assert_eq!(line(7, "sudo", &locked), "7 sudo LockedOut\n");
    }

    #[test]
    fn an_attack_is_told_as_a_face_that_did_not_match() {
        let told = |verdict| line(7, "sudo", &Ok(verdict));
        assert_eq!(told(Verdict::AttackSuspected), told(Verdict::NonMatch));
    }

    #[test]
    fn no_pipe_is_written_though_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1000");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let reader = rustix::fs::open(&path, flags, Mode::empty()).unwrap();
        leave(folder.path(), 1000, "sudo", &Ok(Verdict::Match));
        assert_eq!(rustix::io::read(&reader, &mut [0; 9]), Ok(0));
    }

    #[test]
    fn only_a_file_that_is_there_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1000");
        leave(folder.path(), 1000, "sudo", &Ok(Verdict::Match));
        assert!(!path.exists());
        let other = folder.path().join("other");
        std::fs::write(&other, "stays").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        leave(folder.path(), 1000, "sudo", &Ok(Verdict::Match));
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "stays");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "an older line that is longer than the new one\n").unwrap();
        leave(folder.path(), 1000, "sudo", &Ok(Verdict::NonMatch));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(" sudo NonMatch\n"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
