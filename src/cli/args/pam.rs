//! What `facelockctl pam` takes.

use std::path::PathBuf;

use clap::Subcommand;

use crate::decision::services::Mode;

#[derive(Debug, Subcommand)]
pub enum PamCommand {
    /// Let a service ask for a face: shows the change, asks, keeps a backup
    Enable {
        #[command(flatten)]
        edit: PamEdit,
        /// How it asks [default: as the configuration says, else confirm]
        #[arg(long, value_enum)]
        mode: Option<ServiceMode>,
    },
    /// Take face login out of a service again, byte for byte
    Disable {
        #[command(flatten)]
        edit: PamEdit,
    },
    /// Show which services ask for a face
    Status {
        /// One service instead of all
        service: Option<String>,
        /// Another system's root folder, such as an image's
        #[arg(long, value_name = "DIR", default_value = "/", hide_short_help = true)]
        root: PathBuf,
    },
}

/// How a service asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ServiceMode {
    /// Look at once
    Auto,
    /// A password, or Enter for the face
    Ask,
    /// Look at once; Enter confirms a match
    Confirm,
}

impl ServiceMode {
    pub fn mode(self) -> Mode {
        match self {
            ServiceMode::Auto => Mode::Auto,
            ServiceMode::Ask => Mode::Ask,
            ServiceMode::Confirm => Mode::Confirm,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct PamEdit {
    /// The service, as its file in /etc/pam.d is called: sudo, swaylock, gdm-password
    pub service: String,
    /// Show the change and make none
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Another system's root folder, such as an image's
    #[arg(long, value_name = "DIR", default_value = "/", hide_short_help = true)]
    pub root: PathBuf,
}
