//! One frame through the rooms: exposure, detection, quality, presentation attack detection (PAD),
//! features.
//!
//! What MUST hold:
//! 1. Liveness and features of a [`JudgedFace`] are of one face in one frame.
//! 2. A frame with two faces of about one size has no judged face: it is unclear whose it would be.

use std::time::{Duration, Instant};

use crate::camera::exposure;
use crate::face::{Engine, EngineOptions, Quality, QualityLimits};
use crate::onnx::{ModelDirs, ModelError};
use crate::pad::{Pad, PadEvidence, PadOptions};
use crate::types::{Detection, Digest, Embedding, Frame, Hint, Illumination, Liveness, Spectrum};

/// A second face of more than this part of the largest one's area makes it unclear whose face is
/// meant.
const SECOND_FACE: f32 = 0.4;

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
}

impl FrameJudge {
    /// Loads the models that the options call for.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn load(
        dirs: &ModelDirs,
        engine: EngineOptions,
        pad: PadOptions,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            engine: Engine::load(dirs, engine)?,
            pad: Pad::load(dirs, pad)?,
        })
    }

    /// Begins another attempt with the same models.
    pub fn reset(&mut self) {
        self.pad.reset();
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
        if !exposure.lit() {
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

    fn judge(
        &mut self,
        frame: &Frame,
        spectrum: Spectrum,
        limits: &QualityLimits,
        times: &mut FrameTimes,
    ) -> Result<FrameOutcome, ModelError> {
        self.pad.glance(frame);
        if frame.illumination == Illumination::Unlit {
            return Ok(FrameOutcome::Unlit);
        }
        let (face, quality) = match self.find(frame, limits, times)? {
            Ok(found) => found,
            Err(outcome) => return Ok(outcome),
        };
        let begun = Instant::now();
        let evidence = self.pad.examine(frame, &face, spectrum)?;
        times.pad = Some(begun.elapsed());
        let begun = Instant::now();
        let embedding = self.engine.embed(frame, &face)?;
        times.embed = Some(begun.elapsed());
        let Some(embedding) = embedding else {
            return Ok(FrameOutcome::Hint(Hint::LookAtCamera, Some(face)));
        };
        let judged = self.pad.fuse(&evidence);
        Ok(FrameOutcome::Judged(Box::new(JudgedFace {
            face,
            quality,
            embedding,
            liveness: judged.live,
            live_score: judged.score,
            evidence,
        })))
    }
}
