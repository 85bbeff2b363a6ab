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
mod dirs;
mod error;
pub mod folder;
mod manifest;
mod map;
mod memory;
mod runtime;
mod session;

pub use dirs::{ModelDirs, Sizes};
pub use error::{ModelError, joined};
pub use manifest::{
    Channels, Comparison, Conversion, EmbeddingSpec, LivenessThresholds, Manifest, ModelEntry,
    Role, SourceFile, Threshold, Wheel,
};
pub use memory::grow_heaps_by_large_steps;
pub use runtime::Runtime;
pub use session::{Session, builder, failed, verified};
