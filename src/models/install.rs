//! Brings the models: from a mirror folder or their official addresses, converted, verified,
//! written whole.
#![forbid(unsafe_code)]

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::dequantise::dequantise;
use super::openvino;
use super::patch::{Dimension, set_input_dimensions};
use crate::onnx::{Conversion, Manifest, ModelEntry, ModelError, SourceFile};
use crate::types::Digest;

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("{0} is in no mirror folder, and no official address gives it with the pinned digest")]
    NotFound(String),
    #[error("{file}: {detail}")]
    Convert { file: String, detail: String },
    #[error("{file} was converted to {found}, which is not the pinned result")]
    Unexpected { file: String, found: Digest },
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
}

#[derive(Clone, Debug)]
pub struct InstallOptions {
    pub manifest: PathBuf,
    /// A folder with the published files, by their names.
    pub mirror: Option<PathBuf>,
    pub dest: PathBuf,
    /// Models that are installed only where they are asked for, and are.
    pub with: Vec<String>,
}

/// Installs every model of the manifest that is not there already; the names of those that were
/// brought. An optional model that cannot be had is left out, and a fallback is brought only in
/// place of a model that cannot be had.
///
/// # Errors
/// [`InstallError`]; whatever was installed before stays as it was.
pub fn install(options: &InstallOptions) -> Result<Vec<String>, InstallError> {
    let manifest = Manifest::load(&options.manifest)?;
    let io = |error| InstallError::Io {
        path: options.dest.clone(),
        error,
    };
    create_dir(&options.dest).map_err(io)?;
    let mut brought = Vec::new();
    for entry in manifest.model.iter().filter(|entry| wanted(entry, options)) {
        if is_installed(entry, &options.dest) {
            continue;
        }
        let error = match bring_entry(entry, options) {
            Ok(()) => {
                brought.push(entry.name.clone());
                continue;
            }
            Err(error @ InstallError::NotFound(_)) => error,
            Err(error) => return Err(error),
        };
        let fallback = manifest
            .model
            .iter()
            .find(|other| other.fallback_for.as_ref() == Some(&entry.name));
        match fallback {
            Some(other) if is_installed(other, &options.dest) => {}
            Some(other) => match bring_entry(other, options) {
                Ok(()) => brought.push(other.name.clone()),
                Err(InstallError::NotFound(_)) if entry.optional => {}
                Err(InstallError::NotFound(_)) => return Err(error),
                Err(other) => return Err(other),
            },
            None if entry.optional => {}
            None => return Err(error),
        }
    }
    let manifest = std::fs::read(&options.manifest).map_err(io)?;
    write(&options.dest.join("manifest.toml"), &manifest).map_err(io)?;
    Ok(brought)
}

/// Whether an install brings this model: not where it is but a fallback, or wants to be asked for.
fn wanted(entry: &ModelEntry, options: &InstallOptions) -> bool {
    entry.fallback_for.is_none() && (!entry.on_request || options.with.contains(&entry.name))
}

fn is_installed(entry: &ModelEntry, dest: &Path) -> bool {
    std::fs::read(dest.join(&entry.file)).is_ok_and(|bytes| Digest::of(&bytes) == entry.sha256.0)
}

fn bring_entry(entry: &ModelEntry, options: &InstallOptions) -> Result<(), InstallError> {
    let bytes = make(entry, options.mirror.as_deref())?;
    if Digest::of(&bytes) != entry.sha256.0 {
        return Err(InstallError::Unexpected {
            file: entry.file.clone(),
            found: Digest::of(&bytes),
        });
    }
    let path = options.dest.join(&entry.file);
    write(&path, &bytes).map_err(|error| InstallError::Io { path, error })
}

fn make(entry: &ModelEntry, mirror: Option<&Path>) -> Result<Vec<u8>, InstallError> {
    let convert = |detail: String| InstallError::Convert {
        file: entry.file.clone(),
        detail,
    };
    let sources: Vec<Vec<u8>> = entry
        .sources
        .iter()
        .map(|source| bring(source, mirror))
        .collect::<Result<_, _>>()?;
    match (entry.conversion, sources.as_slice()) {
        (Conversion::None, [file]) => Ok(file.clone()),
        (Conversion::FreeSize, [file]) => {
            free_size(file).ok_or_else(|| convert("is not an ONNX model".into()))
        }
        (Conversion::Dequantise, [file]) => {
            dequantise(file).map_err(|error| convert(error.to_string()))
        }
        (Conversion::DequantiseFreeSize, [file]) => {
            let file = dequantise(file).map_err(|error| convert(error.to_string()))?;
            free_size(&file).ok_or_else(|| convert("has no free size".into()))
        }
        (Conversion::OpenvinoIr, [xml, weights]) => {
            let xml = std::str::from_utf8(xml).map_err(|error| convert(error.to_string()))?;
            openvino::ir_to_onnx(xml, weights, "data", "embedding")
                .map_err(|error| convert(error.to_string()))
        }
        _ => Err(convert(
            "the manifest names the wrong number of sources".into(),
        )),
    }
}

fn free_size(model: &[u8]) -> Option<Vec<u8>> {
    set_input_dimensions(model, Dimension::Named("height"), Dimension::Named("width"))
}

fn bring(source: &SourceFile, mirror: Option<&Path>) -> Result<Vec<u8>, InstallError> {
    let right = |bytes: &Vec<u8>| Digest::of(bytes) == source.sha256.0;
    if let Some(mirror) = mirror {
        // A mirror may keep what belongs together in folders.
        let folders = std::fs::read_dir(mirror)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        let mut places =
            std::iter::once(mirror.to_owned()).chain(folders.filter(|path| path.is_dir()));
        if let Some(bytes) =
            places.find_map(|place| std::fs::read(place.join(&source.name)).ok().filter(right))
        {
            return Ok(bytes);
        }
    }
    source
        .urls
        .iter()
        .find_map(|url| download(url).filter(right))
        .ok_or_else(|| InstallError::NotFound(source.name.clone()))
}

/// curl does the transport; what it brings counts only by its digest.
fn download(url: &str) -> Option<Vec<u8>> {
    let arguments = [
        "--proto",
        "=https",
        "--fail",
        "--silent",
        "--location",
        "--max-time",
        "300",
        "--max-filesize",
        "200M",
    ];
    let output = Command::new("curl")
        .args(arguments)
        .arg("--")
        .arg(url)
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// Writes a file whole or not at all, readable by everybody whatever the umask: the instance is not
/// root.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension(format!("new-{}", std::process::id()));
    let written = write_part(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn write_part(part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = std::fs::File::create(part)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.sync_all()
}

/// Makes a folder that everybody may read; one that is there stays as it is.
pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755))
}
