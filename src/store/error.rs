//! Why the store gave or took nothing.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use super::format::FormatError;

/// Why the store gave or took nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: {error}")]
    Io {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{0} is not a private file of this service")]
    NotPrivate(PathBuf),
    #[error("{path}: {error}")]
    Damaged { path: PathBuf, error: FormatError },
    #[error("{0} is held by another instance")]
    Locked(PathBuf),
}
