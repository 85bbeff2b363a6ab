//! Keys that only this machine gives back, and the cipher that seals templates under them.
//!
//! Each user has a random key. A [`KeyProtector`] seals it: the TPM (to this TPM and the platform's
//! state), or a key file where root's configuration allows that. Beside it a recovery key can open
//! it.

mod blob;
pub mod cipher;
mod error;
mod file;
mod key;
mod protector;
pub mod recovery;
mod tpm;

use std::path::PathBuf;
use std::time::Duration;

pub use blob::{Blob, Parent};
pub use error::VaultError;
pub use file::FileProtector;
pub use key::{TemplateKey, random};
pub use protector::{KeyProtector, ProtectorKind, SealedKey};
use serde::Deserialize;
pub use tpm::TpmProtector;

/// Which protectors the configuration accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtectorChoice {
    Tpm,
    /// The key file, only where the machine has no TPM.
    TpmOrFile,
    File,
}

#[derive(Clone, Debug)]
pub struct VaultOptions {
    pub choice: ProtectorChoice,
    /// tpm2-tss' name of the TPM, such as `device:/dev/tpmrm0`.
    pub tcti: String,
    /// Platform configuration registers (SHA-256 bank) that must not change, 0..=23.
    pub pcrs: Vec<u8>,
    pub key_file: PathBuf,
    /// For how long a busy TPM is asked again.
    pub patience: Duration,
}

/// The protector for new keys.
///
/// # Errors
/// [`VaultError::Missing`]: a TPM was asked for and none is there. There is no silent way down to
/// the key file.
pub fn open(options: &VaultOptions) -> Result<Box<dyn KeyProtector>, VaultError> {
    match options.choice {
        ProtectorChoice::File => file(options),
        ProtectorChoice::Tpm => tpm(options),
        ProtectorChoice::TpmOrFile => match tpm(options) {
            Err(VaultError::Missing(_)) => file(options),
            result => result,
        },
    }
}

/// The protector of a key that was sealed as `kind` says.
///
/// # Errors
/// [`VaultError::Refused`] where the configuration does not accept this kind any more; else as
/// [`open`].
pub fn open_for(
    kind: ProtectorKind,
    options: &VaultOptions,
) -> Result<Box<dyn KeyProtector>, VaultError> {
    match (kind, options.choice) {
        (ProtectorKind::Tpm, ProtectorChoice::Tpm | ProtectorChoice::TpmOrFile) => tpm(options),
        (ProtectorKind::File, ProtectorChoice::File) => file(options),
        (ProtectorKind::File, ProtectorChoice::TpmOrFile) => match tpm(options) {
            Err(VaultError::Missing(_)) => file(options),
            Err(error) => Err(error),
            Ok(_) => Err(VaultError::Refused(
                "sealed by the key file, but this machine has a TPM",
            )),
        },
        (ProtectorKind::File, ProtectorChoice::Tpm) => Err(VaultError::Refused(
            "sealed by the key file, but the TPM is asked for",
        )),
        (ProtectorKind::Tpm, ProtectorChoice::File) => Err(VaultError::Refused(
            "sealed by the TPM, but the key file is asked for",
        )),
    }
}

fn tpm(options: &VaultOptions) -> Result<Box<dyn KeyProtector>, VaultError> {
    let protector = TpmProtector::open_within(&options.tcti, &options.pcrs, options.patience)?;
    Ok(Box::new(protector))
}

fn file(options: &VaultOptions) -> Result<Box<dyn KeyProtector>, VaultError> {
    Ok(Box::new(FileProtector::open(&options.key_file)?))
}
