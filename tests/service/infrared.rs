//! Infrared cameras.

use super::*;

#[test]
fn infrared_frames_are_compared_as_gray_ones() {
    let machine = Machine::with(
        "[vault]\nprotector = \"file\"\n[pad]\ncnn = false\ninfrared = false\nmotion = false\n",
    );
    machine.show_with("astronaut", "spectrum = \"infrared\"");
    let Reply::Enrolled(report) = machine.enroll() else {
        panic!("not enrolled")
    };
    assert!(
        report
            .templates
            .iter()
            .all(|template| template.spectrum == facelock_protocol::Spectrum::Infrared)
    );
    assert_eq!(report.warning, None);
    machine.show_with("astronaut-later", "spectrum = \"infrared\"");
    assert_eq!(machine.verify(), MATCH);
    machine.show_with("hopper", "spectrum = \"infrared\"");
    assert_eq!(machine.verify(), NON_MATCH);
    // The same person before a color camera: that is not where the templates were enrolled.
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), unavailable(Unavailable::NoCamera));
}

#[test]
fn a_picture_that_no_emitter_lit_is_not_enrolled_as_infrared() {
    let machine = Machine::with("[vault]\nprotector = \"file\"\n[deadline]\nenroll_s = 5\n");
    machine.show_with("hopper-dark", "spectrum = \"infrared\"");
    assert!(matches!(machine.enroll(), Reply::Unavailable(_)));
    assert_eq!(
        machine.ask(&Request::List { subject: alice() }),
        Reply::Templates(Vec::new())
    );
}

#[test]
fn an_infrared_camera_that_is_busy_is_no_reason_to_enroll_by_color() {
    let machine = Machine::new();
    machine.show_with("astronaut", "spectrum = \"infrared\"\nbusy = true");
    assert_eq!(machine.enroll(), unavailable(Unavailable::CameraBusy));
}
