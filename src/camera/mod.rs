//! Cameras: a source of frames, whatever is behind it.
//!
//! [`open`] finds the configured camera by identity ([`CameraOptions`]), waits for other instances
//! of ourselves, and runs everything that touches the device on a thread that no deadline waits
//! for: a driver that hangs holds that thread, never the process. `list` says what there is,
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

mod classify;
pub mod decode;
#[cfg(feature = "replay")]
pub mod described;
mod device;
pub mod emitter;
pub mod exposure;
mod formats;
mod list;
mod lock;
mod machine;
mod mailbox;
mod nokhwa;
mod options;
pub mod quirks;
mod ranking;
#[cfg(feature = "replay")]
pub mod recorded;
mod report;
mod select;
mod session;
mod shutter;
mod strobe;
mod sysfs;
mod v4l2;
mod wide;
mod worker;

use std::sync::Arc;
use std::time::Instant;

pub use device::{Probe, Probed, ProbedFormat, ProbedSize};
pub use list::{list, list_with};
pub use machine::{Delivered, Machine, RawStream, StreamFormat};
pub use options::{CameraChoice, CameraOptions, NamedFormat, Rotation};
pub use report::{report, report_with};

use crate::types::{CameraIdentity, Frame, Spectrum};

/// Why there is no frame. Each becomes its own `Unavailable`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CameraError {
    #[error("no camera")]
    NotFound,
    /// There is a camera, but none that the user is enrolled on.
    #[error("another camera than the enrolled one")]
    OtherCamera,
    #[error("the camera is held by another program")]
    Busy,
    /// Its node is there, and the unit does not bind it.
    #[error("the unit does not bind /dev/video{0}; facelockctl devices says what to do")]
    Unbound(u32),
    #[error("the camera may not be opened")]
    PermissionDenied,
    #[error("the camera went away")]
    Unplugged,
    /// The machine has slept since it was started, and reopening once did not help.
    #[error("the camera stopped answering; the machine has slept since it was started")]
    Suspended,
    /// Reopening once did not help.
    #[error("the camera stopped answering")]
    NoAnswer,
    #[error("the USB bus has no room for the camera's stream")]
    NoBandwidth,
    #[error("the camera's privacy shutter is closed")]
    Covered,
    #[error("only virtual cameras, and the configuration does not allow those")]
    Virtual,
    #[error("no usable frame before the deadline")]
    TimedOut,
    #[error("not one of the camera's frames could be decoded: {0}")]
    Undecodable(String),
    #[error("the camera does not work: {0}")]
    Failed(String),
}

impl CameraError {
    /// What an error number of open, an ioctl or poll means here.
    fn from_io(error: &std::io::Error) -> Self {
        match error.raw_os_error() {
            Some(code) => Self::from_errno(code, slept_since_boot()),
            None => Self::Failed(error.to_string()),
        }
    }

    fn from_errno(code: i32, slept: bool) -> Self {
        match code {
            libc::EBUSY => Self::Busy,
            libc::EACCES | libc::EPERM => Self::PermissionDenied,
            libc::ENODEV | libc::ENXIO | libc::ENOENT => Self::Unplugged,
            libc::ENOSPC => Self::NoBandwidth,
            libc::EIO | libc::EPIPE | libc::EPROTO | libc::ETIMEDOUT | libc::ESHUTDOWN => {
                if slept {
                    Self::Suspended
                } else {
                    Self::NoAnswer
                }
            }
            code => Self::Failed(std::io::Error::from_raw_os_error(code).to_string()),
        }
    }
}

/// Whether the machine has slept since it was started: the boot clock counts that time, and the
/// monotonic one does not.
fn slept_since_boot() -> bool {
    use rustix::time::{ClockId, clock_gettime};
    let monotonic = clock_gettime(ClockId::Monotonic);
    clock_gettime(ClockId::Boottime).tv_sec - monotonic.tv_sec > 1
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
    open_with(Arc::new(machine::Kernel), options, wanted, deadline)
}

/// [`open`], on another machine's nodes.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    machine: Arc<dyn Machine>,
    options: &CameraOptions,
    wanted: Spectrum,
    deadline: Instant,
) -> Result<Box<dyn FrameSource>, CameraError> {
    let camera = worker::OpenCamera::open(machine, options, wanted, deadline)?;
    Ok(Box::new(camera))
}

#[cfg(test)]
mod tests {
    use super::CameraError;

    #[test]
    fn only_a_machine_that_slept_has_a_camera_that_did_not_wake() {
        for code in [
            libc::EIO,
            libc::EPIPE,
            libc::EPROTO,
            libc::ETIMEDOUT,
            libc::ESHUTDOWN,
        ] {
            assert_eq!(CameraError::from_errno(code, false), CameraError::NoAnswer);
            assert_eq!(CameraError::from_errno(code, true), CameraError::Suspended);
        }
        assert_eq!(
            CameraError::from_errno(libc::ENOSPC, true),
            CameraError::NoBandwidth
        );
        assert_eq!(
            CameraError::from_errno(libc::EBUSY, true),
            CameraError::Busy
        );
        assert_eq!(
            CameraError::from_errno(libc::ENODEV, true),
            CameraError::Unplugged
        );
    }
}
