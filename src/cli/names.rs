//! What the name services know, asked for only so long: sssd, winbind or LDAP may never answer, and
//! nothing calls a lookup off.
#![forbid(unsafe_code)]

use std::sync::mpsc::channel;
use std::time::Duration;

use nix::unistd::{Uid, User};

use super::failure::Failure;
use super::words::said;

/// A directory that is merely slow answers sooner.
const PATIENCE: Duration = Duration::from_secs(15);

/// The account of a name, by any of its names.
///
/// # Errors
/// No answer came.
pub fn by_name(name: &str) -> Result<Option<User>, Failure> {
    let name = name.to_owned();
    within(PATIENCE, move || User::from_name(&name).ok().flatten())
}

/// The account of a uid.
///
/// # Errors
/// No answer came.
pub fn by_uid(uid: u32) -> Result<Option<User>, Failure> {
    within(PATIENCE, move || {
        User::from_uid(Uid::from_raw(uid)).ok().flatten()
    })
}

/// Looks up in a thread, which is left behind where it hangs and ends with the process.
fn within<T: Send + 'static>(
    patience: Duration,
    look_up: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let (answer, answered) = channel();
    std::thread::spawn(move || answer.send(look_up()));
    answered.recv_timeout(patience).map_err(|_| {
        let message = said("the name services (sssd, winbind, LDAP?) do not answer");
        Failure::new("name_service", message).help(said("time getent passwd NAME shows it"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_that_hangs_is_not_waited_for() {
        let hangs = || loop {
            std::thread::park();
        };
        let soon = Duration::from_millis(50);
        let ended = within::<Option<User>>(soon, hangs);
        assert_eq!(ended.unwrap_err().reason, "name_service");
        assert_eq!(within(PATIENCE, || 7).unwrap(), 7);
    }

    #[test]
    fn an_account_has_one_uid_and_one_name() {
        assert_eq!(by_name("root").unwrap().unwrap().uid.as_raw(), 0);
        assert_eq!(by_uid(0).unwrap().unwrap().name, "root");
        assert!(by_name("no-such-user").unwrap().is_none());
    }
}
