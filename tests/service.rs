//! The instance as a peer meets it: the real process, the real models, recorded frames, a key file
//! or a software TPM.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

#[path = "service/anew.rs"]
mod anew;
#[path = "service/disk.rs"]
mod disk;
#[path = "service/infrared.rs"]
mod infrared;
#[path = "support/instance.rs"]
mod instance;
#[path = "service/keyring.rs"]
mod keyring;
mod support;
#[path = "service/told.rs"]
mod told;
// Other tests switch its banks.
#[allow(dead_code)]
#[path = "support/swtpm.rs"]
mod swtpm;

use std::io::{Read as _, Write as _};
use std::time::Duration;

use facelock_protocol::{
    Consent, Denied, Event, Message, Reply, Request, Subject, Unavailable, UserName,
};
use instance::{
    MATCH, Machine, NON_MATCH, alice, asking, bob, enrolled, enrolled_with, unavailable,
    verification,
};

#[test]
fn the_person_gets_in_and_nobody_else() {
    let machine = enrolled();
    for (sample, wanted) in [
        ("astronaut-later", MATCH),
        ("hopper", NON_MATCH),
        ("empty", unavailable(Unavailable::NoFace)),
        ("astronaut-dark", unavailable(Unavailable::TooDark)),
    ] {
        machine.show_with(sample, "");
        assert_eq!(machine.verify(), wanted, "{sample}");
        assert!(machine.exit_status().success(), "{sample}");
    }
}

#[test]
fn early_answers_open_no_camera() {
    let machine = enrolled();
    // There is no camera to open: any attempt to would say so.
    std::fs::remove_file(machine.path("camera")).unwrap();
    let renamed = Subject {
        uid: alice().uid,
        name: UserName::new("mallory").unwrap(),
    };
    for subject in [bob(), renamed] {
        assert_eq!(
            machine.ask(&verification(subject)),
            unavailable(Unavailable::NotEnrolled)
        );
    }
    assert_eq!(machine.verify(), unavailable(Unavailable::NoCamera));
}

#[test]
fn a_camera_that_fails_says_how() {
    let machine = enrolled();
    for (timeline, wanted) in [
        ("busy = true", Unavailable::CameraBusy),
        ("unplug_at = 1", Unavailable::CameraUnplugged),
        ("first_frame_ms = 60000", Unavailable::CameraFailed),
    ] {
        machine.show_with("astronaut", timeline);
        assert_eq!(machine.verify(), unavailable(wanted), "{timeline}");
        assert!(machine.exit_status().success());
    }
}

#[test]
fn templates_open_only_for_the_camera_they_were_enrolled_on() {
    let machine = enrolled();
    machine.show_with("astronaut", "name = \"another\"");
    assert_eq!(machine.verify(), unavailable(Unavailable::OtherCamera));
}

#[test]
fn a_peer_that_hangs_up_ends_it_at_once() {
    // Left alone it would look for longer than its end is waited for.
    let machine = enrolled_with(
        "[vault]\nprotector = \"file\"\n[deadline]\nattempt_ms = 30000\nno_face_ms = 30000\n",
    );
    machine.show_with("empty", "");
    drop(machine.verify_under_way());
    assert!(machine.exit_status().success());
    // Nothing was judged: nothing is counted.
    let Reply::Status(status) = machine.ask(&Request::Status { subject: alice() }) else {
        panic!()
    };
    assert_eq!(status.tally.misses, 0);
}

#[test]
fn an_enrollment_takes_what_there_is_room_for_and_says_when_there_is_none() {
    let machine = enrolled();
    let taken = |machine: &Machine| match machine.enroll() {
        Reply::Enrolled(report) => Ok(report.templates.len()),
        other => Err(Box::new(other)),
    };
    let mut last = taken(&machine);
    for _ in 0..4 {
        match taken(&machine) {
            Ok(more) => last = Ok(more),
            refused => {
                let wanted = unavailable(Unavailable::EnrollmentRejected);
                assert_eq!(refused, Err(Box::new(wanted)));
                assert_eq!(last, Ok(16));
                assert_eq!(machine.verify(), MATCH);
                return;
            }
        }
    }
    panic!("it takes more than {last:?}");
}

#[test]
fn a_cancelled_enrollment_leaves_nothing() {
    let machine = Machine::new();
    machine.show_with("astronaut", "fps = 5.0");
    let mut stream = machine.connect();
    facelock_protocol::write_message(
        &mut stream,
        &Request::Enroll {
            subject: alice(),
            label: None,
        },
    )
    .unwrap();
    loop {
        let message: Message = facelock_protocol::read_message(&mut stream, 1 << 20).unwrap();
        if matches!(
            message,
            Message::Event(Event::Progress(facelock_protocol::Progress::SampleTaken {
                taken: 2,
                ..
            }))
        ) {
            break;
        }
    }
    drop(stream);
    assert!(machine.exit_status().success());
    assert_eq!(
        machine.ask(&Request::List { subject: alice() }),
        Reply::Templates(Vec::new())
    );
    assert_eq!(machine.verify(), unavailable(Unavailable::NotEnrolled));
}

