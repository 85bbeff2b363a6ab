//! A file replaced whole or not at all; its mode and owner stay.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// # Errors
/// The file is as it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &std::path::absolute(path)?;
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let part = folder.join(format!(
        ".{}.facelock-new",
        path.file_name().unwrap_or_default().to_string_lossy()
    ));
    let written = write_part(path, &part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written?;
    File::open(folder)?.sync_all()
}

fn write_part(path: &Path, part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(part)?;
    file.write_all(bytes)?;
    match fs::metadata(path) {
        Ok(old) => {
            file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
            std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()))?;
        }
        Err(_) => file.set_permissions(Permissions::from_mode(0o644))?,
    }
    file.sync_all()
}
