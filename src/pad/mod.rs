//! Presentation attack detection: each detector a score with its evidence, fused so that a failure
//! never passes for life.
//!
//! What MUST hold:
//! 1. Nothing is live because it was not looked at, except where root switched every detector off.
//! 2. What is said is said of the face in the frame at hand, the one that is compared: earlier
//!    frames may take trust away from it, they never lend it any.
//! 3. A detector that fails or gives no number says [`Liveness::Failed`], which ends the attempt
//!    without a decision.
//! 4. Somebody who sits still is not an attack for that.
#![forbid(unsafe_code)]

pub mod challenge;
mod cnn;
mod infrared;
mod motion;
mod region;
mod window;

use crate::onnx::{ModelDirs, ModelError};
use crate::types::{Detection, Frame, Illumination, Liveness, Point, Spectrum};
use cnn::Cnn;
use infrared::Infrared;
use motion::Motion;

/// Which detectors are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadOptions {
    pub cnn: bool,
    pub infrared: bool,
    pub motion: bool,
}

impl PadOptions {
    /// Every detector off: root wanted nobody asked.
    const NONE: Self = Self {
        cnn: false,
        infrared: false,
        motion: false,
    };
    #[cfg(test)]
    const ALL: Self = Self {
        cnn: true,
        infrared: true,
        motion: true,
    };
}

/// A detector's word on one face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    pub live: Liveness,
    /// 0 (attack) ..= 1 (live); absent where nothing measured it.
    pub score: Option<f32>,
}

impl Judgement {
    const UNKNOWN: Self = Self {
        live: Liveness::Undecided,
        score: None,
    };
    const FAILED: Self = Self {
        live: Liveness::Failed,
        score: None,
    };
}

/// Each detector's word on one face; absent where it is off or not for this spectrum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PadEvidence {
    pub cnn: Option<Judgement>,
    pub infrared: Option<Judgement>,
    pub motion: Option<Judgement>,
}

/// The detectors of one attempt.
pub struct Pad {
    options: PadOptions,
    cnn: Option<Cnn>,
    infrared: Infrared,
    motion: Motion,
}

impl Pad {
    /// # Errors
    /// [`ModelError`]: a detector that is on has no model.
    pub fn load(dirs: &ModelDirs, options: PadOptions) -> Result<Self, ModelError> {
        let cnn = if options.cnn {
            Some(Cnn::load(dirs)?)
        } else {
            None
        };
        Ok(Self {
            options,
            cnn,
            infrared: Infrared::default(),
            motion: Motion::default(),
        })
    }

    /// Takes note of a frame that is not judged: the unlit ones of a strobing emitter are half of
    /// infrared's evidence.
    pub fn glance(&mut self, frame: &Frame) {
        if self.options.infrared && frame.illumination == Illumination::Unlit {
            self.infrared.remember(frame);
        }
    }

    /// Judges the face in this frame.
    ///
    /// # Errors
    /// [`ModelError`]: a model does not do its work.
    pub fn observe(
        &mut self,
        frame: &Frame,
        face: &Detection,
        spectrum: Spectrum,
    ) -> Result<Judgement, ModelError> {
        self.examine(frame, face, spectrum)
            .map(|evidence| self.fuse(&evidence))
    }

    /// What each detector says of the face in this frame.
    ///
    /// # Errors
    /// [`ModelError`]: a model does not do its work.
    pub fn examine(
        &mut self,
        frame: &Frame,
        face: &Detection,
        spectrum: Spectrum,
    ) -> Result<PadEvidence, ModelError> {
        let mut evidence = PadEvidence::default();
        if !is_sound(face) {
            evidence.motion = Some(Judgement::FAILED);
            return Ok(evidence);
        }
        match (spectrum, &mut self.cnn) {
            (Spectrum::Color, Some(cnn)) => evidence.cnn = Some(cnn.judge(frame, face)?),
            (Spectrum::Infrared, _) if self.options.infrared => {
                evidence.infrared = Some(self.infrared.judge(frame, face));
            }
            (Spectrum::Color | Spectrum::Infrared, _) => {}
        }
        if self.options.motion {
            evidence.motion = Some(self.motion.judge(frame.captured, face));
        }
        Ok(evidence)
    }

    /// One word of all that was said of one face.
    pub fn fuse(&self, evidence: &PadEvidence) -> Judgement {
        fuse(evidence, self.options)
    }

    /// Begins another attempt with the same models.
    pub fn reset(&mut self) {
        self.infrared = Infrared::default();
        self.motion = Motion::default();
        if let Some(cnn) = &mut self.cnn {
            cnn.reset();
        }
    }
}

