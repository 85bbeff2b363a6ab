//! How a login by face is wanted, and by which answers.

use serde::{Deserialize, Serialize};

/// How a person shows that a login is wanted: a face in front of a screen is not consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consent {
    /// Look at once.
    Auto,
    /// One prompt first: a password, or Enter for face. The module hangs up, prompts, and asks
    /// again with `Auto`.
    Ask,
    /// Look at once; a match counts when Enter confirms it.
    Confirm,
}

impl Consent {
    /// Whether an answer to its prompt gives it: nothing but Enter, or `y`, where a dialog gives no
    /// empty answer.
    pub fn is_given(answer: &[u8]) -> bool {
        answer.is_empty()
            || answer.eq_ignore_ascii_case(b"y")
            || answer.eq_ignore_ascii_case(b"yes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_and_yes_agree_and_a_password_does_not() {
        for (answer, given) in [
            ("", true),
            ("y", true),
            ("YES", true),
            ("yes ", false),
            ("n", false),
            ("yesterday", false),
            ("secret", false),
        ] {
            assert_eq!(Consent::is_given(answer.as_bytes()), given, "{answer:?}");
        }
    }
}
