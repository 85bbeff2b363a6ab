//! What an earlier version wrote is read, and what a later one wrote is left alone.
//!
//! `tests/fixtures/state-1` is a state folder of version 1 (its templates are made-up numbers),
//! `tests/fixtures/state-2` one of version 2, whose templates have margins, `state-3` one of
//! version 3, which names their networks,
//! `tests/fixtures/keyring-1` a kept password beside either, and `tests/fixtures/tpm-1` a software
//! TPM's own state with a key sealed in it.
//! `FACELOCK_WRITE_FIXTURES=NAME cargo test --features replay --test upgrade` makes one anew, which
//! a change of format must not need: it adds a folder beside them.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

#[path = "support/instance.rs"]
mod instance;
mod support;
#[allow(dead_code)]
#[path = "support/swtpm.rs"]
mod swtpm;
#[path = "upgrade/write.rs"]
mod write;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use facelock::store::{Enrollment, Margin};
use facelock::types::Digest;
use facelock::vault::cipher::{self, Binding};
use facelock::vault::{KeyProtector, ProtectorKind, SealedKey, TpmProtector};
use facelock_protocol::{EnrollmentState, Label, Password, Reply, Request, Secret};
use instance::{Machine, alice, unavailable};
use swtpm::Swtpm;

const KEY: [u8; 32] = [0x42; 32];
const NAMES: [&str; 2] = ["enrollments/4242", "tally/4242"];
/// A kept password; it came after the others.
const PASSWORD: &str = "keyring/4242";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn writing(name: &str) -> bool {
    std::env::var("FACELOCK_WRITE_FIXTURES").is_ok_and(|named| named == name)
}

/// State folders of each version, and their templates' margins.
const STATES: [(&str, Option<Margin>); 3] = [
    ("state-1", None),
    ("state-2", Some(margin([0; 32]))),
    ("state-3", Some(margin([9; 32]))),
];

const fn margin(networks: [u8; 32]) -> Margin {
    let reading = 4.25;
    Margin { networks, reading }
}

/// A machine that was upgraded: the state folder is the fixture's.
fn upgraded() -> Machine {
    upgraded_from("state-1")
}

