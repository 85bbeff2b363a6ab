//! The models of one attempt, together.

use super::detect::{CANVAS, Detector, FULL_CANVAS};
use super::embed::Embedder;
use super::refine::refine;
use crate::onnx::{Manifest, ModelDirs, ModelEntry, ModelError, Role, Runtime};
use crate::types::{Detection, Digest, Embedding, Frame, Spectrum};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineOptions {
    /// Average the score with the second embedder's.
    pub fusion: bool,
}

/// How faces are aligned; another name when that changes, for templates are made with it.
const ALIGNMENT: &str = "five points, second look";

/// Detector and embedders, ready to run.
pub struct Engine {
    detector: Detector,
    embedders: Vec<Embedder>,
    digest: Digest,
    color: f32,
    gray: f32,
}

impl Engine {
    /// Loads and verifies the models the options call for, the embedders on a second thread.
    ///
    /// # Errors
    /// [`ModelError`]: nothing is used that is not the pinned file with the expected shapes.
    pub fn load(dirs: &ModelDirs, options: EngineOptions) -> Result<Self, ModelError> {
        let manifest = Manifest::load(&dirs.models.join("manifest.toml"))?;
        let runtime = Runtime::at(&dirs.runtime);
        let entries = embedders(&manifest, options)?;
        // Fusion wants the landmarks of the full-size pass.
        let canvas = if options.fusion { FULL_CANVAS } else { CANVAS };
        let detector = manifest.only(Role::Detector)?;
        let detector = manifest
            .fallback(detector, &dirs.models)
            .unwrap_or(detector);
        let (detector, embedders) = std::thread::scope(|scope| {
            let detector = scope.spawn(|| Detector::open(&runtime, dirs, detector, Some(canvas)));
            let embedders: Result<Vec<_>, _> = entries
                .iter()
                .map(|entry| Embedder::open(&runtime, dirs, entry))
                .collect();
            let detector = detector
                .join()
                .unwrap_or_else(|_| Err(ModelError::Runtime("the loader panicked".into())));
            (detector, embedders)
        });
        // The threshold of the score that is compared: fusion's own where it is on.
        let threshold = entries.last().and_then(|entry| entry.threshold.as_ref());
        let threshold = threshold.ok_or_else(|| ModelError::Manifest("no threshold".into()))?;
        let digests: String = entries
            .iter()
            .map(|entry| entry.sha256.0.to_string())
            .collect();
        Ok(Self {
            detector: detector?,
            embedders: embedders?,
            digest: Digest::of(format!("{ALIGNMENT} {digests}").as_bytes()),
            color: threshold.color,
            gray: threshold.gray,
        })
    }

    /// The faces of a frame, largest first.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, ModelError> {
        self.detector.detect(frame)
    }

    /// The features of a face. `None` where they are degenerate.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn embed(
        &mut self,
        frame: &Frame,
        face: &Detection,
    ) -> Result<Option<Embedding>, ModelError> {
        let face = &refine(&mut self.detector, frame, face)?;
        let mut values = Vec::new();
        for embedder in &mut self.embedders {
            match embedder.embed(frame, face)? {
                // Unit vectors side by side: the cosine of the whole is the mean of the cosines.
                Some(embedding) => values.extend_from_slice(embedding.values()),
                None => return Ok(None),
            }
        }
        Ok(Embedding::normalized(values))
    }

    /// The score at and above which probe and template are one person's.
    pub fn threshold(&self, spectrum: Spectrum) -> f32 {
        match spectrum {
            Spectrum::Color => self.color,
            Spectrum::Infrared => self.gray,
        }
    }

    /// Names the embedders and how faces are aligned for them, so that a template meets only its
    /// own kind.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

fn embedders(manifest: &Manifest, options: EngineOptions) -> Result<Vec<&ModelEntry>, ModelError> {
    let mut entries = vec![manifest.only(Role::Embedder)?];
    if options.fusion {
        entries.push(manifest.only(Role::Fusion)?);
    }
    Ok(entries)
}
