//! Why a key was not sealed or given back.
#![forbid(unsafe_code)]

/// Why a key was not sealed or given back.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the protector is not there: {0}")]
    Missing(String),
    #[error("the TPM refuses: {0}")]
    Refused(&'static str),
    #[error("the TPM is busy ({0}); try again in a moment")]
    Busy(String),
    #[error("the sealed key is damaged")]
    Damaged,
    #[error("the key was sealed by a newer facelock; install that version again, or enroll again")]
    Newer,
    #[error("{0}")]
    Failed(String),
}
