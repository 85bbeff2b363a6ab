//! The models of one attempt, together.

use super::align::REFERENCE;
use super::compare::Weights;
use super::detect::{CANVAS, Detector};
use super::embed::Embedder;
use super::networks::Networks;
use super::refine::refine;
use crate::onnx::{ModelDirs, ModelError, Runtime, joined};
use crate::types::{Detection, Digest, Embedding, Frame, PixelFormat, Rect, Spectrum};

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
            (joined(detector), embedders)
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

    /// The features of a face, by all embedders side by side. `None` where they are degenerate.
    ///
    /// # Errors
    /// [`ModelError`]: a network does not do its work.
    pub fn embed(
        &mut self,
        frame: &Frame,
        face: &Detection,
    ) -> Result<Option<Embedding>, ModelError> {
        let face = &refine(&mut self.detector, frame, face)?;
        let Some((first, others)) = self.embedders.split_first_mut() else {
            return Ok(None);
        };
        // The manifest names the slowest first: it stays on this thread.
        let parts: Result<Vec<_>, _> = std::thread::scope(|scope| {
            let others: Vec<_> = others
                .iter_mut()
                .map(|embedder| scope.spawn(|| embedder.embed(frame, face)))
                .collect();
            std::iter::once(first.embed(frame, face))
                .chain(others.into_iter().map(joined))
                .collect()
        });
        // Unit vectors in the manifest's order: `Weights` makes a mean of their cosines.
        let parts: Option<Vec<_>> = parts?.into_iter().collect();
        let values = parts.map(|parts| parts.iter().flat_map(Embedding::values).copied().collect());
        Ok(values.and_then(Embedding::normalized))
    }

    /// Lets the slowest embedder run on a black picture, for what only a first run costs: the
    /// others have theirs while it looks at the first face. It leaves nothing behind.
    ///
    /// # Errors
    /// [`ModelError`]: a network does not do its work.
    pub fn warm_up(&mut self) -> Result<(), ModelError> {
        let side = 112;
        let black = vec![0; side * side * 3];
        let Ok(black) = Frame::new(side as u32, side as u32, PixelFormat::Bgr8, black) else {
            return Ok(());
        };
        let face = Detection {
            bounds: Rect {
                x: 0.0,
                y: 0.0,
                width: side as f32,
                height: side as f32,
            },
            landmarks: REFERENCE,
            score: 1.0,
        };
        match self.embedders.first_mut() {
            Some(slowest) => slowest.embed(&black, &face).map(drop),
            None => Ok(()),
        }
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