fn upgraded_from(state: &str) -> Machine {
    for (name, margin) in STATES.iter().filter(|(name, _)| writing(name)) {
        write::state(&fixture(name), *margin);
    }
    if writing("keyring-1") {
        write::password(&fixture("keyring-1"));
    }
    let machine = Machine::new();
    for name in ["file.key", NAMES[0], NAMES[1], PASSWORD] {
        let path = machine.path("state").join(name);
        let from = if name == PASSWORD { "keyring-1" } else { state };
        let folder = path.parent().unwrap();
        std::fs::create_dir_all(folder).unwrap();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        let kept = fixture(from).join(name.trim_start_matches("keyring/"));
        std::fs::copy(kept, &path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    machine
}

fn reseal(state: &str) -> Request {
    let key = std::fs::read_to_string(fixture(state).join("recovery-key")).unwrap();
    Request::Reseal {
        subject: alice(),
        recovery_key: Secret(key.trim().into()),
    }
}

#[test]
fn what_each_version_stored_is_used() {
    STATES.iter().for_each(|(name, _)| is_used(name));
}

fn is_used(state: &str) {
    let machine = upgraded_from(state);
    let Reply::Status(status) = machine.ask(&Request::Status { subject: alice() }) else {
        panic!("no status")
    };
    assert_eq!(status.tally.misses, 2);
    assert!(
        matches!(
            status.enrollment,
            EnrollmentState::Enrolled { templates: 3, ref protector } if protector == "file"
        ),
        "{status:?}"
    );
    assert_eq!(machine.ask(&reseal(state)), Reply::Done { changed: true });
    let rename = |template| Request::Rename {
        subject: alice(),
        template,
        label: Label::new("with lenses").unwrap(),
    };
    assert_eq!(machine.ask(&rename(7)), Reply::Done { changed: true });
    assert_eq!(machine.ask(&rename(4)), Reply::Done { changed: false });
    // Removing opens the key, and checks the header under it.
    let remove = Request::Remove {
        subject: alice(),
        template: 2,
    };
    assert_eq!(machine.ask(&remove), Reply::Done { changed: true });
    let Reply::Templates(left) = machine.ask(&Request::List { subject: alice() }) else {
        panic!("no list")
    };
    let left: Vec<_> = left.iter().map(|t| (t.id, t.label.as_str())).collect();
    assert_eq!(left, [(1, "face"), (7, "with lenses")]);
}

#[test]
fn needs_liveness_networks_what_is_enrolled_now_has_margins() {
    let machine = instance::enrolled();
    let bytes = std::fs::read(machine.path("state").join(NAMES[0])).unwrap();
    let enrollment = Enrollment::decode(&bytes).unwrap();
    assert!(!enrollment.templates.is_empty());
    let measured = enrollment.templates.iter().all(|t| t.margin.is_some());
    assert!(measured, "{:?}", enrollment.templates);
}

#[test]
fn a_password_that_version_one_kept_opens() {
    let machine = upgraded();
    let status = Request::KeyringStatus { subject: alice() };
    assert_eq!(machine.ask(&status), Reply::Keyring { kept: true });
    let change = |old: &str, new: &str| Request::KeyringChange {
        subject: alice(),
        old: Password::new(old.as_bytes()).unwrap(),
        new: Password::new(new.as_bytes()).unwrap(),
    };
    // One that does not open, or is another, is forgotten.
    let renewed = machine.ask(&change("kept by version one", "another"));
    assert_eq!(renewed, Reply::Done { changed: true });
    assert_eq!(machine.ask(&status), Reply::Keyring { kept: true });
}

#[test]
fn a_password_that_a_later_version_kept_stays_as_it_is() {
    let machine = upgraded();
    let path = machine.path("state").join(PASSWORD);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4] = 9;
    std::fs::write(&path, &bytes).unwrap();
    let password = || Password::new(b"kept by version one").unwrap();
    let newer = unavailable(facelock_protocol::Unavailable::NewerFormat);
    for request in [
        Request::KeyringStore {
            subject: alice(),
            password: password(),
        },
        Request::KeyringChange {
            subject: alice(),
            old: password(),
            new: password(),
        },
    ] {
        assert_eq!(machine.ask(&request), newer, "{request:?}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{request:?}");
    }
}

#[test]
fn templates_of_each_version_open() {
    STATES
        .iter()
        .for_each(|(name, margin)| opens(name, *margin));
}

fn opens(state: &str, margin: Option<Margin>) {
    let bytes = std::fs::read(fixture(state).join(NAMES[0])).unwrap();
    let enrollment = Enrollment::decode(&bytes).unwrap();
    let header = enrollment.header().unwrap();
    let bound = binding(&enrollment, "header", &header);
    assert!(cipher::open(&KEY, &bound, &enrollment.integrity).is_ok());
    for template in &enrollment.templates {
        assert_eq!(template.margin, margin, "{state}");
        let aad = Binding {
            template: template.id,
            camera: &template.camera,
            ..binding(&enrollment, "template", b"")
        };
        let plain = cipher::open(&KEY, &aad, &template.sealed).unwrap();
        assert_eq!(*plain, embedding(template.id), "template {}", template.id);
    }
    assert_eq!(enrollment.encode().unwrap(), bytes, "and are written so");
}

#[test]
fn a_key_that_version_one_sealed_in_a_tpm_opens() {
    if writing("tpm-1") {
        write::tpm(&fixture("tpm-1"));
    }
    let tpm = Swtpm::with_state(&fixture("tpm-1/state"));
    let sealed = SealedKey {
        kind: ProtectorKind::Tpm,
        bytes: std::fs::read(fixture("tpm-1/sealed-key")).unwrap(),
    };
    let mut protector = TpmProtector::open(&tpm.tcti(), &[7]).unwrap();
    assert_eq!(protector.unseal(&sealed).unwrap().bytes(), &KEY);
}

/// A downgrade: each file as a later version might have written it.
#[test]
fn what_a_later_version_wrote_is_refused_with_words_and_kept() {
    let subject = alice;
    for (name, at) in [(NAMES[0], 4), (NAMES[1], 0)] {
        let machine = upgraded();
        let path = machine.path("state").join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at] = 9;
        std::fs::write(&path, &bytes).unwrap();
        machine.show_with("astronaut", "");
        let newer = unavailable(facelock_protocol::Unavailable::NewerFormat);
        assert_eq!(machine.verify(), newer, "{name}");
        let mut requests = vec![
            Request::Unlock { subject: subject() },
            Request::RecordPassword { subject: subject() },
            Request::Status { subject: subject() },
        ];
        if name == NAMES[0] {
            requests = vec![
                Request::Enroll {
                    subject: subject(),
                    label: None,
                },
                Request::List { subject: subject() },
                Request::Remove {
                    subject: subject(),
                    template: 1,
                },
                reseal("state-1"),
            ];
        }
        for request in requests {
            assert_eq!(machine.ask(&request), newer, "{name}: {request:?}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}: {request:?}");
        }
    }
}

fn embedding(id: u32) -> Vec<u8> {
    (0..8)
        .map(|n| (id as f32 + n as f32).sin())
        .flat_map(f32::to_le_bytes)
        .collect()
}

fn binding<'a>(enrollment: &'a Enrollment, purpose: &'a str, rest: &'a [u8]) -> Binding<'a> {
    Binding {
        purpose,
        format_version: 1,
        uid: enrollment.uid,
        user: &enrollment.user,
        template: 0,
        model: Digest(enrollment.model),
        camera: "",
        protector: ProtectorKind::File,
        rest,
    }
}
