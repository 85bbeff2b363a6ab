//! Cameras: a source of frames, whatever is behind it.
//!
//! [`open`] finds the configured camera by identity ([`CameraOptions`]), waits for other instances
//! of ourselves, and runs everything that touches the device on a thread that no deadline waits
//! for: a driver that hangs holds that thread, never the process. [`list`] says what there is,
//! which one would be used, and why. A node number never leaves this room.
//!
//! Must hold:
//! 1. A camera is named by identity; whether it sees infrared is what its own formats or a quirk
//!    say, never its name.
//! 2. A virtual camera is refused unless root's configuration allows it.
//! 3. What a camera delivers is hostile input: bounded, checked, dropped when it does not fit;
//!    never a panic.
//! 4. Every wait has a deadline. An error ends the stream; nothing spins on it.
//! 5. An emitter that was lit is put out, by this process or, after a crash, by a later one.

mod color;
pub mod convert;
mod device;
pub mod emitter;
pub mod exposure;
mod formats;
mod infrared;
mod lock;
mod options;
pub mod quirks;
#[cfg(feature = "replay")]
pub mod recorded;
mod select;
mod sysfs;
mod v4l2;
mod worker;

use std::time::Instant;

pub use device::{Probe, Probed, ProbedFormat, ProbedSize};
pub use options::{CameraOptions, Choice, Rotation};
pub use select::{list, list_with};

use crate::types::{CameraIdentity, Frame, Spectrum};

/// Why there is no frame. Each becomes its own `Unavailable`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CameraError {
    #[error("no camera")]
    NotFound,
    #[error("the camera is held by another program")]
    Busy,
    #[error("the camera may not be opened")]
    PermissionDenied,
    #[error("the camera went away")]
    Unplugged,
    /// Reopening once did not help either.
    #[error("the camera stopped answering, as after a suspend")]
    Suspended,
    #[error("only virtual cameras, and the configuration does not allow those")]
    Virtual,
    #[error("no usable frame before the deadline")]
    TimedOut,
    #[error("the camera does not work: {0}")]
    Failed(String),
}

impl CameraError {
    /// What an error number of open, an ioctl or poll means here.
    fn from_io(error: &std::io::Error) -> Self {
        match error.raw_os_error() {
            Some(code) => Self::from_errno(code),
            None => Self::Failed(error.to_string()),
        }
    }

    fn from_errno(code: i32) -> Self {
        match code {
            libc::EBUSY => Self::Busy,
            libc::EACCES | libc::EPERM => Self::PermissionDenied,
            libc::ENODEV | libc::ENXIO | libc::ENOENT => Self::Unplugged,
            libc::EIO | libc::EPIPE | libc::EPROTO | libc::ETIMEDOUT | libc::ESHUTDOWN => {
                Self::Suspended
            }
            code => Self::Failed(std::io::Error::from_raw_os_error(code).to_string()),
        }
    }
}

/// An open, streaming camera. Dropping it stops the stream and closes the device.
pub trait FrameSource: Send {
    fn identity(&self) -> &CameraIdentity;

    fn spectrum(&self) -> Spectrum;

    /// The next whole frame. A frame that cannot be decoded is dropped, and the next one waited
    /// for. A caller slower than the camera gets the newest frame; of a strobing emitter's pair,
    /// the lit one.
    ///
    /// # Errors
    /// [`CameraError::TimedOut`] at `deadline`, whatever the driver does;
    /// [`CameraError::Unplugged`].
    fn next_frame(&mut self, deadline: Instant) -> Result<Frame, CameraError>;
}

/// Opens the camera the options name for `wanted` and starts its stream.
///
/// # Errors
/// Each kind of [`CameraError`]; [`CameraError::TimedOut`] at `deadline` whatever the driver does,
/// and [`CameraError::Busy`] there when another instance kept the camera until then. A camera that
/// another program holds is [`CameraError::Busy`] within 300 ms.
pub fn open(
    options: &CameraOptions,
    wanted: Spectrum,
    deadline: Instant,
) -> Result<Box<dyn FrameSource>, CameraError> {
    Ok(Box::new(worker::Live::open(options, wanted, deadline)?))
}
