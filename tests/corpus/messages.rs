//! Seeds of the protocol.

use super::*;

fn password(text: &str) -> Password {
    Password::new(text.as_bytes()).unwrap()
}

#[allow(clippy::too_many_lines, reason = "a list: one entry for each message")]
pub fn requests() -> Vec<Seed> {
    let subject = || Subject {
        uid: 1000,
        name: UserName::new("alice").unwrap(),
    };
    let verify = |consent| Request::Verify {
        subject: subject(),
        service: ServiceName::new("sudo").unwrap(),
        consent,
        evidence: Evidence {
            remote_user: Some(Named::Uid(1000)),
            tty: Some(Tty::new("pts/0").unwrap()),
            place: Place::Session(SessionId::new("2").unwrap()),
            requester: Requester::Process {
                uid: 1000,
                place: Place::Manager(1000),
            },
            ..Evidence::of_process(0)
        },
    };
    let (camera, payload) = (
        "usb:04f2:b6d9:-@usb-0000:00:14.0-6/infrared".to_owned(),
        vec![1, 3, 2, 0],
    );
    let all = [
        ("request-verify-auto", verify(Some(Consent::Auto))),
        ("request-verify-by-configuration", verify(None)),
        ("request-test", Request::Test { subject: subject() }),
        (
            "request-enroll",
            Request::Enroll {
                subject: subject(),
                label: Some(Label::new("glasses").unwrap()),
            },
        ),
        ("request-list", Request::List { subject: subject() }),
        (
            "request-remove",
            Request::Remove {
                subject: subject(),
                template: 3,
            },
        ),
        ("request-clear", Request::Clear { subject: subject() }),
        ("request-status", Request::Status { subject: subject() }),
        (
            "request-time-modes",
            Request::TimeModes {
                camera: camera.clone(),
            },
        ),
        (
            "request-reseal",
            Request::Reseal {
                subject: subject(),
                recovery_key: Secret("0123-4567".into()),
            },
        ),
        (
            "request-record-password",
            Request::RecordPassword { subject: subject() },
        ),
        ("request-unlock", Request::Unlock { subject: subject() }),
        ("request-devices", Request::Devices),
        ("request-preview", Request::Preview { seconds: 60 }),
        (
            "request-move-camera",
            Request::MoveCamera {
                subject: subject(),
                from: camera.clone(),
                to: camera.clone(),
            },
        ),
        (
            "request-rename",
            Request::Rename {
                subject: subject(),
                template: 3,
                label: Label::new("glasses").unwrap(),
            },
        ),
        (
            "request-keyring-store",
            Request::KeyringStore {
                subject: subject(),
                password: password("hunter2"),
            },
        ),
        (
            "request-keyring-forget",
            Request::KeyringForget { subject: subject() },
        ),
        (
            "request-keyring-change",
            Request::KeyringChange {
                subject: subject(),
                old: password("hunter2"),
                new: password("correct horse"),
            },
        ),
        (
            "request-keyring-status",
            Request::KeyringStatus { subject: subject() },
        ),
        (
            "request-try-emitter",
            Request::TryEmitter(facelock_protocol::EmitterTrial {
                camera,
                unit: 14,
                selector: 6,
                off: vec![0; payload.len()],
                payload,
                seconds: 3,
            }),
        ),
    ];
    all.into_iter()
        .map(|(name, request)| {
            (
                "protocol",
                name,
                [vec![7], encode(&request).unwrap()].concat(),
            )
        })
        .collect()
}

