//! Where models lie.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

/// Where the package keeps them.
pub const PACKAGED: &str = "/usr/share/facelock/models";
/// Where root keeps them on a system whose /usr cannot be written. Not in the instance's state
/// folder, which is the instance's to write.
pub const OWN: &str = "/var/lib/facelock-models";

/// The folder that is used where the configuration names `configured`: root's own, where the
/// configuration names the package's and root installed models into the other.
pub fn in_force(configured: &Path) -> PathBuf {
    choose(configured, Path::new(PACKAGED), Path::new(OWN))
}

fn choose(configured: &Path, packaged: &Path, own: &Path) -> PathBuf {
    let moved = configured == packaged && own.join("manifest.toml").exists();
    if moved { own.into() } else { configured.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_root_installed_beside_usr_are_used() {
        let (packaged, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (packaged, own) = (packaged.path(), own.path());
        assert_eq!(choose(packaged, packaged, own), packaged);
        std::fs::write(own.join("manifest.toml"), "").unwrap();
        assert_eq!(choose(packaged, packaged, own), own);
        // A folder that the configuration names otherwise stays.
        assert_eq!(
            choose(Path::new("/srv/m"), packaged, own),
            Path::new("/srv/m")
        );
    }
}
