//! Files beside the state that an earlier version wrote, and that a later one might have written.
//!
//! `tests/fixtures/files-1` holds them as version 1 wrote them: a configuration as shipped and one
//! with every kind of value changed, a tally with all its fields, the digest beside a prepared
//! model, the marker of a lit emitter, and PAM stacks that `facelockctl pam enable` changed.
//! `FACELOCK_WRITE_FIXTURES=1 cargo test --features replay --test upgrade_files` makes the
//! last four anew, which a change of format must not need: it adds a folder beside this one.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use facelock::camera::CameraChoice;
use facelock::config::Config;
use facelock::decision::lockout::{AfterBoot, AttemptEnd, LockoutRules, Moment, TallyState};
use facelock::decision::services::{Console, Mode};
use facelock::onnx::{Manifest, ModelDirs, cache};
use facelock::types::Digest;

fn fixture(name: &str) -> PathBuf {
    support::root().join("tests/fixtures/files-1").join(name)
}

fn writing() -> bool {
    std::env::var_os("FACELOCK_WRITE_FIXTURES").is_some()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

fn control(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facelockctl"));
    command.args(arguments).output().unwrap()
}

#[test]
fn the_configuration_that_version_one_shipped_is_understood() {
    let shipped = Config::parse(&text("config.toml")).unwrap();
    assert_eq!(shipped.tally_rules(), LockoutRules::default());
    assert_eq!(shipped.service("sudo").unwrap().mode, Mode::Confirm);
    assert_eq!(
        shipped.service("gdm-password").unwrap().console,
        Console::Seat
    );
}

#[test]
fn every_value_that_version_one_let_root_change_still_counts() {
    let config = Config::parse(&text("changed.toml")).unwrap();
    let camera = config.camera_options();
    assert_eq!(camera.color, CameraChoice::None);
    let infrared = "usb:174f:11a8:-@usb-0000:00:14.0-6:1.2/infrared";
    assert_eq!(camera.infrared, CameraChoice::Identity(infrared.into()));
    assert!(camera.allow_virtual);
    let vault = config.vault_options();
    assert_eq!(vault.tcti, "device:/dev/tpmrm1");
    assert_eq!(vault.pcrs, [0, 7, 11]);
    assert_eq!(config.decide_rules().matches, 3);
    assert!(config.decide_rules().challenge);
    let pad = config.pad_options();
    assert!(!pad.cnn && pad.infrared && !pad.motion && !config.pad.eyes);
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let rules = LockoutRules {
        misses: 3,
        wait: Duration::from_secs(60),
        total: 20,
        password_after_boot: AfterBoot::Always,
        password_every: hours(48),
        color_password_every: hours(12),
        color_unused: hours(2),
    };
    assert_eq!(config.tally_rules(), rules);
    let service = |name: &str| *config.service(name).unwrap();
    assert_eq!(service("sudo").mode, Mode::Ask);
    assert!(service("su").quiet && service("su").mode == Mode::Confirm);
    assert_eq!(service("door").console, Console::Seat);
    assert_eq!(service("login").mode, Mode::Off);
    assert!(config.presence.ignore_lid);
    let deadlines = config.deadlines();
    assert_eq!(deadlines.attempt, Duration::from_secs(5));
    assert_eq!(deadlines.challenge, Duration::from_secs(4));
    assert!(!config.enroll.unique);
}

/// A downgrade: face login is off until root mends it, and root's file is as it was.
#[test]
fn a_later_version_s_configuration_is_refused_with_the_key_s_name_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    for (line, word) in [
        ("[depth]\nsensor = \"auto\"\n", "depth"),
        ("[vault]\nprotector = \"enclave\"\n", "enclave"),
        ("[services]\nsudo = \"glance\"\n", "glance"),
    ] {
        std::fs::write(&path, line).unwrap();
        let file = path.to_str().unwrap();
        for arguments in [
            &["config", "check", "--file", file][..],
            &["config", "set", "tally.misses", "4", "--file", file],
        ] {
            let output = control(arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{arguments:?}");
            assert!(said.contains(word), "{arguments:?}: {said}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), line);
        }
    }
}

fn at(seconds: u64) -> Moment {
    Moment {
        boot: [1; 16],
        seconds,
        awake: seconds,
        wall: 1_780_000_000 + seconds,
    }
}

/// Every field is set: misses, a password, a use, asks of the user's own, an attempt left open.
fn tally() -> TallyState {
    let mut tally = TallyState::default();
    tally.password(&at(50));
    for seconds in [100, 110] {
        tally.ask(&at(seconds));
        tally.charge(&at(seconds));
        tally.settle(tally.generation, AttemptEnd::Missed, &at(seconds + 1));
    }
    tally.charge(&at(120));
    tally
}

#[test]
fn a_tally_with_every_field_is_read_as_it_was_written() {
    if writing() {
        std::fs::write(fixture("tally"), tally().encode().unwrap()).unwrap();
    }
    let bytes = std::fs::read(fixture("tally")).unwrap();
    assert_eq!(TallyState::decode(&bytes), Some(tally()));
}

/// A machine whose cache holds one prepared form, its digest recorded as `record` writes it.
fn prepared(record: impl Fn(&[u8]) -> String) -> (tempfile::TempDir, Option<&'static [u8]>) {
    let folder = tempfile::tempdir().unwrap();
    let dirs = ModelDirs {
        models: folder.path().into(),
        cache: folder.path().join("cache"),
        runtime: folder.path().join("none"),
    };
    let manifest = support::root().join("models/manifest.toml");
    let own = folder.path().join("manifest.toml");
    std::fs::copy(&manifest, &own).unwrap();
    let entry = Manifest::load(&own).unwrap().model.remove(0);
    std::fs::create_dir(&dirs.cache).unwrap();
    let path = cache::path(&dirs.cache, &entry, &[]);
    std::fs::write(&path, b"prepared").unwrap();
    std::fs::write(path.with_extension(cache::DIGEST), record(b"prepared")).unwrap();
    for file in std::fs::read_dir(&dirs.cache).unwrap() {
        let mode = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(file.unwrap().path(), mode).unwrap();
    }
    let found = cache::find(&dirs, &entry, &[]);
    (folder, found)
}

#[test]
fn a_prepared_model_of_version_one_is_used() {
    if writing() {
        let digest = format!("{}\n", Digest::blake3(b"prepared"));
        std::fs::write(fixture("prepared.blake3"), digest).unwrap();
    }
    let recorded = text("prepared.blake3");
    let (_folder, found) = prepared(|_| recorded.clone());
    assert_eq!(found, Some(&b"prepared"[..]));
}

/// A downgrade: what is recorded in another way is left alone, and the portable form is loaded.
#[test]
fn a_prepared_model_recorded_in_a_later_way_is_left_alone() {
    let later = |bytes: &[u8]| format!("2 {}\n", Digest::blake3(bytes));
    let (folder, found) = prepared(later);
    assert_eq!(found, None);
    let left = std::fs::read_dir(folder.path().join("cache")).unwrap();
    assert_eq!(left.count(), 2);
}

const STACKS: [&str; 3] = ["sudo", "swaylock", "gdm-password"];

fn copied(from: &Path, to: &Path) {
    for name in STACKS {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

fn pam(root: &Path, verb: &str) {
    for name in STACKS {
        let output = control(&["pam", verb, name, "--yes", "--root", root.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{verb} {name}: {said}");
    }
}

#[test]
fn stacks_that_version_one_switched_on_are_switched_off_to_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let stacks = folder.path().join("etc/pam.d");
    std::fs::create_dir_all(&stacks).unwrap();
    let plain = support::root().join("tests/stacks/debian12/etc/pam.d");
    for entry in std::fs::read_dir(&plain).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), stacks.join(entry.file_name())).unwrap();
    }
    if writing() {
        pam(folder.path(), "enable");
        copied(&stacks, &fixture("pam"));
    }
    copied(&fixture("pam"), &stacks);
    pam(folder.path(), "enable");
    for name in STACKS {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read(&stacks), read(&fixture("pam")), "{name} is on already");
    }
    pam(folder.path(), "disable");
    for name in STACKS {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read(&stacks), read(&plain), "{name}");
    }
}
