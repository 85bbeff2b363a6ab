//! The gates an attempt passes before anything is opened. A closed one has a name and a reason.

use serde::{Deserialize, Serialize};

/// Why no face is looked for. No camera, vault or template is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Gate {
    /// The configuration does not list the PAM service.
    Unlisted,
    /// The configuration lists the service as `off`.
    SwitchedOff,
    /// The person is at another machine.
    Remote,
    Lid,
    /// The terminal is a serial line, or another that is not at this machine.
    Terminal,
    /// Another user asks.
    OtherAsker,
    /// What the program says about who asks contradicts itself, or cannot be read.
    UnclearAsker,
    /// The process that asks belongs to no login session.
    NoSession,
    /// The process that asks is in another user's session.
    OtherSession,
    /// The session is none that a person sits in: cron's, a service manager's.
    Background,
    /// The session is at no seat.
    NoSeat,
    /// Another session is in front of the seat.
    Inactive,
    /// The service is not one that root's programs may ask for by themselves.
    RootAlone,
    /// No seat shows a greeter or the user's own session, and no local terminal is in front.
    NotShown,
    /// The service only unlocks, and the user has no open session at a seat.
    FirstLogin,
}

impl Gate {
    pub const ALL: [Gate; 15] = [
        Gate::Unlisted,
        Gate::SwitchedOff,
        Gate::Remote,
        Gate::Lid,
        Gate::Terminal,
        Gate::OtherAsker,
        Gate::UnclearAsker,
        Gate::NoSession,
        Gate::OtherSession,
        Gate::Background,
        Gate::NoSeat,
        Gate::Inactive,
        Gate::RootAlone,
        Gate::NotShown,
        Gate::FirstLogin,
    ];

    /// As in the journal, in `facelockctl status` and in `tests/vectors/access.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Gate::Unlisted => "unlisted",
            Gate::SwitchedOff => "switched-off",
            Gate::Remote => "remote",
            Gate::Lid => "lid",
            Gate::Terminal => "terminal",
            Gate::OtherAsker => "other-asker",
            Gate::UnclearAsker => "unclear-asker",
            Gate::NoSession => "no-session",
            Gate::OtherSession => "other-session",
            Gate::Background => "background",
            Gate::NoSeat => "no-seat",
            Gate::Inactive => "inactive",
            Gate::RootAlone => "root-alone",
            Gate::NotShown => "not-shown",
            Gate::FirstLogin => "first-login",
        }
    }
}
