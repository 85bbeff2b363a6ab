//! Strings a peer sends, bounded and of known alphabet before anything is done with them.

use serde::{Deserialize, Serialize};

/// Why a string was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("must not be empty")]
    Empty,
    #[error("longer than {0} bytes")]
    TooLong(usize),
    #[error("holds a character that is not allowed")]
    Character,
}

macro_rules! bounded_string {
    ($(#[$doc:meta])* $name:ident, $max:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Longest value, in bytes.
            pub const MAX: usize = $max;

            /// Checks `text` against the bound and the alphabet.
            ///
            /// # Errors
            /// [`LimitError`] names the rule it breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, LimitError> {
                let text = text.into();
                let allowed: fn(char) -> bool = $allowed;
                match text.len() {
                    0 => Err(LimitError::Empty),
                    n if n > Self::MAX => Err(LimitError::TooLong(Self::MAX)),
                    _ if !text.chars().all(allowed) => Err(LimitError::Character),
                    _ => Ok(Self(text)),
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = LimitError;

            fn try_from(text: String) -> Result<Self, LimitError> {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

bounded_string!(
    /// A login name: 1..=256 bytes (Linux `LOGIN_NAME_MAX`), no control character, slash or colon.
    /// Names of directory services hold spaces and backslashes; no other white space.
    UserName,
    256,
    |c| !c.is_control() && (c == ' ' || !c.is_whitespace()) && c != '/' && c != ':'
);
bounded_string!(
    /// A PAM service name, as in `/etc/pam.d`: 1..=64 bytes of `[A-Za-z0-9._@-]`.
    ServiceName,
    64,
    |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@' | '-')
);
bounded_string!(
    /// What a person calls a template: 1..=64 bytes, no control character.
    Label,
    64,
    |c| !c.is_control()
);
bounded_string!(
    /// A terminal as PAM_TTY names it, without `/dev/`: 1..=64 bytes, no control character.
    Tty,
    64,
    |c| !c.is_control()
);
bounded_string!(
    /// logind's name of a session: 1..=32 letters and digits.
    SessionId,
    32,
    |c| c.is_ascii_alphanumeric()
);
