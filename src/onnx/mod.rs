//! ONNX models: which ones there are, that they are the ones that were pinned, and running them.
//!
//! What MUST hold:
//! 1. No byte of a model reaches ONNX Runtime before its digest equals what root recorded, at every
//!    load: the manifest's SHA-256 of a portable file, the BLAKE3 written at install beside a
//!    prepared form.
//! 2. Inputs and outputs have the shapes the caller names, or the model is refused.
//! 3. ONNX Runtime is loaded from one absolute path, with telemetry switched off before its first
//!    instruction runs.

pub mod cache;
pub mod folder;
mod manifest;
mod map;
mod runtime;
mod session;

pub use manifest::{
    Channels, Comparison, Conversion, EmbeddingSpec, LivenessThresholds, Manifest, ModelEntry,
    Role, SourceFile, Threshold, Wheel,
};
pub use runtime::Runtime;
pub use session::{ModelDirs, Session, Sizes, builder, failed, verified};

/// Why a model cannot be used. Never a judgement about a face.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{0} is missing")]
    Missing(String),
    #[error("{0} is not the file its digest names")]
    Digest(String),
    #[error("{model}: {detail}")]
    Shape { model: String, detail: String },
    #[error("the manifest cannot be used: {0}")]
    Manifest(String),
    /// By its spectrum.
    #[error(
        "no detector that is on tells a face from its picture on a {0} camera: see [pad] in the \
         configuration"
    )]
    NoDetector(&'static str),
    #[error("ONNX Runtime: {0}")]
    Runtime(String),
}
