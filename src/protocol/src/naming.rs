//! Whom a typed name stands for. The PAM module and `facelockctl` both ask this, each with its own
//! way to the name services, so that what was enrolled is what a login asks for.
//!
//! What MUST hold:
//! 1. What counts is the uid. Of the names that lead to it (short, fully qualified, another
//!    spelling, a second account of the same uid) one is used everywhere: the one that the uid
//!    itself has.
//! 2. A name that cannot travel is refused with a reason, on both sides alike.

use crate::{LimitError, Subject, UserName};

/// Why a name stands for no subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("there is no such user")]
    Unknown,
    #[error(
        "this user name cannot be used ({0}); facelock takes up to 256 letters, digits and signs, without / and :"
    )]
    Unusable(#[from] LimitError),
}

/// The subject that `typed` stands for. `by_name` finds the uid and the name of an account by any
/// of its names (getpwnam(3)); `by_uid`, the name of a uid (getpwuid(3)).
pub fn resolve(
    typed: &str,
    by_name: impl FnOnce(&str) -> Option<(u32, String)>,
    by_uid: impl FnOnce(u32) -> Option<String>,
) -> Result<Subject, NameError> {
    let (uid, found) = by_name(typed).ok_or(NameError::Unknown)?;
    // A service that knows an account by name only has given its name already.
    let name = UserName::new(by_uid(uid).unwrap_or(found))?;
    Ok(Subject { uid, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name services as they are met: names that lead to a uid, and the uid's own name.
    fn service(names: &[&str], uid: u32, own: Option<&str>) -> Vec<Result<Subject, NameError>> {
        let resolve_one = |typed: &&str| {
            resolve(
                typed,
                |name| names.contains(&name).then(|| (uid, name.to_owned())),
                |asked| own.filter(|_| asked == uid).map(str::to_owned),
            )
        };
        names.iter().map(resolve_one).collect()
    }

    #[test]
    fn every_name_of_a_uid_is_one_subject() {
        let accounts: [(&[&str], &str); 5] = [
            (&["alice", "alice@ad.example", "ALICE"], "alice@ad.example"),
            (&["alice", "DOM\\alice", "dom\\Alice"], "DOM\\alice"),
            (&["DOM\\first last", "first last"], "DOM\\first last"),
            (&["toor", "root"], "root"),
            (&["Müller", "müller"], "müller"),
        ];
        for (names, own) in accounts {
            for subject in service(names, 4242, Some(own)) {
                let subject = subject.unwrap();
                assert_eq!((subject.uid, subject.name.as_str()), (4242, own));
            }
        }
    }

    #[test]
    fn a_uid_without_a_name_of_its_own_has_the_one_that_led_to_it() {
        let subjects = service(&["alice"], 1000, None);
        assert_eq!(subjects[0].as_ref().unwrap().name.as_str(), "alice");
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        assert_eq!(
            resolve("bob", |_| None, |_| Some("bob".into())),
            Err(NameError::Unknown)
        );
        let unusable = &service(&["alice"], 1000, Some("dom/alice"))[0];
        let text = unusable.as_ref().unwrap_err().to_string();
        assert!(text.contains("without / and :"), "{text}");
    }
}
