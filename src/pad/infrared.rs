//! Infrared: a screen sends none and its glass returns little, a face near the camera returns the
//! emitter's light.
//!
//! With a strobing emitter the lit and the unlit frame differ by the emitter's light alone,
//! whatever the sun does: the face must answer, and, because light falls off with the square of the
//! distance, answer more than what is behind it. With a steady one the same is asked of a single
//! frame, which other infrared light can hide. Until it is known which of the two it is, nothing is
//! said: being quick does not get the weaker test. A print in ink that is opaque to infrared,
//! held so that the room shows beside it, and a mask answer like a face.

use std::time::Duration;

use super::detector::{Detector, Judgement, Part};
use super::region::{self, RegionLight};
use super::window::{Bounds, Window};
use crate::onnx::ModelError;
use crate::types::{Detection, Frame, Illumination, Spectrum};

/// Lit minus unlit light that counts as an answer, of 255: twice what auto exposure and noise make
/// of no answer.
const ANSWER: f32 = 12.0;
/// How much more the face answers than what is beside it: the background 1.2 times as far away,
/// with the same albedo.
const NEARER: f32 = 1.4;
/// Light, contrast, and face over background in a single lit frame.
const LIT: f32 = 40.0;
const CONTRAST: f32 = 10.0;
const BRIGHTER: f32 = 1.2;
/// Past this part of saturated pixels nothing can be measured.
const SATURATED: f32 = 0.4;
/// Lit and unlit must be this near in time, or the person has moved between them.
const PAIR: Duration = Duration::from_millis(250);
/// Each part of the score is 0.5 at its bound. Below [`ATTACK`]: the emitter flashed and the face
/// returned under a third of [`ANSWER`], or is half as bright as what is beside it.
const ATTACK: f32 = 0.25;
const BOUNDS: Bounds = Bounds {
    sure: 0.5,
    live: 0.5,
    floor: 0.5,
    attack: ATTACK,
};

#[derive(Default)]
pub struct Infrared {
    unlit: Option<Frame>,
    window: Window,
}

