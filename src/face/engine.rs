//! The models of one attempt, together.

use super::compare::Weights;
use super::detect::{CANVAS, Detector};
use super::embed::Embedder;
use super::networks::Networks;
use super::refine::refine;
use crate::onnx::{ModelDirs, ModelError, Runtime};
use crate::types::{Detection, Digest, Embedding, Frame, Spectrum};

/// Detector and embedders, ready to run.
pub struct Engine {
    detector: Detector,
    embedders: Vec<Embedder>,
    networks: Networks,
}

impl Engine {
    /// Loads and verifies the networks in force, the detector on a second thread.
    ///
    /// # Errors
    /// [`ModelError`]: nothing is used that is not the pinned file with the expected shapes.
    pub fn load(dirs: &ModelDirs) -> Result<Self, ModelError> {
        let networks = Networks::installed(dirs)?;
        let runtime = Runtime::at(&dirs.runtime);
        let (detector, embedders) = std::thread::scope(|scope| {
            let detector =
                scope.spawn(|| Detector::open(&runtime, dirs, &networks.detector, Some(CANVAS)));
            let embedders: Result<Vec<_>, _> = networks
                .embedders
                .iter()
                .map(|entry| Embedder::open(&runtime, dirs, entry))
                .collect();
            let detector = detector
                .join()
                .unwrap_or_else(|_| Err(ModelError::Runtime("the loader panicked".into())));
            (detector, embedders)
        });
        Ok(Self {
            detector: detector?,
            embedders: embedders?,
            networks,
        })
    }

    /// The faces of a frame, largest first.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, ModelError> {
        self.detector.detect(frame)
    }

    /// The features of a face. `None` where they are degenerate.
    pub fn embed(
        &mut self,
        frame: &Frame,
        face: &Detection,
    ) -> Result<Option<Embedding>, ModelError> {
        let face = &refine(&mut self.detector, frame, face)?;
        let mut values = Vec::new();
        for embedder in &mut self.embedders {
            match embedder.embed(frame, face)? {
                // Unit vectors side by side: `Weights` makes a mean of their cosines.
                Some(embedding) => values.extend_from_slice(embedding.values()),
                None => return Ok(None),
            }
        }
        Ok(Embedding::normalized(values))
    }

    /// The score at and above which probe and template are one person's.
    pub fn threshold(&self, spectrum: Spectrum) -> f32 {
        match spectrum {
            Spectrum::Color => self.networks.threshold.color,
            Spectrum::Infrared => self.networks.threshold.gray,
        }
    }

    /// What the cosine of each embedder counts in a score.
    pub fn weights(&self) -> &Weights {
        &self.networks.weights
    }

    /// Names what makes embeddings, so that a template meets only its own kind.
    pub fn digest(&self) -> Digest {
        self.networks.digest()
    }

    /// The networks in force.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }
}
