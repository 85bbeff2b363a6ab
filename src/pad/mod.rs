//! Presentation attack detection: each detector a score with its evidence, fused so that a failure never passes for life.
//!
//! What MUST hold:
//! 1. Nothing is live because it was not looked at, except where root switched every detector off.
//! 2. What is said is said of the face in the frame at hand, the one that is compared.
//! 3. A detector that fails or gives no number says [`Live::Failed`], which ends the attempt without a decision.
#![forbid(unsafe_code)]

mod cnn;

use crate::onnx::{ModelDirs, ModelError};
use crate::types::{Detection, Frame, Spectrum};
use cnn::Cnn;

/// Which detectors are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadOptions {
    pub cnn: bool,
    pub infrared: bool,
    pub motion: bool,
}

/// What is said of one face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    Yes,
    No,
    Unknown,
    Failed,
}

/// A detector's word on one face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    pub live: Live,
    /// 0 (attack) ..= 1 (live); absent where nothing measured it.
    pub score: Option<f32>,
}

/// The detectors of one attempt.
pub struct Pad {
    options: PadOptions,
    cnn: Option<Cnn>,
}

impl Pad {
    /// # Errors
    /// [`ModelError`]: a detector that is on has no model.
    pub fn load(dirs: &ModelDirs, options: PadOptions) -> Result<Self, ModelError> {
        let cnn = if options.cnn { Some(Cnn::load(dirs)?) } else { None };
        Ok(Self { options, cnn })
    }

    /// Judges the face in this frame.
    ///
    /// # Errors
    /// [`ModelError`]: a model does not do its work.
    pub fn observe(&mut self, frame: &Frame, face: &Detection, spectrum: Spectrum) -> Result<Judgement, ModelError> {
        match (spectrum, &mut self.cnn) {
            (Spectrum::Color, Some(cnn)) => cnn.judge(frame, face),
            (Spectrum::Color, None) => Ok(Judgement { live: Live::Yes, score: None }),
            (Spectrum::Infrared, _) if !self.options.infrared => Ok(Judgement { live: Live::Yes, score: None }),
            (Spectrum::Infrared, _) => Ok(Judgement { live: Live::Unknown, score: None }),
        }
    }
}
