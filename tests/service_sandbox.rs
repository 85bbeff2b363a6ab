//! Outside the sandbox no request opens the vault, a store or a camera.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

#[path = "support/instance.rs"]
mod instance;
mod support;

use facelock_protocol::{
    EmitterTrial, EnrollmentState, Password, Reply, Request, Secret, Unavailable,
};
use instance::{Machine, alice, enrolled, unavailable, verification};

/// Every request there is. The match below does not compile once there is another one: write it
/// here, too.
fn every_request() -> Vec<Request> {
    let subject = alice;
    let requests = vec![
        verification(alice()),
        Request::Test { subject: subject() },
        Request::Enroll {
            subject: subject(),
            label: None,
        },
        Request::List { subject: subject() },
        Request::Remove {
            subject: subject(),
            template: 1,
        },
        Request::Clear { subject: subject() },
        Request::Status { subject: subject() },
        Request::Reseal {
            subject: subject(),
            recovery_key: Secret("x".into()),
        },
        Request::RecordPassword { subject: subject() },
        Request::Unlock { subject: subject() },
        Request::MoveCamera {
            subject: subject(),
            from: "a".into(),
            to: "b".into(),
        },
        Request::Rename {
            subject: subject(),
            template: 1,
            label: facelock_protocol::Label::new("glasses").unwrap(),
        },
        Request::KeyringStore {
            subject: subject(),
            password: Password::new(b"x").unwrap(),
        },
        Request::KeyringForget { subject: subject() },
        Request::KeyringChange {
            subject: subject(),
            old: Password::new(b"x").unwrap(),
            new: Password::new(b"y").unwrap(),
        },
        Request::KeyringStatus { subject: subject() },
        Request::Devices,
        Request::Preview { seconds: 1 },
        Request::TimeModes { camera: "c".into() },
        Request::TryEmitter(EmitterTrial {
            camera: "c".into(),
            unit: 1,
            selector: 1,
            payload: vec![1],
            off: vec![0],
            seconds: 1,
        }),
    ];
    for request in &requests {
        match request {
            Request::Verify { .. }
            | Request::Test { .. }
            | Request::Enroll { .. }
            | Request::List { .. }
            | Request::Remove { .. }
            | Request::Clear { .. }
            | Request::Status { .. }
            | Request::Reseal { .. }
            | Request::RecordPassword { .. }
            | Request::Unlock { .. }
            | Request::MoveCamera { .. }
            | Request::Rename { .. }
            | Request::KeyringStore { .. }
            | Request::KeyringForget { .. }
            | Request::KeyringChange { .. }
            | Request::KeyringStatus { .. }
            | Request::Devices
            | Request::Preview { .. }
            | Request::TimeModes { .. }
            | Request::TryEmitter(_) => {}
        }
    }
    requests
}

/// From here on the configuration insists on a sandbox, which these tests do not have: they run as
/// root, for one.
fn insist(machine: &Machine) {
    let path = machine.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    assert!(config.contains("require = false"));
    std::fs::write(path, config.replace("require = false", "require = true")).unwrap();
}

/// The bytes of every enrollment and tally.
fn stored(machine: &Machine) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for kind in ["enrollments", "tally"] {
        for entry in std::fs::read_dir(machine.path("state").join(kind)).unwrap() {
            let path = entry.unwrap().path();
            files.push((path.clone(), std::fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn every_request_but_the_status_is_refused_and_changes_nothing() {
    let machine = enrolled();
    insist(&machine);
    let before = stored(&machine);
    for request in every_request() {
        let (reply, events) = machine.ask_telling(&request);
        assert!(events.is_empty(), "{request:?} tells {events:?}");
        match request {
            Request::Status { .. } => assert!(matches!(reply, Reply::Status(_)), "{reply:?}"),
            _ => assert_eq!(
                reply,
                unavailable(Unavailable::SandboxMissing),
                "{request:?}"
            ),
        }
    }
    assert_eq!(stored(&machine), before);
}

#[test]
fn the_status_says_what_is_missing_and_opens_no_camera() {
    let machine = enrolled();
    let ask = || match machine.ask(&Request::Status { subject: alice() }) {
        Reply::Status(status) => status,
        other => panic!("{other:?}"),
    };
    let control = ask();
    assert!(control.protector_present && !control.sandbox_missing.is_empty());
    insist(&machine);
    let status = ask();
    assert!(matches!(
        status.enrollment,
        EnrollmentState::Enrolled { .. }
    ));
    assert_eq!(status.sandbox_missing, control.sandbox_missing);
    assert_eq!(status.camera, Err(Unavailable::SandboxMissing));
    assert!(!status.protector_present);
}
