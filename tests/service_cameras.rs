//! Described cameras behind the whole instance: which one a login opens, and what is said.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

#[path = "support/instance.rs"]
mod instance;
mod support;

use facelock::camera::described::DescribedCameras;
use facelock_protocol::{Reply, Request, Unavailable};
use instance::{MATCH, Machine, NON_MATCH, alice, unavailable};

/// A webcam without serial number in `port`, before which `person` sits.
fn webcam(id: &str, port: &str, number: u32, person: &str) -> String {
    format!(
        "Webcam (usb-0000:00:14.0-{port}):
    usb {id}
    /dev/video{number}
        interface 1.0
        stream frames {}
        [0]: 'YUYV' (YUYV 4:2:2)
            Size: Discrete 640x480
                Interval: Discrete 0.033s (30.000 fps)
",
        support::sample(person).display()
    )
}

fn plug_in(machine: &Machine, description: &str) {
    let count = std::fs::read_dir(machine.folder.path()).unwrap().count();
    let folder = machine.path(&format!("cameras-{count}"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("cameras.txt"), description).unwrap();
    let cameras = DescribedCameras::parse(description).unwrap();
    cameras.unfold(&folder).unwrap();
    machine.point(&folder);
}

fn camera_in_status(machine: &Machine) -> Result<String, Unavailable> {
    match machine.ask(&Request::Status { subject: alice() }) {
        Reply::Status(report) => report.camera,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_login_opens_the_enrolled_camera_whatever_else_is_plugged_in() {
    let machine = Machine::new();
    plug_in(&machine, &webcam("5986:118c", "6", 4, "astronaut"));
    let enrolled = machine.enroll();
    assert!(matches!(enrolled, Reply::Enrolled(_)), "{enrolled:?}");
    // A docked webcam sorts before it; another person sits there.
    let docked = webcam("046d:0825", "1.2", 0, "hopper");
    let builtin = webcam("5986:118c", "6", 4, "astronaut-later");
    plug_in(&machine, &format!("{docked}{builtin}"));
    assert_eq!(machine.verify(), MATCH);
    let used = camera_in_status(&machine).unwrap();
    assert!(used.starts_with("usb:5986:118c"), "{used}");
    plug_in(&machine, &docked);
    assert_eq!(machine.verify(), unavailable(Unavailable::OtherCamera));
    assert_eq!(camera_in_status(&machine), Err(Unavailable::OtherCamera));
}

#[test]
fn templates_move_with_a_camera_that_only_its_port_names() {
    let machine = Machine::new();
    plug_in(&machine, &webcam("5986:118c", "6", 0, "astronaut"));
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    plug_in(&machine, &webcam("5986:118c", "3", 0, "astronaut-later"));
    assert_eq!(machine.verify(), unavailable(Unavailable::OtherCamera));
    let name = |port| format!("usb:5986:118c:-@usb-0000:00:14.0-{port}:1.0/color");
    let moved = |from: String, to: String| Request::MoveCamera {
        subject: alice(),
        from,
        to,
    };
    let other = "usb:046d:0825:-@usb-0000:00:14.0-3:1.0/color";
    assert_eq!(
        machine.ask(&moved(name(6), other.into())),
        unavailable(Unavailable::OtherCamera)
    );
    let done = |changed| Reply::Done { changed };
    assert_eq!(machine.ask(&moved(name(5), name(3))), done(false));
    assert_eq!(machine.ask(&moved(name(6), name(3))), done(true));
    assert_eq!(machine.verify(), MATCH);
    plug_in(&machine, &webcam("5986:118c", "3", 0, "hopper"));
    assert_eq!(machine.verify(), NON_MATCH);
}

#[test]
fn a_renumbered_pci_bus_is_no_other_camera() {
    let machine = Machine::new();
    let at = |bus: &str, person| {
        webcam("5986:118c", "1", 0, person).replace("0000:00:14.0", &format!("0000:{bus}:00.3"))
    };
    plug_in(&machine, &at("07", "astronaut"));
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    plug_in(&machine, &at("06", "astronaut-later"));
    assert_eq!(machine.verify(), MATCH);
}
