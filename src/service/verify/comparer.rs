//! Frames compared with templates. Models, templates and camera each come from a thread of their
//! own, in any order; frames wait until all three are there.

use crate::face::QualityLimits;
use crate::pipeline::frame::{FrameOutcome, FrameTimes, JudgedFace};
use crate::service::failure::Answer;
use crate::service::inbox::Models;
use crate::service::newest::NewestFrames;
use crate::service::templates::Gallery;
use crate::types::{CameraIdentity, Detection, Frame, Hint, Spectrum, Unavailable};

#[derive(Default)]
pub struct Comparer {
    pub models: Option<Models>,
    pub gallery: Option<Gallery>,
    pub camera: Option<(CameraIdentity, Spectrum)>,
    /// Frames that came before models and templates.
    waiting: NewestFrames,
}

/// What a frame shows, compared.
pub enum Compared {
    Face(Box<ComparedFace>),
    /// Nothing to compare, and what would help; the face, if there is one.
    Hint(Hint, Option<Detection>),
    /// Dark on purpose.
    Unlit,
}

pub struct ComparedFace {
    pub judged: JudgedFace,
    pub score: f32,
    pub threshold: f32,
}

impl Comparer {
    /// Whether a frame could be judged now. Without, no person is told that no face is seen.
    pub fn looks_for_faces(&self) -> bool {
        self.models.is_some() && self.gallery.is_some()
    }

    /// Keeps a frame until it can be compared.
    pub fn keep(&mut self, frame: Frame) {
        self.waiting.push(frame);
    }

    /// Compares the oldest frame that waits, once everything is there.
    ///
    /// # Errors
    /// A model's failure; [`Unavailable::OtherCamera`] or [`Unavailable::TemplatesRejected`] where
    /// no template can be compared.
    pub fn next(&mut self, times: &mut FrameTimes) -> Answer<Option<Compared>> {
        let (Some(models), Some(gallery), Some((camera, spectrum))) =
            (&mut self.models, &self.gallery, &self.camera)
        else {
            return Ok(None);
        };
        let Some(frame) = self.waiting.pop() else {
            return Ok(None);
        };
        let templates = gallery.for_camera(camera, models.digest())?;
        let threshold = models.threshold(*spectrum);
        let own = gallery.margin(camera, models.networks());
        models.expect(own);
        let outcome = models.judge(&frame, *spectrum, &QualityLimits::VERIFY, times)?;
        Ok(Some(match outcome {
            FrameOutcome::Hint(hint, face) => Compared::Hint(hint, face),
            FrameOutcome::Unlit => Compared::Unlit,
            FrameOutcome::Judged(judged) => {
                let score = models.weights().compare(&judged.embedding, templates);
                let score = score.ok_or(Unavailable::TemplatesRejected)?;
                Compared::Face(Box::new(ComparedFace {
                    judged: *judged,
                    score,
                    threshold,
                }))
            }
        }))
    }
}
