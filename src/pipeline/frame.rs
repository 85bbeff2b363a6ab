//! One frame through the rooms: exposure, detection, quality, presentation attack detection (PAD),
//! features.
//!
//! What MUST hold:
//! 1. Liveness and features of a [`JudgedFace`] are of one face in one frame.
//! 2. What was seen of another face lends this one nothing: where the features stop resembling the
//!    frame's before, detectors begin anew.
//! 3. A frame with two faces of about one size has no judged face: it is unclear whose it would be.

use std::time::{Duration, Instant};

use crate::camera::exposure;
use crate::face::{Engine, Eyes, Quality, QualityLimits, Weights, compare};
use crate::onnx::{ModelDirs, ModelError, joined};
use crate::pad::{Judgement, Pad, PadEvidence, PadOptions};
use crate::types::{Detection, Digest, Embedding, Frame, Hint, Illumination, Liveness, Spectrum};

/// A second face of more than this part of the largest one's area makes it unclear whose face is
/// meant.
const SECOND_FACE: f32 = 0.4;
/// Features of two frames below this cosine are two people's: of the clips' frames 0.1 s apart none
/// was below 0.46, and one in a thousand pairs of strangers is above 0.35 (docs/evaluation.md).
const SAME_FACE: f32 = 0.4;
/// From here on both eyes are shut. One picture in thirty of open eyes is above it, of no one all
/// of three and more pictures (docs/evaluation.md).
pub const SHUT: f32 = 0.9;

/// A face good enough to be judged.
pub struct JudgedFace {
    pub face: Detection,
    pub quality: Quality,
    pub embedding: Embedding,
    pub liveness: Liveness,
    /// 0 (attack) ..= 1 (live); absent where nothing measures it.
    pub live_score: Option<f32>,
    /// What each detector said.
    pub evidence: PadEvidence,
    /// Whether both eyes are surely shut, in this frame; absent where nothing looks at them.
    pub eyes_shut: Option<bool>,
}

/// What a frame shows.
pub enum FrameOutcome {
    Judged(Box<JudgedFace>),
    /// Nothing to judge, and what would help; the face, if there is one.
    Hint(Hint, Option<Detection>),
    /// The unlit frame of a strobing emitter: dark on purpose, and only worth comparing with its
    /// lit neighbor.
    Unlit,
}

/// When the first lit frame came, and how long each step took the last time.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameTimes {
    pub first_lit: Option<Instant>,
    pub detect: Option<Duration>,
    pub pad: Option<Duration>,
    pub embed: Option<Duration>,
}

/// What judges an attempt's frames: the loaded models, or a script where the loop itself is tested.
pub trait JudgeFrames {
    /// Names what makes embeddings, so that they meet only templates of their own kind.
    fn digest(&self) -> Digest;

    /// The score at and above which probe and template are one person's.
    fn threshold(&self, spectrum: Spectrum) -> f32;

    /// What each embedder counts in a score.
    fn weights(&self) -> &Weights;

    /// Names what reads margins, so that those of another kind hold no one to them; `None` where
    /// nothing reads any.
    fn networks(&self) -> Option<Digest>;

    /// Expects the person whose enrollment had this margin, in all that follows; `None`: no one in
    /// particular.
    fn expect(&mut self, own: Option<f32>);

    /// Judges one frame.
    ///
    /// # Errors
    /// [`ModelError`]: a model does not do its work; no decision can be made.
    fn judge(
        &mut self,
        frame: &Frame,
        spectrum: Spectrum,
        limits: &QualityLimits,
        times: &mut FrameTimes,
    ) -> Result<FrameOutcome, ModelError>;
}

/// The models of an attempt, ready to judge frames.
pub struct FrameJudge {
    engine: Engine,
    pad: Pad,
    eyes: Option<Eyes>,
    /// Features of the face judged last.
    last: Option<Embedding>,
}

impl FrameJudge {
    /// Loads the models that the options call for, the detectors' on a second thread. `eyes`: to
    /// look at them, where their model is installed.
    pub fn load(dirs: &ModelDirs, pad: PadOptions, eyes: bool) -> Result<Self, ModelError> {
        let (engine, pad) = std::thread::scope(|scope| {
            let pad = scope.spawn(|| {
                let eyes = if eyes { Eyes::load(dirs)? } else { None };
                Ok((Pad::load(dirs, pad)?, eyes))
            });
            (Engine::load(dirs), joined(pad))
        });
        let (pad, eyes) = pad?;
        Ok(Self {
            engine: engine?,
            pad,
            eyes,
            last: None,
        })
    }

    /// Runs the slowest embedder once on nothing: what only a first run costs, memory above all, is
    /// over before a frame is there. Only worth it while none is.
    ///
    /// # Errors
    /// [`ModelError`]: a network does not do its work.
    pub fn warm_up(&mut self) -> Result<(), ModelError> {
        self.engine.warm_up()
    }

