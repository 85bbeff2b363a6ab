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
pub use tpm::TpmProtector;

/// Which protectors the configuration accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Tpm,
    /// The key file, only where the machine has no TPM.
    TpmOrFile,
    File,
}

#[derive(Clone, Debug)]
pub struct VaultOptions {
    pub choice: Choice,
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
        Choice::File => file(options),
        Choice::Tpm => tpm(options),
        Choice::TpmOrFile => match tpm(options) {
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
        (ProtectorKind::Tpm, Choice::Tpm | Choice::TpmOrFile) => tpm(options),
        (ProtectorKind::File, Choice::File) => file(options),
        (ProtectorKind::File, Choice::TpmOrFile) => match tpm(options) {
            Err(VaultError::Missing(_)) => file(options),
            Err(error) => Err(error),
            Ok(_) => Err(VaultError::Refused(
                "sealed by the key file, but this machine has a TPM",
            )),
        },
        (ProtectorKind::File, Choice::Tpm) => Err(VaultError::Refused(
            "sealed by the key file, but the TPM is asked for",
        )),
        (ProtectorKind::Tpm, Choice::File) => Err(VaultError::Refused(
            "sealed by the TPM, but the key file is asked for",
        )),
    }
}

fn tpm(options: &VaultOptions) -> Result<Box<dyn KeyProtector>, VaultError> {
    let protector = TpmProtector::open(&options.tcti, &options.pcrs)?;
    Ok(Box::new(protector.patient_for(options.patience)))
}

fn file(options: &VaultOptions) -> Result<Box<dyn KeyProtector>, VaultError> {
    Ok(Box::new(FileProtector::open(&options.key_file)?))
}