#[allow(clippy::too_many_lines, reason = "a list: one entry for each message")]
pub fn messages() -> Vec<Seed> {
    let measurement = Measurement {
        score: Some(0.7),
        liveness: Some(f32::NAN),
        ..Measurement::default()
    };
    let preview = PreviewFrame {
        width: 2,
        height: 1,
        channels: 3,
        pixels: vec![9; 6],
        brightness: 40.0,
        measurement: Some(measurement.clone()),
        hint: Some(Hint::TooFar),
    };
    let template = TemplateReport {
        id: 1,
        label: "glasses".into(),
        created: 1_700_000_000,
        camera: "usb:1/color".into(),
        spectrum: Spectrum::Color,
        quality: 0.7,
    };
    let status = StatusReport {
        enrollment: EnrollmentState::Enrolled {
            templates: 5,
            protector: "tpm".into(),
        },
        tally: TallyReport {
            misses: 5,
            lockout: Some(Unavailable::LockedOut { seconds: Some(30) }),
        },
        password: Some(PasswordReport {
            spectrum: Spectrum::Color,
            after_boot: None,
            every_h: 24,
            unused_h: Some(4),
        }),
        protector: "tpm".into(),
        protector_present: true,
        camera: Err(Unavailable::CameraBusy),
        sandbox_missing: vec!["landlock".into()],
        services: vec![ServiceReport {
            service: "sudo".into(),
            mode: "confirm".into(),
            closed: Some(Gate::NoSeat),
        }],
    };
    let camera = CameraReport {
        identity: "usb:04f2:b6d9:1@x/infrared".into(),
        group: "x".into(),
        name: "Integrated".into(),
        driver: "uvcvideo".into(),
        bus: "usb".into(),
        usb: Some(UsbReport {
            vendor: 0x04f2,
            product: 0xb6d9,
            serial: Some("1".into()),
        }),
        spectrum: Some(Spectrum::Infrared),
        is_virtual: false,
        formats: vec!["GREY 640x360 15/s".into()],
        used: true,
        reason: "the only one".into(),
    };
    let enrolled = EnrolledReport {
        templates: vec![template.clone()],
        recovery_key: Some(Secret("0123-4567".into())),
        protector: "file".into(),
        warning: Some("no infrared".into()),
    };
    let all = [
        (
            "event-consent",
            Message::Event(Event::Service {
                consent: Consent::Confirm,
                quiet: true,
            }),
        ),
        (
            "event-next-look",
            Message::Event(Event::Progress(Progress::NextPose(Pose::TurnLeft))),
        ),
        (
            "event-look-taken",
            Message::Event(Event::Progress(Progress::SampleTaken {
                taken: 2,
                wanted: 5,
            })),
        ),
        (
            "event-assumed",
            Message::Event(Event::Assumed("it sees infrared".into())),
        ),
        (
            "event-keyring",
            Message::Event(Event::Keyring(password("hunter2"))),
        ),
        (
            "reply-keyring",
            Message::Reply(Reply::Keyring { kept: true }),
        ),
        ("event-within", Message::Event(Event::Within(60_000))),
        ("event-hint", Message::Event(Event::Hint(Hint::OpenEyes))),
        (
            "event-measured-not-a-number",
            Message::Event(Event::Measured(measurement)),
        ),
        ("event-preview", Message::Event(Event::Preview(preview))),
        (
            "reply-match",
            Message::Reply(Reply::Verdict(Verdict::Match)),
        ),
        (
            "reply-attack",
            Message::Reply(Reply::Verdict(Verdict::AttackSuspected)),
        ),
        (
            "reply-locked-out",
            Message::Reply(Reply::Unavailable(Unavailable::LockedOut {
                seconds: Some(7),
            })),
        ),
        (
            "reply-denied",
            Message::Reply(Reply::Denied(Denied::Version)),
        ),
        ("reply-enrolled", Message::Reply(Reply::Enrolled(enrolled))),
        (
            "reply-templates",
            Message::Reply(Reply::Templates(vec![template; 3])),
        ),
        ("reply-status", Message::Reply(Reply::Status(status))),
        (
            "reply-devices",
            Message::Reply(Reply::Devices(vec![camera])),
        ),
        (
            "reply-mode-times",
            Message::Reply(Reply::ModeTimes(vec![
                ModeTime {
                    format: "MJPG 640x480".into(),
                    first_lit: Some(240),
                },
                ModeTime {
                    format: "YUYV 640x480".into(),
                    first_lit: None,
                },
            ])),
        ),
        ("reply-done", Message::Reply(Reply::Done { changed: true })),
    ];
    all.into_iter()
        .map(|(name, message)| {
            (
                "protocol",
                name,
                [vec![3], encode(&message).unwrap()].concat(),
            )
        })
        .collect()
}