    /// Begins another attempt with the same models.
    pub fn reset(&mut self) {
        self.pad.begin_face();
        self.last = None;
    }

    /// What the detectors say, and features: side by side, for neither waits for the other.
    fn measure(
        &mut self,
        frame: &Frame,
        face: &Detection,
        spectrum: Spectrum,
        times: &mut FrameTimes,
    ) -> Result<(PadEvidence, Option<bool>, Option<Embedding>), ModelError> {
        let Self {
            engine, pad, eyes, ..
        } = self;
        let begun = Instant::now();
        let ((evidence, shut, took), embedding) = std::thread::scope(|scope| {
            let evidence = scope.spawn(|| {
                let evidence = pad.examine(frame, face, spectrum)?;
                let shut = match eyes {
                    Some(eyes) => eyes.shut(frame, face, spectrum)?,
                    None => None,
                };
                Ok((evidence, shut.map(|shut| shut >= SHUT), begun.elapsed()))
            });
            let embedding = engine.embed(frame, face);
            times.embed = Some(begun.elapsed());
            joined(evidence).and_then(|evidence| Ok((evidence, embedding?)))
        })?;
        times.pad = Some(took);
        Ok((evidence, shut, embedding))
    }

    /// One word on the face; undecided where it is not the one before.
    fn weigh(&mut self, evidence: &PadEvidence, embedding: &Embedding) -> Judgement {
        let before = self.last.replace(embedding.clone());
        let resembles = |before| compare(embedding, &[before]).is_some_and(|c| c >= SAME_FACE);
        let judged = self.pad.fuse(evidence);
        if before.is_none_or(resembles) || judged.live == Liveness::Failed {
            return judged;
        }
        self.pad.begin_face();
        self.pad.fuse(&PadEvidence::default())
    }

    /// The one face that is large enough and well enough seen to be judged.
    fn find(
        &mut self,
        frame: &Frame,
        limits: &QualityLimits,
        times: &mut FrameTimes,
    ) -> Result<Result<(Detection, Quality), FrameOutcome>, ModelError> {
        let hint = |hint, face| Ok(Err(FrameOutcome::Hint(hint, face)));
        let exposure = exposure::judge(frame);
        if exposure.is_black() {
            return hint(Hint::TooDark, None);
        }
        let begun = Instant::now();
        times.first_lit.get_or_insert(begun);
        let faces = self.engine.detect(frame)?;
        times.detect = Some(begun.elapsed());
        let Some(face) = faces.first().copied() else {
            return hint(exposure.hint().unwrap_or(Hint::NoFace), None);
        };
        let second = |second: &Detection| second.bounds.area() > SECOND_FACE * face.bounds.area();
        if faces.get(1).is_some_and(second) {
            return hint(Hint::ManyFaces, Some(face));
        }
        // Infrared lights the face and nothing behind it: only the light on the face counts.
        if let Some(because) = exposure::judge_in(frame, &face.bounds).hint() {
            return hint(because, Some(face));
        }
        let quality = Quality::of(frame, &face);
        match quality.hint(limits) {
            Some(because) => hint(because, Some(face)),
            None => Ok(Ok((face, quality))),
        }
    }
}

impl JudgeFrames for FrameJudge {
    fn digest(&self) -> Digest {
        self.engine.digest()
    }

    fn threshold(&self, spectrum: Spectrum) -> f32 {
        self.engine.threshold(spectrum)
    }

    fn weights(&self) -> &Weights {
        self.engine.weights()
    }

    fn networks(&self) -> Option<Digest> {
        self.pad.networks()
    }

    fn expect(&mut self, own: Option<f32>) {
        self.pad.expect(own);
    }

    fn judge(
        &mut self,
        frame: &Frame,
        spectrum: Spectrum,
        limits: &QualityLimits,
        times: &mut FrameTimes,
    ) -> Result<FrameOutcome, ModelError> {
        self.pad.fits(spectrum)?;
        self.pad.glance(frame);
        if frame.illumination == Illumination::Unlit {
            return Ok(FrameOutcome::Unlit);
        }
        let (face, quality) = match self.find(frame, limits, times)? {
            Ok(found) => found,
            Err(outcome) => return Ok(outcome),
        };
        let (evidence, eyes_shut, embedding) = self.measure(frame, &face, spectrum, times)?;
        let Some(embedding) = embedding else {
            return Ok(FrameOutcome::Hint(Hint::LookAtCamera, Some(face)));
        };
        let judged = self.weigh(&evidence, &embedding);
        Ok(FrameOutcome::Judged(Box::new(JudgedFace {
            face,
            quality,
            embedding,
            liveness: judged.live,
            live_score: judged.score,
            evidence,
            eyes_shut,
        })))
    }
}
