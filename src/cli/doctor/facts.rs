//! What is found out of a machine and a user, and a row of what it means.
#![forbid(unsafe_code)]

use facelock_protocol::{CameraReport, StatusReport, TemplateReport};

use crate::cli::pam::Wired;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ok,
    /// Face login works, with less than it could have.
    Warn,
    Fail,
    /// It could not be found out.
    Unknown,
}

impl State {
    pub const ALL: [State; 4] = [State::Ok, State::Warn, State::Fail, State::Unknown];

    pub fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
            State::Unknown => "unknown",
        }
    }
}

/// One prerequisite: what was found, and what to do where it is amiss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
    pub state: State,
    pub what: String,
    pub fix: Option<String>,
}

pub(super) fn row(name: &'static str, state: State, what: impl Into<String>) -> Row {
    Row {
        name,
        state,
        what: what.into(),
        fix: None,
    }
}

impl Row {
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// A model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub name: String,
    pub optional: bool,
    /// None where the file is not there; else whether it is the pinned one.
    pub pinned: Option<bool>,
}

/// The caller's session, as logind has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub remote: bool,
    pub active: bool,
}

/// What was found; `None` and `Err` where it could not be.
#[derive(Clone, Debug)]
pub struct Facts {
    pub config: Result<(), String>,
    /// The words of `systemctl is-enabled` and `is-active`.
    pub socket_unit: Option<(String, String)>,
    pub exposure: Option<String>,
    /// Groups of user facelock; none where there is no such user.
    pub groups: Option<Vec<String>>,
    pub models: Result<Vec<Model>, String>,
    pub tpm_device: bool,
    pub secure_boot: Option<bool>,
    /// Whether the register of Secure Boot's state was measured into at all.
    pub measured: Option<bool>,
    pub lockout_authorisation: Option<bool>,
    pub status: Result<StatusReport, String>,
    pub templates: Option<Vec<TemplateReport>>,
    /// Root's alone.
    pub cameras: Option<Vec<CameraReport>>,
    pub services: Vec<Wired>,
    /// Whether a login password is kept for the keyring, and the login programs given it.
    pub keyring: Option<bool>,
    pub keyring_services: Vec<&'static str>,
    pub session: Option<Session>,
    pub logind: bool,
    pub lid_closed: bool,
}
