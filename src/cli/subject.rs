//! Whom a command is about.

use facelock_protocol::{Subject, naming};

use super::failure::Failure;
use super::names;
use super::words::{filled, heard};

/// The user named, else the one behind `sudo`, `doas` or `pkexec`, else the one who runs this.
///
/// # Errors
/// There is no such user, the name cannot be used, or the name services do not answer.
pub fn resolve(name: Option<&str>) -> Result<Subject, Failure> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => default_user()?,
    };
    let account = names::by_name(&name)?;
    let own = match &account {
        Some(account) => name_of(account.uid.as_raw())?,
        None => None,
    };
    let found = account.map(|account| (account.uid.as_raw(), account.name));
    naming::resolve(&name, |_| found, |_| own).map_err(|error| match error {
        naming::NameError::Unknown => {
            no_such_user(filled("there is no user named {user}", &[("user", &name)]))
        }
        naming::NameError::Unusable(_) => {
            no_such_user(format!("{name}: {}", heard(&error.to_string())))
        }
    })
}

fn no_such_user(message: String) -> Failure {
    Failure::new("no_such_user", message)
}

fn name_of(uid: u32) -> Result<Option<String>, Failure> {
    Ok(names::by_uid(uid)?.map(|user| user.name))
}

fn default_user() -> Result<String, Failure> {
    let uid = nix::unistd::getuid();
    if uid.is_root() {
        for variable in ["SUDO_USER", "DOAS_USER"] {
            if let Ok(name) = std::env::var(variable)
                && names::by_name(&name)?.is_some()
            {
                return Ok(name);
            }
        }
        let behind_pkexec = std::env::var("PKEXEC_UID")
            .ok()
            .and_then(|uid| uid.parse().ok());
        if let Some(uid) = behind_pkexec
            && let Some(name) = name_of(uid)?
        {
            return Ok(name);
        }
    }
    name_of(uid.as_raw())?.ok_or_else(|| {
        no_such_user(filled(
            "uid {uid} has no name; use --user",
            &[("uid", &uid)],
        ))
    })
}
