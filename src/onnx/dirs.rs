//! Where models are, and the sizes that are fixed in them.
#![forbid(unsafe_code)]

use std::path::PathBuf;

/// Where models and their runtime are.
#[derive(Clone, Debug)]
pub struct ModelDirs {
    /// `manifest.toml` and the files it names.
    pub models: PathBuf,
    /// Forms prepared for this CPU; may be absent.
    pub cache: PathBuf,
    /// ONNX Runtime's shared library, an absolute path.
    pub runtime: PathBuf,
}

/// Sizes fixed for a model's named dimensions.
pub type Sizes<'a> = &'a [(&'a str, i64)];
