//! Whom a command is about.

use facelock_protocol::{Subject, naming};
use nix::unistd::{Uid, User};

use super::failure::Failure;

/// The user named, else the one behind `sudo`, `doas` or `pkexec`, else the one who runs this.
///
/// # Errors
/// There is no such user, or the name cannot be used.
pub fn resolve(name: Option<&str>) -> Result<Subject, Failure> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => default_user()?,
    };
    let by_name = |name: &str| {
        let user = User::from_name(name).ok().flatten()?;
        Some((user.uid.as_raw(), user.name))
    };
    naming::resolve(&name, by_name, name_of).map_err(|error| match error {
        naming::NameError::Unknown => no_such_user(format!("there is no user named {name}")),
        naming::NameError::Unusable(_) => no_such_user(format!("{name}: {error}")),
    })
}

fn no_such_user(message: String) -> Failure {
    Failure::new("no_such_user", message)
}

fn name_of(uid: u32) -> Option<String> {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten()?;
    Some(user.name)
}

fn default_user() -> Result<String, Failure> {
    let uid = nix::unistd::getuid();
    if uid.is_root() {
        for variable in ["SUDO_USER", "DOAS_USER"] {
            if let Ok(name) = std::env::var(variable)
                && let Ok(Some(_)) = User::from_name(&name)
            {
                return Ok(name);
            }
        }
        let behind_pkexec = std::env::var("PKEXEC_UID")
            .ok()
            .and_then(|uid| uid.parse().ok());
        if let Some(name) = behind_pkexec.and_then(name_of) {
            return Ok(name);
        }
    }
    name_of(uid.as_raw()).ok_or_else(|| no_such_user(format!("uid {uid} has no name; use --user")))
}
