//! What guards a key, and the key as its guard wrote it.
#![forbid(unsafe_code)]

use super::{TemplateKey, VaultError};

/// Seals and unseals the key of one user.
pub trait KeyProtector: Send {
    fn kind(&self) -> ProtectorKind;

    fn seal(&mut self, key: &TemplateKey) -> Result<SealedKey, VaultError>;

    /// # Errors
    /// [`VaultError::Refused`] where the platform's state changed or the key was sealed elsewhere;
    /// [`VaultError::Damaged`] for bytes that are no sealed key of this kind.
    fn unseal(&mut self, sealed: &SealedKey) -> Result<TemplateKey, VaultError>;
}

/// What guards a key. Part of what a template is bound to, so that none opens behind a weaker
/// guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ProtectorKind {
    Tpm = 1,
    File = 2,
}

impl ProtectorKind {
    pub fn name(self) -> &'static str {
        match self {
            ProtectorKind::Tpm => "tpm",
            ProtectorKind::File => "file",
        }
    }

    pub fn from_byte(byte: u8) -> Option<Self> {
        [ProtectorKind::Tpm, ProtectorKind::File]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A sealed key, as its protector wrote it; at most [`SealedKey::MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    pub kind: ProtectorKind,
    pub bytes: Vec<u8>,
}

impl SealedKey {
    pub const MAX: usize = 2048;
}
