//! Installs the models: fetched ([`super::fetch`]), converted ([`super::build`]), verified, written
//! whole.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use super::build::build;
use super::fetch::{Event, Fetcher, Programs, Tried};
use crate::onnx::{Manifest, ModelEntry, ModelError, Role};
use crate::types::Digest;

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("the manifest lists no model {0}")]
    Unknown(String),
    /// What no login does without.
    #[error("{}", in_words(.0))]
    NotFound(Vec<Missing>),
    #[error("{file}: {detail}")]
    Convert { file: String, detail: String },
    #[error("{file} was converted to {found}, which is not the pinned result")]
    Unexpected { file: String, found: Digest },
    #[error("{path}: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// A model that could not be had, with every place that did not give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub name: String,
    pub role: Role,
    pub tried: Vec<Tried>,
    /// The fallback that is used in its place.
    pub fallback: Option<String>,
}

fn in_words(missing: &[Missing]) -> String {
    let mut text = String::new();
    for model in missing {
        text += &format!("{} cannot be had\n", model.name);
        for tried in &model.tried {
            let Tried {
                file,
                origin,
                reason,
            } = tried;
            text += &format!("  {file} from {origin}: {reason}\n");
        }
    }
    text.trim_end().into()
}

#[derive(Clone, Debug)]
pub struct InstallOptions {
    pub manifest: PathBuf,
    /// A folder with the published files, by their names.
    pub mirror: Option<PathBuf>,
    pub dest: PathBuf,
    /// Models that are installed only where they are asked for, and are.
    pub with: Vec<String>,
    pub programs: Programs,
}

/// What an install came to.
#[derive(Debug, Default)]
pub struct Installed {
    /// The models that were fetched; the others were there.
    pub fetched: Vec<String>,
    /// The models that could not be had, and that a login can do without.
    pub missing: Vec<Missing>,
}

/// Installs every model of the manifest that is not there already. An optional model that cannot be
/// had is left out, and a fallback is fetched only in place of a model that cannot be had.
///
/// # Errors
/// [`InstallError`]; whatever was installed before stays as it was, and what could be had is
/// installed.
pub fn install(
    options: &InstallOptions,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Installed, InstallError> {
    let manifest = Manifest::load(&options.manifest)?;
    let known = |name: &&String| manifest.model.iter().any(|entry| entry.name == **name);
    if let Some(unknown) = options.with.iter().find(|name| !known(name)) {
        return Err(InstallError::Unknown(unknown.clone()));
    }
    let io = |error| InstallError::Io {
        path: options.dest.clone(),
        error,
    };
    writable(&options.dest).map_err(io)?;
    create_dir(&options.dest).map_err(io)?;
    let mut installer = Installer {
        dest: &options.dest,
        fetcher: Fetcher {
            mirror: options.mirror.as_deref(),
            folder: &options.dest,
            programs: &options.programs,
            tell,
            silent: BTreeSet::new(),
        },
        fetched: Vec::new(),
    };
    let (mut missing, mut needed) = (Vec::new(), Vec::new());
    for entry in manifest.model.iter().filter(|e| wanted(e, options)) {
        let Some(without) = installer.fetch_or_fallback(entry, &manifest)? else {
            continue;
        };
        let asked_for = options.with.contains(&entry.name);
        match entry.optional && !asked_for || without.fallback.is_some() {
            true => missing.push(without),
            false => needed.push(without),
        }
    }
    let text = std::fs::read(&options.manifest).map_err(|error| InstallError::Io {
        path: options.manifest.clone(),
        error,
    })?;
    let list = options.dest.join("manifest.toml");
    // A package's own list stays the file that it brought.
    if !std::fs::read(&list).is_ok_and(|there| there == text) {
        write(&list, &text).map_err(io)?;
    }
    if !needed.is_empty() {
        return Err(InstallError::NotFound(needed));
    }
    Ok(Installed {
        fetched: installer.fetched,
        missing,
    })
}

/// Whether an install fetches this model: not where it is but a fallback, or wants to be asked for.
fn wanted(entry: &ModelEntry, options: &InstallOptions) -> bool {
    entry.fallback_for.is_none() && (!entry.on_request || options.with.contains(&entry.name))
}

struct Installer<'a> {
    dest: &'a Path,
    fetcher: Fetcher<'a>,
    fetched: Vec<String>,
}

impl Installer<'_> {
    /// Fetches a model, or the one that stands in for it; what is missing all the same.
    fn fetch_or_fallback(
        &mut self,
        entry: &ModelEntry,
        manifest: &Manifest,
    ) -> Result<Option<Missing>, InstallError> {
        let Some(mut without) = self.fetch(entry)? else {
            return Ok(None);
        };
        let stands_in = |other: &&ModelEntry| other.fallback_for.as_ref() == Some(&entry.name);
        if let Some(fallback) = manifest.model.iter().find(stands_in) {
            match self.fetch(fallback)? {
                None => without.fallback = Some(fallback.name.clone()),
                Some(other) => without.tried.extend(other.tried),
            }
        }
        Ok(Some(without))
    }

    /// Fetches a model, unless it is there; where it cannot be had, who was asked for it.
    fn fetch(&mut self, entry: &ModelEntry) -> Result<Option<Missing>, InstallError> {
        let path = self.dest.join(&entry.file);
        if std::fs::read(&path).is_ok_and(|bytes| Digest::of(&bytes) == entry.sha256.0) {
            return Ok(None);
        }
        let mut sources = Vec::new();
        for source in &entry.sources {
            match self.fetcher.fetch(source) {
                Ok(bytes) => sources.push(bytes),
                Err(tried) => {
                    return Ok(Some(Missing {
                        name: entry.name.clone(),
                        role: entry.role,
                        tried,
                        fallback: None,
                    }));
                }
            }
        }
        let file = || entry.file.clone();
        let bytes = build(entry.conversion, &sources).map_err(|detail| InstallError::Convert {
            file: file(),
            detail,
        })?;
        let found = Digest::of(&bytes);
        if found != entry.sha256.0 {
            return Err(InstallError::Unexpected {
                file: file(),
                found,
            });
        }
        write(&path, &bytes).map_err(|error| InstallError::Io { path, error })?;
        (self.fetcher.tell)(Event::Installed(&entry.name));
        self.fetched.push(entry.name.clone());
        Ok(None)
    }
}

/// Refuses before anything is downloaded where the folder could not be written.
fn writable(folder: &Path) -> io::Result<()> {
    let there = folder
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("."));
    Ok(rustix::fs::access(there, Access::WRITE_OK)?)
}

/// Writes a file whole or not at all, readable by every user whatever the umask: the instance is
/// not root.
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

/// Makes a folder that every user may read; one that is there stays as it is.
pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755))
}
