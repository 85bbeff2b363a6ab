//! Files that are read only if they are ours, and replaced whole or not at all.
//!
//! What MUST hold:
//! 1. A file is read only if it is regular, has one link, belongs to this process's user, and
//!    no other user may touch it.
//! 2. No symbolic link is followed in the last component, and opening never blocks.
//! 3. A reader sees the old bytes or the new ones: written beside, synced, renamed, and the folder
//!    synced.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::StoreError;

/// Makes a folder that only this user enters.
///
/// # Errors
/// It cannot be made; one that is there is left as it is.
pub fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Reads a file of at most `cap` bytes; `None` where there is none.
///
/// # Errors
/// [`StoreError::NotPrivate`], also for a larger file; [`StoreError::Io`].
pub fn read(path: &Path, cap: usize) -> Result<Option<Vec<u8>>, StoreError> {
    let io = |error| StoreError::Io {
        path: path.into(),
        error,
    };
    let (mut file, mut metadata);
    let mut tries = 0;
    loop {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
                return Err(StoreError::NotPrivate(path.into()));
            }
            other => other.map_err(io)?,
        };
        metadata = file.metadata().map_err(io)?;
        tries += 1;
        // No name left: it was replaced between being opened and being looked at. The new one is
        // there.
        if metadata.nlink() > 0 || tries > 100 {
            break;
        }
    }
    let private = metadata.is_file()
        && metadata.nlink() == 1
        && metadata.mode() & 0o077 == 0
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.len() <= cap as u64;
    if !private {
        return Err(StoreError::NotPrivate(path.into()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(cap as u64).read_to_end(&mut bytes).map_err(io)?;
    Ok(Some(bytes))
}

/// Replaces the file at `path`.
///
/// # Errors
/// Anything fails before the rename: the old file stands.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = split(path)?;
    let part = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&part, path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

/// Removes the file at `path`; whether there was one.
///
/// # Errors
/// It is there and cannot be removed.
pub fn remove(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        result => result?,
    }
    File::open(split(path)?.0)?.sync_all()?;
    Ok(true)
}

/// Removes what instances that died while writing `name` left behind. The caller holds the lock on
/// it.
pub fn clean(folder: &Path, name: &str) {
    let prefix = format!(".{name}.");
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_part = entry
            .file_name()
            .to_str()
            .is_some_and(|n| n.starts_with(&prefix) && n.ends_with(".part"));
        if is_part {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn split(path: &Path) -> io::Result<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    path.parent()
        .zip(name)
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}
