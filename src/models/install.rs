//! Brings the models: from a mirror folder or their official addresses, converted, verified,
//! written whole.
#![forbid(unsafe_code)]

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

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
}

/// Installs every model of the manifest that is not there already; the names of those that were
/// brought. An optional model that nobody offers is left out.
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
    for entry in &manifest.model {
        let path = options.dest.join(&entry.file);
        if std::fs::read(&path).is_ok_and(|bytes| Digest::of(&bytes) == entry.sha256.0) {
            continue;
        }
        let bytes = match make(entry, options.mirror.as_deref()) {
            Err(InstallError::NotFound(_)) if entry.optional => continue,
            made => made?,
        };
        if Digest::of(&bytes) != entry.sha256.0 {
            return Err(InstallError::Unexpected {
                file: entry.file.clone(),
                found: Digest::of(&bytes),
            });
        }
        write(&path, &bytes).map_err(|error| InstallError::Io {
            path: path.clone(),
            error,
        })?;
        brought.push(entry.name.clone());
    }
    let manifest = std::fs::read(&options.manifest).map_err(io)?;
    write(&options.dest.join("manifest.toml"), &manifest).map_err(io)?;
    Ok(brought)
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
            set_input_dimensions(file, Dimension::Named("height"), Dimension::Named("width"))
                .ok_or_else(|| convert("is not an ONNX model".into()))
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
