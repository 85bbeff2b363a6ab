//! Other users' templates and kept passwords, kept from the work on one request.
//!
//! All instances run as one user, so file modes cannot do this; Landlock can. It grants and cannot
//! deny: everything beside the folders is granted, and in each at most one file, to be read.
//!
//! What MUST hold:
//! 1. It is put up before the first thread: it holds for the thread that does it, and those that
//!    this one starts.
//! 2. No name in the way is followed: a link that an earlier instance left could lead back in.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
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

/// A folder that is closed, and the uid whose file in it can still be read.
pub type Closed<'a> = (&'a Path, Option<u32>);

/// From now on nothing in these folders can be opened, made, renamed or removed by this thread and
/// those it starts, but the file of each folder's uid, for reading.
///
/// # Errors
/// [`FenceError`]; nothing is kept out then.
pub fn keep_out(closed: &[Closed]) -> Result<(), FenceError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| FenceError::Path { path, error }
    };
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(RIGHTS))?
        .create()?;
    let (mut folders, mut way) = (BTreeSet::new(), BTreeSet::new());
    for (folder, readable) in closed {
        let folder = fs::canonicalize(folder).map_err(at(folder))?;
        if let Some(uid) = readable {
            let path = folder.join(uid.to_string());
            if let Some((file, _)) = open(&path).map_err(at(&path))? {
                rules = rules.add_rule(PathBeneath::new(file, AccessFs::ReadFile))?;
            }
        }
        way.extend(folder.ancestors().skip(1).map(Path::to_owned));
        folders.insert(folder);
    }
    for outer in &way {
        let passed = |path: &Path| way.contains(path) || folders.contains(path);
        rules = beside(rules, outer, passed).map_err(|error| match error {
            Refused::Io(error) => at(outer)(error),
            Refused::Ruleset(error) => error.into(),
        })?;
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

/// Grants all that is in `outer` but what is passed over.
fn beside(
    mut rules: RulesetCreated,
    outer: &Path,
    passed: impl Fn(&Path) -> bool,
) -> Result<RulesetCreated, Refused> {
    for entry in fs::read_dir(outer).map_err(Refused::Io)? {
        let entry = entry.map_err(Refused::Io)?;
        if passed(&entry.path()) {
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