impl Detector for Infrared {
    fn name(&self) -> &'static str {
        "infrared"
    }

    fn part(&self, spectrum: Spectrum) -> Part {
        match spectrum {
            Spectrum::Color => Part::Silent,
            Spectrum::Infrared => Part::Decides,
        }
    }

    /// The unlit frames of a strobing emitter are half of the evidence.
    fn glance(&mut self, frame: &Frame) {
        if frame.illumination == Illumination::Unlit {
            self.remember(frame);
        }
    }

    fn judge(&mut self, frame: &Frame, face: &Detection) -> Result<Judgement, ModelError> {
        Ok(self.measure(frame, face))
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Infrared {
    /// Keeps the newest unlit frame.
    fn remember(&mut self, frame: &Frame) {
        self.unlit = Some(frame.clone());
    }

    fn measure(&mut self, frame: &Frame, face: &Detection) -> Judgement {
        let score = match frame.illumination {
            Illumination::Unlit => {
                self.remember(frame);
                None
            }
            Illumination::Lit => self
                .unlit
                .as_ref()
                .and_then(|unlit| paired(frame, unlit, face)),
            Illumination::Unknown => steady(frame, face),
            Illumination::Unsettled => None,
        };
        score.map_or(Judgement::UNDECIDED, |score| {
            let score = (frame.captured, score);
            self.window.judge(score, &BOUNDS, |score| score)
        })
    }
}

/// 0..=1, 0.5 at the bound.
fn against(value: f32, bound: f32) -> f32 {
    let value = value.max(0.0);
    value / (value + bound)
}

fn lights(frame: &Frame, face: &Detection) -> Option<(RegionLight, RegionLight)> {
    Some((
        region::light(frame, &[region::middle(&face.bounds)])?,
        region::light(frame, &region::beside(&face.bounds))?,
    ))
}

fn paired(lit: &Frame, unlit: &Frame, face: &Detection) -> Option<f32> {
    let apart = lit.captured.saturating_duration_since(unlit.captured);
    let apart = apart.max(unlit.captured.saturating_duration_since(lit.captured));
    if apart > PAIR
        || (lit.width(), lit.height(), lit.format())
            != (unlit.width(), unlit.height(), unlit.format())
    {
        return None;
    }
    let (near, far) = lights(lit, face)?;
    let (near_unlit, far_unlit) = lights(unlit, face)?;
    if near.saturated > SATURATED {
        return None;
    }
    let answer = near.mean - near_unlit.mean;
    let behind = (far.mean - far_unlit.mean).max(1.0);
    // A flat answer says that there is no emitter's light on this face; a small lead over the wall
    // behind says nothing.
    let lead = against(answer / behind, NEARER);
    Some(match against(answer, ANSWER) {
        none if none < ATTACK => none,
        answer => answer
            .min(lead.max(ATTACK))
            .min(against(near.contrast, CONTRAST).max(ATTACK)),
    })
}

fn steady(frame: &Frame, face: &Detection) -> Option<f32> {
    let (near, far) = lights(frame, face)?;
    if near.saturated > SATURATED {
        return None;
    }
    let lead = against(near.mean / far.mean.max(1.0), BRIGHTER);
    Some(
        against(near.mean, LIT)
            .min(against(near.contrast, CONTRAST).max(ATTACK))
            .min(lead),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Liveness, PixelFormat, Rect};

    const FACE: Detection = Detection {
        bounds: Rect {
            x: 120.0,
            y: 60.0,
            width: 80.0,
            height: 100.0,
        },
        landmarks: [crate::types::Point { x: 0.0, y: 0.0 }; 5],
        score: 0.9,
    };

    /// A face with features on a background.
    fn frame(face: u8, behind: u8, illumination: Illumination) -> Frame {
        let pixel = |i: usize| {
            let (x, y) = (i % 320, i / 320);
            let inside = (120..200).contains(&x) && (60..160).contains(&y);
            let feature = (x / 8 + y / 8) % 2 == 0;
            if inside && feature {
                face / 2
            } else if inside {
                face
            } else {
                behind
            }
        };
        let pixels = (0..320 * 240).map(pixel).collect();
        let mut frame = Frame::new(320, 240, PixelFormat::Gray8, pixels).unwrap();
        frame.illumination = illumination;
        frame
    }

    fn strobed(face: (u8, u8), behind: (u8, u8)) -> Liveness {
        let mut infrared = Infrared::default();
        let mut last = Liveness::Failed;
        for _ in 0..5 {
            infrared.remember(&frame(face.0, behind.0, Illumination::Unlit));
            last = infrared
                .measure(&frame(face.1, behind.1, Illumination::Lit), &FACE)
                .live;
        }
        last
    }

    #[test]
    fn a_face_answers_the_emitter() {
        assert_eq!(strobed((10, 150), (8, 25)), Liveness::Live);
        // In the sun, where the background is brighter than the face.
        assert_eq!(strobed((90, 220), (200, 215)), Liveness::Live);
    }

    #[test]
    fn a_screen_does_not() {
        assert_eq!(strobed((60, 62), (10, 40)), Liveness::Attack);
        assert_eq!(strobed((120, 120), (120, 120)), Liveness::Attack);
    }

    #[test]
    fn paper_that_answers_like_what_is_beside_it_is_not_live() {
        assert_eq!(strobed((10, 150), (10, 140)), Liveness::Undecided);
    }

    #[test]
    fn a_lit_frame_without_its_unlit_one_says_nothing() {
        let mut infrared = Infrared::default();
        let lit = frame(150, 20, Illumination::Lit);
        assert_eq!(infrared.measure(&lit, &FACE), Judgement::UNDECIDED);
        let mut old = frame(10, 10, Illumination::Unlit);
        let Some(before) = lit.captured.checked_sub(Duration::from_secs(1)) else {
            return;
        };
        old.captured = before;
        infrared.remember(&old);
        assert_eq!(infrared.measure(&lit, &FACE), Judgement::UNDECIDED);
        assert_eq!(
            infrared.measure(&frame(10, 10, Illumination::Unlit), &FACE),
            Judgement::UNDECIDED
        );
    }

    #[test]
    fn frames_before_the_strobe_is_known_say_nothing() {
        let mut infrared = Infrared::default();
        let early = frame(150, 30, Illumination::Unsettled);
        assert!((0..6).all(|_| infrared.measure(&early, &FACE) == Judgement::UNDECIDED));
    }

    #[test]
    fn steady_light_is_judged_by_one_frame() {
        let judge = |face, behind| {
            let mut infrared = Infrared::default();
            (0..3)
                .map(|_| {
                    infrared
                        .measure(&frame(face, behind, Illumination::Unknown), &FACE)
                        .live
                })
                .last()
                .unwrap()
        };
        assert_eq!(judge(150, 30), Liveness::Live);
        assert_eq!(judge(20, 60), Liveness::Attack);
        assert_eq!(judge(120, 110), Liveness::Undecided);
        assert_eq!(judge(255, 255), Liveness::Undecided);
    }

    #[test]
    fn boxes_that_hold_nothing_say_nothing() {
        let lit = frame(150, 30, Illumination::Unknown);
        for (x, width) in [
            (120.0, 0.0),
            (9000.0, 80.0),
            (f32::NAN, 80.0),
            (120.0, f32::INFINITY),
            (0.0, 1e9),
        ] {
            let bounds = Rect {
                x,
                width,
                ..FACE.bounds
            };
            let word = Infrared::default().measure(&lit, &Detection { bounds, ..FACE });
            assert_ne!(word.live, Liveness::Live, "{bounds:?}");
        }
    }
}
