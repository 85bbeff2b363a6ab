//! PAM's folders: where a service's file is found, and how one is replaced whole.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::chain::Stacks;
use crate::cli::replace::write;

/// Where libpam looks, in its order: what the administrator wrote, then what packages brought.
const FOLDERS: [&str; 3] = ["etc/pam.d", "usr/lib/pam.d", "usr/etc/pam.d"];
/// Where a file is kept as it was before it was changed.
const BACKUPS: &str = "etc/facelock/pam.d";

/// What writes a file, where that is not a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    PamAuthUpdate,
    Authselect,
}

/// A system's PAM files: `/`, or the root folder of an image.
pub struct Files {
    root: PathBuf,
}

impl Stacks for Files {
    fn text(&self, service: &str) -> Option<String> {
        fs::read_to_string(self.find(service)?).ok()
    }
}

impl Files {
    pub fn of(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// The file that libpam reads for a service.
    pub fn find(&self, service: &str) -> Option<PathBuf> {
        let at = |folder| self.root.join(folder).join(service);
        FOLDERS.into_iter().map(at).find(|path| path.is_file())
    }

    /// The file that the administrator may write: it stands before what a package brought.
    pub fn own(&self, service: &str) -> PathBuf {
        self.root.join(FOLDERS[0]).join(service)
    }

    /// Every service there is a file for.
    pub fn services(&self) -> Vec<String> {
        let folders = FOLDERS.iter().map(|folder| self.root.join(folder));
        let entries = folders.filter_map(|folder| fs::read_dir(folder).ok());
        let names = entries.flatten().flatten().map(|entry| entry.file_name());
        let mut names: Vec<String> = names
            .filter_map(|name| name.into_string().ok())
            .filter(|name| {
                !name.contains(".dpkg-") && !name.contains(".rpm") && !name.ends_with('~')
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// What writes this service's file, where a program does.
    pub fn manager(&self, service: &str) -> Option<Manager> {
        let path = self.own(service);
        let target = fs::read_link(&path).ok();
        if target.is_some_and(|target| {
            target
                .components()
                .any(|part| part.as_os_str() == "authselect")
        }) {
            return Some(Manager::Authselect);
        }
        let debian = self.root.join("usr/sbin/pam-auth-update").exists();
        (debian && service.starts_with("common-")).then_some(Manager::PamAuthUpdate)
    }

    fn backup(&self, service: &str) -> PathBuf {
        self.root.join(BACKUPS).join(service)
    }

    fn absent(&self, service: &str) -> PathBuf {
        self.root.join(BACKUPS).join(format!("{service}.absent"))
    }

    /// Replaces a service's own file, after keeping what was there.
    ///
    /// # Errors
    /// Nothing was changed.
    pub fn replace(&self, service: &str, text: &str) -> io::Result<()> {
        let path = self.own(service);
        fs::create_dir_all(self.root.join(BACKUPS))?;
        match fs::read(&path) {
            Ok(bytes) => write(&self.backup(service), &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write(&self.absent(service), b"")?;
            }
            Err(error) => return Err(error),
        }
        write(&path, text.as_bytes())
    }

    /// Puts a service's own file back to `text`; takes it away where there was none before and a
    /// package's file says the same, or there is no `text`.
    ///
    /// # Errors
    /// The file is as it was.
    pub fn restore(&self, service: &str, text: Option<&str>) -> io::Result<()> {
        let path = self.own(service);
        let gone = self.goes(service, text);
        match text {
            Some(text) if !gone => write(&path, text.as_bytes())?,
            _ => fs::remove_file(&path)?,
        }
        for kept in [self.backup(service), self.absent(service)] {
            let _ = fs::remove_file(kept);
        }
        Ok(())
    }

    /// Whether a service's own file goes with the lines that are taken out.
    pub fn goes(&self, service: &str, text: Option<&str>) -> bool {
        let vendor = FOLDERS[1..]
            .iter()
            .find_map(|folder| fs::read_to_string(self.root.join(folder).join(service)).ok());
        text.is_none() || self.absent(service).exists() && vendor.as_deref() == text
    }
}
