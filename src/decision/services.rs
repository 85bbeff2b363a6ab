//! PAM services that get a face, and what each needs. What is not listed gets none.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use facelock_protocol::Consent;
use serde::Deserialize;

/// How a service asks its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Auto,
    Ask,
    Confirm,
    Off,
}

/// What root's program must show where it asks for no user it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Console {
    /// Nothing would do: an asker is needed.
    None,
    /// The virtual terminal that it names is in front.
    Terminal,
    /// A seat shows a greeter, or the subject's own session.
    Seat,
    /// Either.
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Only {
    /// Only where the subject has a session at a seat already: the first login is the password's.
    Unlock,
    /// Logins too.
    Any,
}

/// One listed service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub mode: Mode,
    /// No message is shown while it looks.
    pub quiet: bool,
    pub only: Only,
    pub console: Console,
}

/// The services that are listed, by their PAM names.
pub type Services = BTreeMap<String, Service>;

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Auto => "auto",
            Mode::Ask => "ask",
            Mode::Confirm => "confirm",
            Mode::Off => "off",
        }
    }
}

impl Service {
    /// What the PAM module is told, where its line names no mode.
    pub const fn consent(&self) -> Consent {
        match self.mode {
            Mode::Auto => Consent::Auto,
            Mode::Ask => Consent::Ask,
            // A service that is off is never served.
            Mode::Confirm | Mode::Off => Consent::Confirm,
        }
    }
}
