//! Whom a command is about.

use anyhow::{Context as _, bail};
use facelock_protocol::{Subject, UserName};
use nix::unistd::{Uid, User};

use super::failure::Failure;

/// The user named, else the one behind `sudo`, `doas` or `pkexec`, else the one who runs this.
///
/// # Errors
/// There is no such user.
pub fn resolve(name: Option<&str>) -> Result<Subject, Failure> {
    resolved(name).map_err(|error| Failure::new("no_such_user", format!("{error:#}")))
}

fn resolved(name: Option<&str>) -> anyhow::Result<Subject> {
    let user = match name {
        Some(name) => {
            User::from_name(name)?.with_context(|| format!("there is no user named {name}"))?
        }
        None => default_user()?,
    };
    Ok(Subject {
        uid: user.uid.as_raw(),
        name: UserName::new(user.name).context("this user name cannot be used")?,
    })
}

fn default_user() -> anyhow::Result<User> {
    let uid = nix::unistd::getuid();
    if uid.is_root() {
        for variable in ["SUDO_USER", "DOAS_USER"] {
            if let Some(user) = std::env::var(variable)
                .ok()
                .and_then(|name| User::from_name(&name).ok().flatten())
            {
                return Ok(user);
            }
        }
        if let Some(uid) = std::env::var("PKEXEC_UID")
            .ok()
            .and_then(|uid| uid.parse().ok())
            && let Some(user) = User::from_uid(Uid::from_raw(uid))?
        {
            return Ok(user);
        }
    }
    match User::from_uid(uid)? {
        Some(user) => Ok(user),
        None => bail!("uid {uid} has no name; use --user"),
    }
}
