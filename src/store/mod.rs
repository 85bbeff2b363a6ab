//! Enrollments and kept passwords on disk: formats, atomic writes, secure opens.

pub mod atomic;
mod error;
pub mod format;
mod lock;
pub mod secret;

use std::path::{Path, PathBuf};
use std::time::Instant;

pub use error::StoreError;
pub use format::{Enrollment, MAX_TEMPLATES, Margin, StoredTemplate};
pub use lock::Lock;

/// The folder of one kind of per-user files: one file a user, named by uid.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store under `state`; its folder is made where it is missing, for this service alone.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn open(state: &Path, kind: &str) -> Result<Self, StoreError> {
        let folder = state.join(kind);
        atomic::make_folder(&folder).map_err(|error| StoreError::Io {
            path: folder.clone(),
            error,
        })?;
        Ok(Self { folder })
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Holds the user's file against other instances.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another instance holds it past the deadline.
    pub fn lock(&self, uid: u32, deadline: Instant) -> Result<Lock, StoreError> {
        let lock = Lock::acquire(&self.folder.join(format!("{uid}.lock")), deadline)?;
        atomic::clean(&self.folder, &uid.to_string());
        Ok(lock)
    }

    /// Holds one of the user's numbered places, if it is free now. Nothing is left of it
    /// afterwards.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where it is not.
    pub fn lock_nth(&self, uid: u32, n: u32) -> Result<Lock, StoreError> {
        Lock::acquire_fleeting(&self.folder.join(format!("{uid}.{n}.lock")))
    }

    /// # Errors
    /// [`StoreError`]; no file is `None`.
    pub fn read(&self, uid: u32, cap: usize) -> Result<Option<Vec<u8>>, StoreError> {
        atomic::read(&self.path(uid), cap)
    }

    /// Replaces the user's file, whole or not at all. The lock shows that no other instance does so
    /// now.
    ///
    /// # Errors
    /// [`StoreError::Io`]; the old file stands.
    pub fn write(&self, _held: &Lock, uid: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.path(uid);
        atomic::write(&path, bytes).map_err(|error| StoreError::Io { path, error })
    }

    /// Removes the user's file; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove(&self, _held: &Lock, uid: u32) -> Result<bool, StoreError> {
        let path = self.path(uid);
        atomic::remove(&path).map_err(|error| StoreError::Io { path, error })
    }

    /// Whether the user has a file, whatever is in it.
    pub fn has(&self, uid: u32) -> bool {
        std::fs::symlink_metadata(self.path(uid)).is_ok()
    }

    /// The uids that have a file.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn uids(&self) -> Result<Vec<u32>, StoreError> {
        let io = |error| StoreError::Io {
            path: self.folder.clone(),
            error,
        };
        let mut uids = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(io)? {
            uids.extend(
                entry
                    .map_err(io)?
                    .file_name()
                    .to_str()
                    .and_then(|name| name.parse::<u32>().ok()),
            );
        }
        uids.sort_unstable();
        Ok(uids)
    }

    /// The user's enrollment.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for bytes that are none, or that are another uid's.
    pub fn load(&self, uid: u32) -> Result<Option<Enrollment>, StoreError> {
        let Some(bytes) = self.read(uid, format::MAX_BYTES)? else {
            return Ok(None);
        };
        let damaged = |error| StoreError::Damaged {
            path: self.path(uid),
            error,
        };
        let enrollment = Enrollment::decode(&bytes).map_err(damaged)?;
        if enrollment.uid != uid {
            return Err(damaged(format::FormatError::Moved));
        }
        Ok(Some(enrollment))
    }

    /// # Errors
    /// [`StoreError`]; the old enrollment stands.
    pub fn save(&self, held: &Lock, enrollment: &Enrollment) -> Result<(), StoreError> {
        let path = self.path(enrollment.uid);
        let bytes = enrollment
            .encode()
            .map_err(|error| StoreError::Damaged { path, error })?;
        self.write(held, enrollment.uid, &bytes)
    }

    fn path(&self, uid: u32) -> PathBuf {
        self.folder.join(uid.to_string())
    }
}
