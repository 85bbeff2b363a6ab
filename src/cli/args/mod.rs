//! The command line, as types; help, man page and completions come from here.

mod options;
mod pam;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use options::*;
pub use pam::*;

/// Enroll faces for login, try them, and look after them.
///
/// Exit status: 0 done, or a match; 1 a face was judged and did not match; 2 wrong usage; 3 it
/// could not be done, and the message says why; 4 not permitted; 5 Facelock's socket cannot be
/// reached or the connection broke.
#[derive(Debug, Parser)]
#[command(name = "facelockctl", version, max_term_width = 80)]
pub struct Args {
    /// Print what a script would read, errors too
    #[arg(long, global = true, help_heading = "Options of every command")]
    pub json: bool,
    /// The socket to ask
    #[arg(long, global = true, help_heading = "Options of every command", hide_short_help = true,
        default_value = facelock_protocol::SOCKET_PATH, value_name = "PATH")]
    pub socket: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set face login up: models, camera, enrollment, a try, the services that ask
    Setup(Setup),
    /// Enroll a face: several samples, one template each
    #[command(alias = "add")]
    Enroll {
        #[command(flatten)]
        user: User,
        /// What to call these templates
        #[arg(long)]
        label: Option<String>,
        /// Start without waiting for Enter
        #[arg(long)]
        now: bool,
    },
    /// Verify, and show quality, scores and times (counted like any login)
    #[command(alias = "verify")]
    Test {
        #[command(flatten)]
        user: User,
        /// Play this PAM service: whether it looks now, how it asks, what then happens
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
    },
    /// List templates
    List {
        #[command(flatten)]
        user: User,
    },
    /// Remove one template
    #[command(aliases = ["delete", "rm"])]
    Remove {
        #[command(flatten)]
        user: User,
        /// The template's number, as `list` shows it
        template: u32,
    },
    /// Give one template another label
    #[command(alias = "label")]
    Rename {
        #[command(flatten)]
        user: User,
        /// The template's number, as `list` shows it
        template: u32,
        label: String,
    },
    /// Remove all of a user's templates and what is stored beside them
    Clear {
        #[command(flatten)]
        user: User,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Show what a login would meet: enrollment, lockout, TPM, camera, sandbox
    Status {
        #[command(flatten)]
        user: User,
    },
    /// Check every prerequisite of a login by face, and say what mends it
    ///
    /// Exit status: 0 nothing stands in the way, 1 a check failed.
    Doctor {
        #[command(flatten)]
        user: User,
    },
    /// Allow face login again after too many misses
    Unlock {
        #[command(flatten)]
        user: User,
    },
    /// Look after the TPM's part
    Tpm {
        #[command(subcommand)]
        command: TpmCommand,
    },
    /// Show past attempts, from the journal
    #[command(aliases = ["log", "logs"])]
    History(History),
    /// Read, check and change the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Choose which PAM services ask for a face
    Pam {
        #[command(subcommand)]
        command: PamCommand,
    },
    /// Keep a user's login password, so that a login by face opens the keyring
    Keyring {
        #[command(subcommand)]
        command: KeyringCommand,
    },
    /// Notify a user's desktop of attempts: on, off, failures only, or how it stands
    Notify(Notify),
    /// Switch face login off everywhere, for a day or until `enable`
    Disable {
        /// Switch it on again by itself after so many hours
        #[arg(long = "for", value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=8760))]
        hours: Option<u32>,
    },
    /// Undo `disable`
    Enable,
    /// Take face login out of every PAM stack, so that the package can be removed
    Uninstall(Uninstall),
    /// List cameras: which would be used, and why
    #[command(alias = "cameras")]
    Devices {
        #[command(flatten)]
        user: User,
        /// Describe them for a bug report instead, without serial numbers
        #[arg(long)]
        report: bool,
        /// Measure which format of each camera in use gives its first lit picture soonest, and
        /// remember it
        #[arg(long, conflicts_with = "report")]
        time: bool,
    },
    /// Look after the cameras that templates are bound to
    Camera {
        #[command(subcommand)]
        command: CameraCommand,
    },
    /// Show what the camera sees
    #[command(alias = "snapshot")]
    Preview(Preview),
    /// Try an infrared emitter setting on a camera for some seconds, then put it back
    #[command(
        override_usage = "facelockctl emitter --camera NAME --unit N --selector N\n       \
                          --payload HEX --off HEX [--seconds N]"
    )]
    Emitter(Emitter),
    /// Look after the model files
    Models {
        #[command(subcommand)]
        command: ModelsCommand,
    },
    /// Print a completion script
    Completions { shell: clap_complete::Shell },
    /// Print a manual page
    Man {
        #[arg(value_enum, default_value_t = Page::Facelockctl)]
        page: Page,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
    }
}
