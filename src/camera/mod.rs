//! Cameras: a source of frames, whatever is behind it.

mod options;
#[cfg(feature = "replay")]
pub mod recorded;

use std::time::Instant;

use facelock_protocol::CameraReport;

pub use options::{CameraOptions, Choice, Rotation, Wanted};

use crate::types::{CameraIdentity, Frame, Spectrum};

/// Why there is no frame. Each becomes its own `Unavailable`.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    #[error("no camera")]
    NotFound,
    #[error("the camera is held by another program")]
    Busy,
    #[error("the camera may not be opened")]
    PermissionDenied,
    #[error("the camera went away")]
    Unplugged,
    #[error("only virtual cameras, and the configuration does not allow those")]
    Virtual,
    #[error("no usable frame before the deadline")]
    TimedOut,
    #[error("the camera does not work: {0}")]
    Failed(String),
}

/// An open, streaming camera. Dropping it stops the stream and closes the device.
pub trait FrameSource: Send {
    fn identity(&self) -> &CameraIdentity;

    fn spectrum(&self) -> Spectrum;

    /// The next whole frame. A frame that cannot be decoded is dropped, and the next one waited for.
    ///
    /// # Errors
    /// [`CameraError::TimedOut`] at `deadline`, whatever the driver does; [`CameraError::Unplugged`].
    fn next_frame(&mut self, deadline: Instant) -> Result<Frame, CameraError>;
}

/// Opens the configured camera.
///
/// # Errors
/// [`CameraError`].
pub fn open(_: &CameraOptions, _: Wanted, _: Instant) -> Result<Box<dyn FrameSource>, CameraError> {
    Err(CameraError::NotFound)
}

/// The cameras there are.
pub fn list(_: &CameraOptions) -> Vec<CameraReport> {
    Vec::new()
}
