//! Other users' templates, kept from the work on one request.
//!
//! All instances run as one user, so file modes cannot do this; Landlock can. It grants and cannot
//! deny: everything beside the folder is granted, and in the folder one file, to be read.
//!
//! What MUST hold:
//! 1. It is put up before the first thread: it holds for the thread that does it, and those that
//!    this one starts.
//! 2. No name in the way is followed: a link that an earlier instance left could lead back in.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, PathBeneath, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetError, RulesetStatus,
};
use rustix::fs::{Mode, OFlags};

/// What is handled: what Landlock knows of since Linux 6.2. Older kernels hold what they know.
const RIGHTS: ABI = ABI::V3;

/// Why there is no fence.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    #[error("this kernel has no Landlock")]
    NoLandlock,
    #[error("{}: {error}", path.display())]
    Path { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Ruleset(#[from] RulesetError),
}

/// From now on nothing in `folder` can be opened, made, renamed or removed by this thread and those
/// it starts, but the file of `readable`, a uid, for reading.
///
/// # Errors
/// [`FenceError`]; nothing is kept out then.
pub fn keep_out(folder: &Path, readable: Option<u32>) -> Result<(), FenceError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| FenceError::Path { path, error }
    };
    let folder = fs::canonicalize(folder).map_err(at(folder))?;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(RIGHTS))?
        .create()?;
    let mut inner: &Path = &folder;
    while let Some(outer) = inner.parent() {
        rules = beside(rules, outer, inner.file_name()).map_err(|error| match error {
            Refused::Io(error) => at(outer)(error),
            Refused::Ruleset(error) => error.into(),
        })?;
        inner = outer;
    }
    if let Some(uid) = readable {
        let path = folder.join(uid.to_string());
        if let Some((file, _)) = open(&path).map_err(at(&path))? {
            rules = rules.add_rule(PathBeneath::new(file, AccessFs::ReadFile))?;
        }
    }
    match rules.restrict_self()?.ruleset {
        RulesetStatus::NotEnforced => Err(FenceError::NoLandlock),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

enum Refused {
    Io(io::Error),
    Ruleset(RulesetError),
}

/// Grants all that is in `outer` but `inner`.
fn beside(
    mut rules: RulesetCreated,
    outer: &Path,
    inner: Option<&OsStr>,
) -> Result<RulesetCreated, Refused> {
    for entry in fs::read_dir(outer).map_err(Refused::Io)? {
        let entry = entry.map_err(Refused::Io)?;
        if Some(&*entry.file_name()) == inner {
            continue;
        }
        let Some((file, is_folder)) = open(&entry.path()).map_err(Refused::Io)? else {
            continue;
        };
        let rights = if is_folder {
            AccessFs::from_all(RIGHTS)
        } else {
            AccessFs::from_file(RIGHTS)
        };
        rules = rules
            .add_rule(PathBeneath::new(file, rights))
            .map_err(Refused::Ruleset)?;
    }
    Ok(rules)
}

/// A handle that opens nothing, and whether it is a folder's. `None` for what is gone, and for
/// links: what they lead to is granted by its own name.
fn open(path: &Path) -> io::Result<Option<(std::os::fd::OwnedFd, bool)>> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        other => other?,
    };
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    Ok((!kind.is_symlink()).then_some((file, kind.is_dir())))
}
