//! The language of the Facelock socket: what a peer may ask, what it hears meanwhile, what it is
//! told at the end.
//!
//! # The wire
//!
//! A connection carries one [`Request`], then any number of [`Event`]s, then exactly one [`Reply`];
//! then it closes. Each message is a frame:
//!
//! ```text
//! length : u32, little endian   bytes that follow: version and body, 1 ..= cap
//! version: u8                   VERSION; anything else is refused
//! body   : postcard 1.x         exactly one value; bytes left over are refused
//! ```
//!
//! The cap depends on the direction ([`REQUEST_CAP`], [`MESSAGE_CAP`]) and is checked before
//! anything is allocated. The encoding is
//! [postcard's](https://postcard.jamesmunns.com/wire-format): unsigned integers are LEB128 varints,
//! an enum is the varint of its variant's position, a string is its varint length and its UTF-8
//! bytes, an option is one byte 0 or 1 and the value. Variants and fields are only ever appended;
//! anything else raises [`VERSION`].
//!
//! Whatever a client cannot read (end of file, an unknown variant, a frame cut short) means "no
//! decision was made". Only [`Reply::Verdict`] with [`Verdict::Match`] lets a person in.
#![forbid(unsafe_code)]

#[cfg(feature = "client")]
pub mod client;
mod consent;
mod evidence;
mod frame;
mod gate;
mod limits;
pub mod logind;
mod measurement;
mod message;
pub mod naming;
mod outcome;
mod password;
pub mod words;

use std::path::Path;

pub use consent::Consent;
pub use evidence::{Asker, Evidence, Named, Place, Requester, virtual_terminal};
pub use frame::{FrameError, decode, encode, read_message, write_message};
pub use gate::Gate;
pub use limits::{Label, LimitError, ServiceName, SessionId, Tty, UserName};
pub use measurement::{Measurement, Milliseconds, ModeTime, PreviewFrame, Stages};
pub use message::{
    CameraReport, EmitterTrial, EnrolledReport, EnrollmentState, Event, Message, PasswordReport,
    Pose, Progress, Reply, Request, Secret, ServiceReport, Spectrum, StatusReport, Subject,
    TallyReport, TemplateReport, UsbReport,
};
pub use outcome::{Denied, Hint, Unavailable, Verdict};
pub use password::Password;

/// The version this crate speaks.
pub const VERSION: u8 = 2;
/// Where the instance listens.
pub const SOCKET_PATH: &str = "/run/facelock/facelock.sock";
/// Where it listens for root's programs alone: what other users do to [`SOCKET_PATH`] takes none of
/// these connections.
pub const ROOT_SOCKET_PATH: &str = "/run/facelock/root.sock";
/// Largest frame an instance reads from a peer, in bytes (version and body).
pub const REQUEST_CAP: usize = 4 * 1024;
/// Largest frame a client needs to read for anything but a preview, in bytes (version and body).
pub const REPLY_CAP: usize = 64 * 1024;
/// Largest frame of all, in bytes: a preview image.
pub const MESSAGE_CAP: usize = 2 * 1024 * 1024;

/// The socket that a program should ask which was told `path`: in place of the common one root's
/// own, where the program is root's and there is one.
pub fn socket_for(path: &Path, is_root: bool) -> &Path {
    let own = Path::new(ROOT_SOCKET_PATH);
    if is_root && path == Path::new(SOCKET_PATH) && own.exists() {
        own
    } else {
        path
    }
}
