//! The key file: for machines without a TPM, where root's configuration says so. Weaker, and named
//! so wherever it shows: who reads the disk reads the key.
//!
//! What MUST hold:
//! 1. The file is regular, has one link, belongs to the instance's own user, and no other user may
//!    read or write it.
//! 2. It is made whole or not at all, and an existing one is never replaced.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::cipher::{self, Binding};
use super::key::random;
use super::{KeyProtector, ProtectorKind, SealedKey, TemplateKey, VaultError};
use crate::types::Digest;

pub struct FileProtector {
    key: Zeroizing<[u8; 32]>,
}

impl FileProtector {
    /// Opens the key file, and makes it where there is none.
    ///
    /// # Errors
    /// [`VaultError::Failed`]: it cannot be read or made, or others could have.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        match read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                create(path).and_then(|()| read(path))
            }
            result => result,
        }
        .map(|key| Self { key })
        .map_err(|error| VaultError::Failed(format!("{}: {error}", path.display())))
    }

    fn binding(&self) -> Binding<'static> {
        Binding {
            purpose: "key",
            format_version: 1,
            uid: 0,
            user: "",
            template: 0,
            model: Digest([0; 32]),
            camera: "",
            protector: ProtectorKind::File,
            rest: b"",
        }
    }
}

impl KeyProtector for FileProtector {
    fn kind(&self) -> ProtectorKind {
        ProtectorKind::File
    }

    fn seal(&mut self, key: &TemplateKey) -> Result<SealedKey, VaultError> {
        Ok(SealedKey {
            kind: ProtectorKind::File,
            bytes: cipher::seal(&self.key, &self.binding(), key.bytes())?,
        })
    }

    fn unseal(&mut self, sealed: &SealedKey) -> Result<TemplateKey, VaultError> {
        if sealed.kind != ProtectorKind::File {
            return Err(VaultError::Refused("not sealed by the key file"));
        }
        let plain = cipher::open(&self.key, &self.binding(), &sealed.bytes)?;
        TemplateKey::from_bytes(&plain).ok_or(VaultError::Damaged)
    }
}

fn read(path: &Path) -> std::io::Result<Zeroizing<[u8; 32]>> {
    let mut file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    let private = metadata.is_file() && metadata.mode() & 0o077 == 0 && metadata.nlink() == 1;
    if !own || !private || metadata.len() != 32 {
        return Err(std::io::Error::other(
            "is not a private key file of 32 bytes",
        ));
    }
    let mut key = Zeroizing::new([0; 32]);
    file.read_exact(&mut *key)?;
    Ok(key)
}

fn create(path: &Path) -> std::io::Result<()> {
    let mut key = Zeroizing::new([0; 32]);
    random(&mut *key).map_err(std::io::Error::other)?;
    let part = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)?;
    let made = file
        .write_all(&*key)
        .and_then(|()| file.sync_all())
        .and_then(|()| place(&part, path));
    if made.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    match made {
        // Another instance was first; its key is the key.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// Moves the finished file to its name in one step that never replaces another, and makes the name
/// last.
fn place(part: &Path, path: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, part, CWD, path, RenameFlags::NOREPLACE)?;
    std::fs::File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}
