//! Why a model cannot be used.
#![forbid(unsafe_code)]

use std::thread::ScopedJoinHandle;

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

/// What a thread that works with models came to; its panic is the model's failure.
///
/// # Errors
/// The thread's own, or [`ModelError::Runtime`].
pub fn joined<T>(thread: ScopedJoinHandle<'_, Result<T, ModelError>>) -> Result<T, ModelError> {
    let panicked = || Err(ModelError::Runtime("a thread of it panicked".into()));
    thread.join().unwrap_or_else(|_| panicked())
}
