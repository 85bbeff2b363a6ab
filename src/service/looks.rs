//! What one frame shows: a face that can be judged, or what to change.

use std::time::Instant;

use facelock_protocol::Measurement;

use super::stages::Stopwatch;
use crate::camera::exposure;
use crate::config::Config;
use crate::decision::verdict::Liveness;
use crate::face::{Engine, Quality, QualityLimits};
use crate::onnx::{ModelDirs, ModelError};
use crate::pad::{Live, Pad, PadOptions};
use crate::types::{Detection, Digest, Embedding, Frame, Hint, Illumination, Spectrum};

/// A second face of more than this part of the largest one's area makes it unclear whose face is
/// meant.
const SECOND_FACE: f32 = 0.4;

/// The models of an attempt, ready to judge frames.
pub struct Judge {
    engine: Engine,
    pad: Pad,
}

/// A face good enough to be judged. What is said of its liveness is said of this very face.
pub struct Look {
    pub face: Detection,
    pub quality: Quality,
    pub embedding: Embedding,
    pub liveness: Liveness,
    /// 0 (attack) ..= 1 (live); absent where nothing measures it.
    pub live_score: Option<f32>,
}

/// What a frame shows.
pub enum Seen {
    Look(Box<Look>),
    /// Nothing to judge, and what would help; the face, if there is one.
    Hint(Hint, Option<Detection>),
    /// The unlit frame of a strobing emitter: dark on purpose, and only worth comparing with its
    /// lit neighbour.
    Unlit,
}

/// Who judges an attempt's frames: the loaded models, or a script where the loop itself is tested.
pub trait Eye {
    /// Names what makes embeddings, so that they meet only templates of their own kind.
    fn digest(&self) -> Digest;

    /// The score at and above which probe and template are one person's.
    fn threshold(&self, spectrum: Spectrum) -> f32;

    /// Judges one frame.
    ///
    /// # Errors
    /// [`ModelError`]: a model does not do its work; no decision can be made.
    fn look(
        &mut self,
        frame: &Frame,
        spectrum: Spectrum,
        limits: &QualityLimits,
        watch: &mut Stopwatch,
    ) -> Result<Seen, ModelError>;
}

impl Look {
    /// Fills in what this look shows.
    pub fn describe(&self, measurement: &mut Measurement) {
        let b = self.face.bounds;
        measurement.detection_score = self.face.score;
        measurement.face = [b.x, b.y, b.width, b.height];
        measurement.landmarks = self.face.landmarks.map(|p| [p.x, p.y]);
        measurement.quality = self.quality.overall();
        measurement.liveness = self.live_score;
    }
}

impl Judge {
    /// Loads the models that `config` calls for.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn load(config: &Config) -> Result<Self, ModelError> {
        let dirs: ModelDirs = config.model_dirs();
        let engine = Engine::load(&dirs, config.engine_options())?;
        let options = PadOptions {
            cnn: config.pad.cnn,
            infrared: config.pad.infrared,
            motion: config.pad.motion,
        };
        Ok(Self {
            engine,
            pad: Pad::load(&dirs, options)?,
        })
    }
}

impl Eye for Judge {
    fn digest(&self) -> Digest {
        self.engine.digest()
    }

    fn threshold(&self, spectrum: Spectrum) -> f32 {
        self.engine.threshold(spectrum)
    }

    fn look(
        &mut self,
        frame: &Frame,
        spectrum: Spectrum,
        limits: &QualityLimits,
        watch: &mut Stopwatch,
    ) -> Result<Seen, ModelError> {
        self.pad.glance(frame);
        if frame.illumination == Illumination::Unlit {
            return Ok(Seen::Unlit);
        }
        let exposure = exposure::judge(frame);
        if !exposure.lit() {
            return Ok(Seen::Hint(Hint::TooDark, None));
        }
        watch.mark(|stages| &mut stages.first_lit_frame);
        let begun = Instant::now();
        let faces = self.engine.detect(frame)?;
        watch.took(|stages| &mut stages.detect, begun);
        let Some(face) = faces.first().copied() else {
            return Ok(Seen::Hint(exposure.hint().unwrap_or(Hint::NoFace), None));
        };
        if faces
            .get(1)
            .is_some_and(|second| second.bounds.area() > SECOND_FACE * face.bounds.area())
        {
            return Ok(Seen::Hint(Hint::ManyFaces, Some(face)));
        }
        let quality = Quality::of(frame, &face);
        if let Some(hint) = quality.hint(limits) {
            return Ok(Seen::Hint(hint, Some(face)));
        }
        let begun = Instant::now();
        let judged = self.pad.observe(frame, &face, spectrum)?;
        watch.took(|stages| &mut stages.pad, begun);
        let begun = Instant::now();
        let embedding = self.engine.embed(frame, &face)?;
        watch.took(|stages| &mut stages.embed, begun);
        let Some(embedding) = embedding else {
            return Ok(Seen::Hint(Hint::LookAtCamera, Some(face)));
        };
        let liveness = match judged.live {
            Live::Yes => Liveness::Live,
            Live::No => Liveness::Attack,
            Live::Unknown => Liveness::Undecided,
            Live::Failed => Liveness::Failed,
        };
        Ok(Seen::Look(Box::new(Look {
            face,
            quality,
            embedding,
            liveness,
            live_score: judged.score,
        })))
    }
}
