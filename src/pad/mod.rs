//! Presentation attack detection: each detector a score with its evidence, fused so that a failure
//! never passes for life.
//!
//! What MUST hold:
//! 1. Nothing is live because it was not looked at, except where root switched every detector off.
//! 2. What is said is said of the face in the frame at hand, the one that is compared. Earlier
//!    frames count for it only as long as they show the same person's face: where another one
//!    begins, every detector forgets ([`Pad::begin_face`]), and the frame itself is undecided.
//! 3. A detector that fails or gives no number says [`Liveness::Failed`], which ends the attempt
//!    without a decision.
//! 4. A person who sits still is not an attack for that.
#![forbid(unsafe_code)]

pub mod challenge;
mod cnn;
mod detector;
mod flir;
mod infrared;
mod motion;
mod own;
mod region;
mod window;

use crate::onnx::{ModelDirs, ModelError};
use crate::types::{Detection, Digest, Frame, Liveness, Point, Spectrum};
use cnn::Cnn;
pub use detector::{Detector, Judgement, Part};
use flir::Flir;
use infrared::Infrared;
use motion::Motion;
pub use own::{OwnCut, median};
pub use window::{Bounds, Window};

/// Which detectors are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadOptions {
    pub cnn: bool,
    pub infrared: bool,
    pub motion: bool,
}

/// One detector's word on one face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word {
    pub detector: &'static str,
    pub part: Part,
    pub judgement: Judgement,
}

/// What every detector that is asked for this spectrum said of one face.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PadEvidence(pub Vec<Word>);

impl PadEvidence {
    pub fn of(&self, detector: &str) -> Option<Judgement> {
        let mut words = self.0.iter();
        words
            .find(|word| word.detector == detector)
            .map(|word| word.judgement)
    }

    /// The networks' reading of a color frame: what an enrollment keeps of it.
    pub fn margin(&self) -> Option<f32> {
        self.of(cnn::NAME)?.reading
    }
}

/// The detectors of one attempt.
pub struct Pad {
    detectors: Vec<Box<dyn Detector>>,
}

impl Pad {
    /// # Errors
    /// [`ModelError`]: a detector that is on has no model.
    pub fn load(dirs: &ModelDirs, options: PadOptions) -> Result<Self, ModelError> {
        let mut detectors: Vec<Box<dyn Detector>> = Vec::new();
        if options.cnn {
            detectors.push(Box::new(Cnn::load(dirs)?));
        }
        if options.infrared {
            detectors.push(Box::new(Infrared::default()));
            detectors.extend(Flir::load(dirs)?.map(|flir| Box::new(flir) as Box<dyn Detector>));
        }
        if options.motion {
            detectors.push(Box::new(Motion::default()));
        }
        Ok(Self { detectors })
    }

    /// Whether liveness can be judged on this spectrum at all. Root may switch every detector off;
    /// detectors that are on and all silent would keep a face undecided for ever.
    ///
    /// # Errors
    /// [`ModelError::NoDetector`].
    pub fn fits(&self, spectrum: Spectrum) -> Result<(), ModelError> {
        let mut parts = self.detectors.iter().map(|each| each.part(spectrum));
        if self.detectors.is_empty() || parts.any(|part| part == Part::Decides) {
            return Ok(());
        }
        Err(ModelError::NoDetector(spectrum.word()))
    }

    /// Takes note of a frame that is not judged.
    pub fn glance(&mut self, frame: &Frame) {
        for detector in &mut self.detectors {
            detector.glance(frame);
        }
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
        let sound = is_sound(face);
        let mut words = Vec::with_capacity(self.detectors.len());
        for detector in &mut self.detectors {
            let part = detector.part(spectrum);
            let judgement = match part {
                Part::Silent => continue,
                Part::Decides | Part::Vetoes if sound => detector.judge(frame, face)?,
                Part::Decides | Part::Vetoes => Judgement::FAILED,
            };
            words.push(Word {
                detector: detector.name(),
                part,
                judgement,
            });
        }
        Ok(PadEvidence(words))
    }

    /// One word of all that was said of one face. A failure outweighs everything, then an attack.
    /// Life is for a detector that decides on this spectrum to say, and each of them must: a mask
    /// turns its head, too, so motion takes trust away and lends none. Only where root switched
    /// every detector off is there none to ask.
    pub fn fuse(&self, evidence: &PadEvidence) -> Judgement {
        if self.detectors.is_empty() {
            return Judgement {
                live: Liveness::Live,
                ..Judgement::UNDECIDED
            };
        }
        fuse(evidence)
    }

    /// Names the networks of [`PadEvidence::margin`]; `None` where they are off.
    pub fn networks(&self) -> Option<Digest> {
        self.detectors.iter().find_map(|each| each.networks())
    }