fn is_sound(face: &Detection) -> bool {
    let finite = |point: &Point| point.x.is_finite() && point.y.is_finite();
    let b = face.bounds;
    face.landmarks.iter().all(finite) && [b.x, b.y, b.width, b.height].iter().all(|v| v.is_finite())
}

/// One word of all of them. A failure outweighs everything, then an attack. Life is for a detector
/// made for this spectrum to say, and each that is on must: a mask turns its head, too, so motion
/// takes trust away and lends none. Only where root switched every detector off (`options`) is
/// there nobody to ask.
fn fuse(evidence: &PadEvidence, options: PadOptions) -> Judgement {
    if options == PadOptions::NONE {
        return Judgement {
            live: Liveness::Live,
            score: None,
        };
    }
    let words = [evidence.cnn, evidence.infrared, evidence.motion];
    let fit = |word: &&Judgement| word.score.is_none_or(|score| (0.0..=1.0).contains(&score));
    if words
        .iter()
        .flatten()
        .any(|word| word.live == Liveness::Failed || !fit(&word))
    {
        return Judgement::FAILED;
    }
    let score = words
        .iter()
        .flatten()
        .filter_map(|word| word.score)
        .reduce(f32::min);
    let made_for_it = [evidence.cnn, evidence.infrared];
    let mut made_for_it = made_for_it.iter().flatten().peekable();
    let live = if words
        .iter()
        .flatten()
        .any(|word| word.live == Liveness::Attack)
    {
        Liveness::Attack
    } else if made_for_it.peek().is_some() && made_for_it.all(|word| word.live == Liveness::Live) {
        Liveness::Live
    } else {
        Liveness::Undecided
    };
    Judgement { live, score }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = Option<Judgement>> {
        let live = prop_oneof![
            Just(Liveness::Live),
            Just(Liveness::Attack),
            Just(Liveness::Undecided),
            Just(Liveness::Failed)
        ];
        let score = prop_oneof![
            Just(None),
            any::<f32>().prop_map(Some),
            (0.0..=1.0_f32).prop_map(Some)
        ];
        prop::option::of((live, score).prop_map(|(live, score)| Judgement { live, score }))
    }

    proptest! {
        #[test]
        fn a_failed_or_attacked_detector_never_yields_life(cnn in word(), infrared in word(), motion in word()) {
            let evidence = PadEvidence { cnn, infrared, motion };
            let words: Vec<_> = [cnn, infrared, motion].into_iter().flatten().collect();
            let fused = fuse(&evidence, PadOptions::ALL);
            let number = |w: &Judgement| w.score.is_none_or(|s| s.is_finite() && (0.0..=1.0).contains(&s));
            if words.iter().any(|w| w.live == Liveness::Failed || !number(w)) {
                prop_assert_eq!(fused.live, Liveness::Failed);
            } else if words.iter().any(|w| w.live == Liveness::Attack) {
                prop_assert_eq!(fused.live, Liveness::Attack);
            }
            if fused.live == Liveness::Live {
                let mut made_for_it = [cnn, infrared].into_iter().flatten();
                prop_assert!(made_for_it.next().is_some_and(|w| w.live == Liveness::Live));
                prop_assert!(made_for_it.all(|w| w.live == Liveness::Live));
            }
            prop_assert!(fused.score.is_none_or(f32::is_finite));
        }
    }

    #[test]
    fn a_still_face_is_held_back_by_nobody_but_the_detector_of_its_spectrum() {
        let yes = Some(Judgement {
            live: Liveness::Live,
            score: Some(0.9),
        });
        let unknown = Some(Judgement::UNKNOWN);
        let of = |cnn, motion| {
            fuse(
                &PadEvidence {
                    cnn,
                    motion,
                    ..PadEvidence::default()
                },
                PadOptions::ALL,
            )
            .live
        };
        assert_eq!(of(yes, unknown), Liveness::Live);
        assert_eq!(of(unknown, yes), Liveness::Undecided);
        assert_eq!(of(None, unknown), Liveness::Undecided);
    }

    #[test]
    fn nobody_is_live_because_the_detectors_that_are_on_are_for_other_light() {
        let only_cnn = PadOptions {
            cnn: true,
            ..PadOptions::NONE
        };
        assert_eq!(
            fuse(&PadEvidence::default(), only_cnn).live,
            Liveness::Undecided
        );
        let only_motion = PadOptions {
            motion: true,
            ..PadOptions::NONE
        };
        let turned = PadEvidence {
            motion: Some(Judgement {
                live: Liveness::Live,
                score: Some(0.9),
            }),
            ..PadEvidence::default()
        };
        assert_eq!(
            fuse(&turned, only_motion).live,
            Liveness::Undecided,
            "a mask turns, too"
        );
        assert_eq!(
            fuse(&PadEvidence::default(), PadOptions::NONE).live,
            Liveness::Live
        );
    }
}
