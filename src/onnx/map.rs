//! Files mapped for reading. The only place that maps.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::Path;

use super::ModelError;

/// Maps a file for the rest of the process's life. ONNX Runtime reads weights from it in place, so
/// it must never go.
pub fn map(path: &Path) -> Result<&'static [u8], ModelError> {
    let missing = |error: io::Error| ModelError::Missing(format!("{} ({error})", path.display()));
    map_file(&File::open(path).map_err(missing)?).map_err(missing)
}

/// As [`map`], of an open file.
pub fn map_file(file: &File) -> io::Result<&'static [u8]> {
    // SAFETY: model files are written under another name and renamed into place, by root, and the
    // instance cannot write them: no process truncates or changes a mapped one. The map is leaked,
    // so no reference outlives it.
    let map = unsafe { memmap2::Mmap::map(file) }?;
    Ok(Box::leak(Box::new(map)))
}
