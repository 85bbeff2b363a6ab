//! What was not done, why, and the command that helps; and the exit statuses.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use facelock_protocol::{Denied, Unavailable};
use serde_json::{Value, json};

use super::words;
use crate::config::{self, Config};

/// The documented exit statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    NoMatch = 1,
    Usage = 2,
    Unavailable = 3,
    Denied = 4,
    Connection = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// What was not done.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// `error`, `unavailable` or `denied`, as `--json` shows it.
    outcome: &'static str,
    /// One word for a script, in snake case.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// What to do, where that is known.
    pub help: Option<String>,
    seconds: Option<u32>,
}

/// What a command comes to.
pub type Answer = Result<Exit, Failure>;

/// The reason of a failure that is none: the reader of the output has gone.
const PIPE: &str = "broken_pipe";

impl Failure {
    pub fn new(reason: &str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Unavailable,
            outcome: "error",
            reason: reason.into(),
            message: message.into(),
            help: None,
            seconds: None,
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same failure, told better.
    #[must_use]
    pub fn because(mut self, message: &str) -> Self {
        self.message = message.into();
        self
    }

    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The reply is none of this request's.
    pub fn broken() -> Self {
        Self::new("broken", words::said("Facelock answered something else"))
    }

    /// The person was asked, and said no.
    pub fn declined() -> Self {
        Self::new("declined", words::said("Nothing was changed."))
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", message).exit(Exit::Usage)
    }

    /// Only root may do this; the same command with `sudo` in front is what helps.
    pub fn needs_root() -> Self {
        Self {
            outcome: "denied",
            ..Self::new("not_permitted", words::said("this needs root")).exit(Exit::Denied)
        }
        .help(with_sudo(std::env::args().skip(1)))
    }

    pub fn unavailable(unavailable: Unavailable) -> Self {
        if unavailable == Unavailable::ConfigRejected
            && let Err(error) = Config::load(Path::new(config::PATH))
        {
            let values: &[(&str, &dyn Display)] = &[("error", &error)];
            let why = words::filled("the configuration cannot be used: {error}", values);
            return Self {
                outcome: "unavailable",
                ..Self::new("config_rejected", why.trim_end())
            }
            .help(words::said(
                "mend it; facelockctl config check says when it is right",
            ));
        }
        let seconds = match unavailable {
            Unavailable::LockedOut { seconds } => seconds,
            _ => None,
        };
        Self {
            outcome: "unavailable",
            seconds,
            ..Self::new(&words::name(&unavailable), words::unavailable(unavailable))
        }
    }

    pub fn denied(denied: Denied) -> Self {
        if denied == Denied::NotPermitted && !is_root() {
            return Self::needs_root();
        }
        Self {
            outcome: "denied",
            ..Self::new(&words::name(&denied), words::denied(denied)).exit(Exit::Denied)
        }
    }

    /// The reader of the output has gone: there is nothing left to do, and no reader to tell.
    pub fn is_broken_pipe(&self) -> bool {
        self.reason == PIPE
    }

    pub fn json(&self) -> Value {
        let mut value = json!({
            "outcome": self.outcome, "reason": self.reason, "message": self.message, "help": self.help,
        });
        if let Some(seconds) = self.seconds {
            value["seconds"] = json!(seconds);
        }
        value
    }

    /// One sentence, and the command that helps.
    pub fn text(&self) -> String {
        match &self.help {
            Some(help) => format!("{}: {help}", self.message),
            None => self.message.clone(),
        }
    }
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// # Errors
/// The caller is not root.
pub fn require_root() -> Result<(), Failure> {
    if is_root() {
        Ok(())
    } else {
        Err(Failure::needs_root())
    }
}

/// The same command, for root.
fn with_sudo(arguments: impl Iterator<Item = String>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./@:+,%".contains(c);
    arguments.fold("sudo facelockctl".into(), |line, argument| {
        if !argument.is_empty() && argument.chars().all(plain) {
            line + " " + &argument
        } else {
            line + " '" + &argument.replace('\'', r"'\''") + "'"
        }
    })
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(PIPE, error.to_string()).exit(Exit::Done),
            io::ErrorKind::PermissionDenied if !is_root() => Self::needs_root(),
            _ => Self::new("failed", error.to_string()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let text = format!("{error:#}");
        // Some rooms' errors carry the system's as text alone.
        if !is_root() && text.contains("Permission denied") {
            return Self::needs_root();
        }
        Self::new("failed", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_root_is_quoted_for_a_shell() {
        let line = |arguments: &[&str]| with_sudo(arguments.iter().map(ToString::to_string));
        assert_eq!(line(&["enroll"]), "sudo facelockctl enroll");
        assert_eq!(
            line(&["enroll", "--label", "my 'face'", ""]),
            r"sudo facelockctl enroll --label 'my '\''face'\''' ''"
        );
    }

    #[test]
    fn a_lockout_says_for_how_long() {
        let failure = Failure::unavailable(Unavailable::LockedOut { seconds: Some(30) });
        assert_eq!(failure.json()["reason"], "locked_out");
        assert_eq!(failure.json()["seconds"], 30);
    }
}
