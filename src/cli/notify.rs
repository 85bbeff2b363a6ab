//! `facelockctl notify`: a notification of each attempt, without a privilege anywhere. Root's side
//! makes a file that the instance may write and that its user alone may read; a unit of that user's
//! own watches it and runs `facelockctl notify show`.

use std::fmt::Display;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use facelock_protocol::Subject;
use nix::unistd::getuid;
use rustix::fs::{XattrFlags, fsetxattr};
use serde_json::json;

use super::args::{Args, Notice, Notify};
use super::failure::{Answer, Failure, require_root};
use super::print::{print_json, printed, wrapped};
use super::words::{self, filled, said};
use super::{names, subject};
use crate::config::EVENTS;

/// What is older tells nothing new: it is another session's.
const FRESH: Duration = Duration::from_secs(60);
const ACL: &str = "system.posix_acl_access";

/// # Errors
/// The switch cannot be turned, or no notification can be shown.
pub fn run(args: &Args, options: &Notify) -> Answer {
    let folder = Path::new(EVENTS);
    if options.what == Notice::Show {
        return show(folder, args.json);
    }
    let subject = subject::resolve(options.user.name.as_deref())?;
    let before = state(folder, subject.uid);
    if options.what != Notice::Status {
        require_root()?;
        turn(folder, &subject, options.what)?;
    }
    let now = state(folder, subject.uid);
    if args.json {
        return print_json(&json!({
            "outcome": "done", "changed": now != before, "notify": now,
        }));
    }
    let name = &subject.name;
    let text = filled(
        match now {
            "off" => "{user} is notified of nothing.",
            "failures" => "{user} is notified of attempts that fail, from the next session on.",
            _ => "{user} is notified of every attempt, from the next session on.",
        },
        &[("user", name)],
    );
    wrapped(&text)
}

fn file(folder: &Path, uid: u32) -> PathBuf {
    folder.join(uid.to_string())
}

/// That only failures are told.
fn mark(folder: &Path, uid: u32) -> PathBuf {
    folder.join(format!("{uid}.failures"))
}

fn state(folder: &Path, uid: u32) -> &'static str {
    match (file(folder, uid).exists(), mark(folder, uid).exists()) {
        (false, _) => "off",
        (true, true) => "failures",
        (true, false) => "on",
    }
}

fn turn(folder: &Path, subject: &Subject, what: Notice) -> Result<(), Failure> {
    let mark = mark(folder, subject.uid);
    match what {
        Notice::Off => gone(&file(folder, subject.uid))?,
        _ => made(folder, subject.uid)?,
    }
    match what {
        Notice::Failures => drop(File::create(&mark)?),
        _ => gone(&mark)?,
    }
    Ok(())
}

fn gone(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The file, with its owner and its readers before it has its name.
fn made(folder: &Path, uid: u32) -> Result<(), Failure> {
    let path = file(folder, uid);
    if path.exists() {
        return Ok(());
    }
    let instance = names::by_name("facelock")?;
    let instance = instance.ok_or_else(|| {
        Failure::new("no_instance_user", said("there is no user facelock"))
            .help("sudo systemd-sysusers facelock.conf")
    })?;
    let part = path.with_extension("new");
    gone(&part)?;
    let mut options = File::options();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)?;
    let made = fsetxattr(&file, ACL, &acl(uid), XattrFlags::empty())
        .map_err(std::io::Error::from)
        .and_then(|()| {
            fchown(
                &file,
                Some(instance.uid.as_raw()),
                Some(instance.gid.as_raw()),
            )
        })
        .and_then(|()| std::fs::rename(&part, &path));
    made.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        let values: &[(&str, &dyn Display)] = &[("path", &path.display()), ("error", &error)];
        let message = filled("{path} cannot be made ({error})", values);
        Failure::new("no_event_file", message)
    })
}

/// `system.posix_acl_access`, version 2: its owner writes, `uid` reads, no other does.
fn acl(uid: u32) -> Vec<u8> {
    const NONE: u32 = u32::MAX;
    let entries = [
        (0x01_u16, 6_u16, NONE), // the owner
        (0x02, 4, uid),
        (0x04, 0, NONE), // its group
        (0x10, 4, NONE), // the most that a named user may
        (0x20, 0, NONE), // others
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

/// Run by the user's own unit: shows the line that the instance left, where it is new and wanted.
fn show(folder: &Path, json: bool) -> Answer {
    let uid = getuid().as_raw();
    let text = std::fs::read_to_string(file(folder, uid)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::new("off", said("no notification is wanted by this user"))
            .help("sudo facelockctl notify on"),
        _ => error.into(),
    })?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let told = told(&text, now, state(folder, uid) == "failures");
    if let Some(told) = &told {
        bubble(told)?;
    }
    if json {
        return print_json(&json!({ "outcome": "done", "shown": told }));
    }
    printed(&told.map_or(String::new(), |told| told + "\n"))
}

/// What is shown of a line; nothing of one that is old, not wanted, or none.
fn told(line: &str, now: u64, only_failures: bool) -> Option<String> {
    let mut parts = line.split_whitespace();
    let (time, service, outcome) = (parts.next()?, parts.next()?, parts.next()?);
    let age = now.checked_sub(time.parse().ok()?)?;
    let outcome = words::snake(outcome);
    let matched = outcome == "match";
    if age > FRESH.as_secs() || matched && only_failures {
        return None;
    }
    Some(format!("{service}: {}", words::outcome(&outcome)?))
}

fn bubble(text: &str) -> Result<(), Failure> {
    let name = "org.freedesktop.Notifications";
    let output = Command::new("busctl")
        .args([
            "--user",
            "--quiet",
            "call",
            name,
            "/org/freedesktop/Notifications",
            name,
        ])
        .args([
            "Notify",
            "susssasa{sv}i",
            "Facelock",
            "0",
            "camera-web",
            &said("Face login"),
        ])
        .args([text, "0", "0", "5000"])
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::new(
        "no_notification",
        filled("no notification was shown: {why}", &[("why", &why)]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_line_is_told_and_an_old_one_is_not() {
        let told = |line: &str, only| told(line, 1000, only);
        assert_eq!(told("990 sudo Match\n", false).unwrap(), "sudo: Match");
        assert_eq!(told("990 sudo Match\n", true), None);
        assert_eq!(
            told("990 sudo NonMatch\n", true).unwrap(),
            "sudo: Not a match"
        );
        assert_eq!(
            told("990 sudo TooDark\n", true).unwrap(),
            "sudo: it is too dark to see"
        );
        assert_eq!(told("900 sudo NonMatch\n", false), None, "old");
        assert_eq!(told("1001 sudo NonMatch\n", false), None, "of tomorrow");
        for none in ["", "990", "990 sudo", "990 sudo Anything", "x sudo Match"] {
            assert_eq!(told(none, false), None, "{none}");
        }
    }

    #[test]
    fn the_list_of_readers_is_the_kernel_s() {
        let bytes = acl(1000);
        assert_eq!(bytes.len(), 44);
        assert_eq!(bytes[..12], [2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255]);
        assert_eq!(bytes[12..20], [2, 0, 4, 0, 0xe8, 3, 0, 0]);
    }
}