#[test]
fn an_instance_killed_while_enrolling_leaves_the_store_as_it_was_or_as_it_is_after() {
    let machine = enrolled();
    machine.show_with("astronaut", "");
    let count = |machine: &Machine| match machine.ask(&Request::List { subject: alice() }) {
        Reply::Templates(templates) => templates.len(),
        other => panic!("{other:?}"),
    };
    let mut templates = count(&machine);
    for round in 0..12_u64 {
        while machine.started.try_recv().is_ok() {}
        let mut stream = machine.connect();
        facelock_protocol::write_message(
            &mut stream,
            &Request::Enroll {
                subject: alice(),
                label: None,
            },
        )
        .unwrap();
        let pid = machine.started.recv().unwrap();
        std::thread::sleep(Duration::from_millis(60 * round));
        let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        let now = count(&machine);
        assert!(
            now == templates || now == templates + 5,
            "{templates} templates became {now}"
        );
        templates = now;
        machine.show_with("astronaut-later", "");
        // An instance that was killed stays charged where it had charged; enrollment charges
        // nothing.
        assert_eq!(machine.verify(), MATCH, "round {round}");
        machine.show_with("astronaut", "");
        if templates > 10 {
            break;
        }
    }
}

#[test]
fn a_hostile_peer_is_refused_and_the_next_login_works() {
    let machine = enrolled();
    let cases: [&[u8]; 7] = [
        b"",
        b"\x00\x00\x00\x00",
        b"\xff\xff\xff\xff\x01",
        b"\x02\x00\x00\x00\x02\x00",
        b"\x02\x00\x00\x00\x01\x7f",
        b"GET / HTTP/1.1\r\n\r\n",
        &[b'\x04', 0, 0, 0, 1, 10, 9, 9],
    ];
    for bytes in cases {
        let mut stream = machine.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let reply: Result<Message, _> = facelock_protocol::read_message(&mut stream, 1 << 16);
        let denied = matches!(
            reply,
            Ok(Message::Reply(Reply::Denied(
                Denied::Malformed | Denied::Version
            )))
        );
        assert!(denied, "{bytes:?}: {reply:?}");
        assert!(machine.exit_status().success());
    }
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), MATCH);
}

#[test]
fn a_silent_peer_is_not_waited_for() {
    let machine = Machine::new();
    let stream = machine.connect();
    assert!(machine.exit_status().success());
    drop(stream);
}

#[test]
fn a_configuration_that_cannot_be_understood_switches_it_off() {
    let machine = enrolled();
    std::fs::write(machine.path("config.toml"), "[camera]\ncolour = 1").unwrap();
    assert_eq!(machine.verify(), unavailable(Unavailable::ConfigRejected));
}

#[test]
fn needs_every_model_a_model_that_was_changed_is_not_used() {
    let machine = enrolled();
    let models = support::models();
    let copy = machine.path("models");
    std::fs::create_dir(&copy).unwrap();
    for name in [
        "manifest.toml",
        "face_detection_yunet.onnx",
        "face_reidentification_retail_0095.onnx",
    ] {
        std::fs::copy(models.models.join(name), copy.join(name)).unwrap();
    }
    let reid = copy.join("face_reidentification_retail_0095.onnx");
    let mut bytes = std::fs::read(&reid).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&reid, bytes).unwrap();
    let config = std::fs::read_to_string(machine.path("config.toml")).unwrap();
    let config = config.replace(
        &format!("models = {:?}", models.models),
        &format!("models = {copy:?}"),
    );
    let config = config.replace(
        &format!("cache = {:?}", models.cache),
        &format!("cache = {:?}", machine.path("none")),
    );
    std::fs::write(machine.path("config.toml"), config).unwrap();
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), unavailable(Unavailable::ModelRejected));
}

#[test]
fn consent_is_the_configuration_s_where_the_module_has_none() {
    let machine = enrolled_with(
        "[vault]\nprotector = \"file\"\n[services]\nlocker = \"ask\"\ngreeter = \"auto\"\n",
    );
    machine.show_with("astronaut-later", "");
    let ask = |service: &str| machine.ask_telling(&asking(alice(), service, None));
    for (service, consent, reply) in [
        ("sudo", Consent::Confirm, MATCH),
        ("greeter", Consent::Auto, MATCH),
        ("locker", Consent::Ask, unavailable(Unavailable::Cancelled)),
    ] {
        let (told, events) = ask(service);
        let first = Event::Service {
            consent,
            quiet: false,
        };
        assert_eq!((told, events.first()), (reply, Some(&first)), "{service}");
    }
}

#[test]
fn a_client_of_roots_is_told_how_long_looking_may_take() {
    let machine = Machine::new();
    machine.show_with("astronaut", "fps = 5.0");
    let longest = |events: &[Event]| {
        events.iter().find_map(|event| match event {
            Event::Within(milliseconds) => Some(*milliseconds),
            _ => None,
        })
    };
    let enroll = Request::Enroll {
        subject: alice(),
        label: None,
    };
    let by_configuration = 59_000..=60_000;
    let told = longest(&machine.ask_telling(&enroll).1);
    assert!(
        told.is_some_and(|ms| by_configuration.contains(&ms)),
        "{told:?}"
    );
    let told = longest(&machine.ask_telling(&Request::Test { subject: alice() }).1);
    assert!(
        told.is_some_and(|ms| (5900..=6000).contains(&ms)),
        "{told:?}"
    );
    // The module keeps its own time.
    assert_eq!(
        longest(&machine.ask_telling(&verification(alice())).1),
        None
    );
}

#[test]
fn scores_are_told_to_a_test_and_to_nobody_else() {
    let machine = enrolled();
    machine.show_with("astronaut-later", "");
    let measured = |events: &[Event]| {
        events
            .iter()
            .any(|event| matches!(event, Event::Measured(_)))
    };
    assert!(measured(
        &machine.ask_telling(&Request::Test { subject: alice() }).1
    ));
    assert!(!measured(&machine.ask_telling(&verification(alice())).1));
}
