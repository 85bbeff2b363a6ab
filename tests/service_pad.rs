//! Presentation attack detection as a peer meets it: what the configuration asks for beside a matching face.
#![cfg(feature = "replay")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/instance.rs"]
mod instance;
mod support;

use facelock_protocol::{Reply, Request, Unavailable, Verdict};
use instance::{Machine, alice};

const MATCH: Reply = Reply::Verdict(Verdict::Match);
const INFRARED_REQUIRED: Reply = Reply::Unavailable(Unavailable::InfraredRequired);

/// Puts another `[pad]` section in the place of the one that is there.
fn reconfigure(machine: &Machine, from: &str, to: &str) {
    let config = std::fs::read_to_string(machine.path("config.toml")).unwrap();
    assert!(config.contains(from), "{config}");
    std::fs::write(machine.path("config.toml"), config.replace(from, to)).unwrap();
}

fn enrolled(pad: &str, timeline: &str) -> Machine {
    let machine = Machine::with(&format!("[vault]\nprotector = \"file\"\n[pad]\n{pad}\n"));
    machine.show_with("astronaut", timeline);
    let reply = machine.enroll();
    assert!(matches!(reply, Reply::Enrolled(_)), "{reply:?}");
    machine
}

fn camera(machine: &Machine) -> Result<String, Unavailable> {
    match machine.ask(&Request::Status { subject: alice() }) {
        Reply::Status(status) => status.camera,
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_infrared_is_required_colour_is_refused_before_a_camera_opens() {
    let machine = enrolled("motion = true", "");
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), MATCH);
    reconfigure(&machine, "motion = true", "require_infrared = \"always\"");
    // There is no camera to open: any attempt to would say so.
    std::fs::remove_file(machine.path("camera")).unwrap();
    assert_eq!(machine.verify(), INFRARED_REQUIRED);
    assert_eq!(machine.ask(&Request::Test { subject: alice() }), INFRARED_REQUIRED);
    assert_eq!(camera(&machine), Err(Unavailable::InfraredRequired));
}

#[test]
fn where_infrared_is_required_nothing_is_enrolled_by_colour() {
    let machine = Machine::with("[vault]\nprotector = \"file\"\n[pad]\nrequire_infrared = \"always\"\n");
    machine.show_with("astronaut", "");
    assert_eq!(machine.enroll(), INFRARED_REQUIRED);
    assert_eq!(machine.ask(&Request::List { subject: alice() }), Reply::Templates(Vec::new()));
    assert_eq!(camera(&machine), Err(Unavailable::InfraredRequired));
}

#[test]
fn where_infrared_is_required_an_infrared_camera_serves() {
    let machine =
        enrolled("infrared = false\nmotion = false\nrequire_infrared = \"always\"", "spectrum = \"infrared\"");
    machine.show_with("astronaut-later", "spectrum = \"infrared\"");
    assert_eq!(machine.verify(), MATCH);
}

#[test]
fn once_infrared_is_enrolled_colour_lets_nobody_in() {
    let machine = enrolled("infrared = false\nmotion = false", "spectrum = \"infrared\"");
    // The same camera's colour side is enrolled as well.
    machine.show_with("astronaut", "");
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), Reply::Unavailable(Unavailable::NoCamera));
    machine.show_with("astronaut-later", "spectrum = \"infrared\"");
    assert_eq!(machine.verify(), MATCH);
}