    /// Whose face is expected, by what the enrollment read of it.
    pub fn expect(&mut self, own: Option<f32>) {
        for detector in &mut self.detectors {
            detector.expect(own);
        }
    }

    /// Another face, or another attempt, begins: nothing seen before counts.
    pub fn begin_face(&mut self) {
        for detector in &mut self.detectors {
            detector.reset();
        }
    }
}

fn is_sound(face: &Detection) -> bool {
    let finite = |point: &Point| point.x.is_finite() && point.y.is_finite();
    let b = face.bounds;
    face.landmarks.iter().all(finite) && [b.x, b.y, b.width, b.height].iter().all(|v| v.is_finite())
}

fn fuse(PadEvidence(words): &PadEvidence) -> Judgement {
    let fit = |score: Option<f32>| score.is_none_or(|score| (0.0..=1.0).contains(&score));
    let says = |word: &Word, live| word.judgement.live == live;
    let fails = |word: &Word| says(word, Liveness::Failed) || !fit(word.judgement.score);
    if words.iter().any(fails) {
        return Judgement::FAILED;
    }
    let scores = words.iter().filter_map(|word| word.judgement.score);
    let mut deciding = words.iter().filter(|word| word.part == Part::Decides);
    let decided = words.iter().any(|word| word.part == Part::Decides);
    let live = if words.iter().any(|word| says(word, Liveness::Attack)) {
        Liveness::Attack
    } else if decided && deciding.all(|word| says(word, Liveness::Live)) {
        Liveness::Live
    } else {
        Liveness::Undecided
    };
    Judgement {
        live,
        score: scores.reduce(f32::min),
        reading: None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_word() -> impl Strategy<Value = Word> {
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
        let part = prop_oneof![Just(Part::Decides), Just(Part::Vetoes)];
        (live, score, part).prop_map(|(live, score, part)| Word {
            detector: "any",
            part,
            judgement: Judgement {
                live,
                score,
                reading: None,
            },
        })
    }

    proptest! {
        #[test]
        fn a_failed_or_attacked_detector_never_yields_life(
            words in prop::collection::vec(any_word(), 0..4),
        ) {
            let fused = fuse(&PadEvidence(words.clone()));
            let number = |w: &Word| {
                w.judgement.score.is_none_or(|s| s.is_finite() && (0.0..=1.0).contains(&s))
            };
            let says = |live| words.iter().any(|w| w.judgement.live == live);
            if says(Liveness::Failed) || !words.iter().all(number) {
                prop_assert_eq!(fused.live, Liveness::Failed);
            } else if says(Liveness::Attack) {
                prop_assert_eq!(fused.live, Liveness::Attack);
            }
            if fused.live == Liveness::Live {
                let mut deciding = words.iter().filter(|w| w.part == Part::Decides);
                prop_assert!(deciding.clone().next().is_some());
                prop_assert!(deciding.all(|w| w.judgement.live == Liveness::Live));
            }
            prop_assert!(fused.score.is_none_or(f32::is_finite));
        }
    }

    fn said(words: &[(Part, Liveness)]) -> Liveness {
        let word = |(part, live): &(Part, Liveness)| Word {
            detector: "any",
            part: *part,
            judgement: Judgement {
                live: *live,
                score: Some(0.9),
                reading: None,
            },
        };
        fuse(&PadEvidence(words.iter().map(word).collect())).live
    }

    #[test]
    fn a_still_face_is_held_back_only_by_the_detector_of_its_spectrum() {
        use Liveness::{Attack, Live, Undecided};
        use Part::{Decides, Vetoes};
        assert_eq!(said(&[(Decides, Live), (Vetoes, Undecided)]), Live);
        assert_eq!(said(&[(Decides, Undecided), (Vetoes, Live)]), Undecided);
        assert_eq!(said(&[(Decides, Live), (Vetoes, Attack)]), Attack);
        assert_eq!(said(&[(Decides, Live), (Decides, Undecided)]), Undecided);
    }

    #[test]
    fn a_face_is_not_live_because_the_detectors_that_are_on_are_for_other_light() {
        assert_eq!(said(&[]), Liveness::Undecided);
        assert_eq!(
            said(&[(Part::Vetoes, Liveness::Live)]),
            Liveness::Undecided,
            "a mask turns, too"
        );
        let off = Pad {
            detectors: Vec::new(),
        };
        assert_eq!(off.fuse(&PadEvidence::default()).live, Liveness::Live);
        let motion = Pad {
            detectors: vec![Box::new(Motion::default())],
        };
        assert_eq!(
            motion.fuse(&PadEvidence::default()).live,
            Liveness::Undecided
        );
    }
}
