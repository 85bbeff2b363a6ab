//! Where frames come from: the edge that tests replace, by constructor.

use std::time::Instant;

use facelock_protocol::CameraReport;

use crate::camera::{self, CameraError, CameraOptions, FrameSource};
use crate::types::Spectrum;

pub trait Cameras: Send + Sync + 'static {
    /// Opens the camera that `wanted` names.
    ///
    /// # Errors
    /// [`CameraError`], by the deadline.
    fn open(
        &self,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
    ) -> Result<Box<dyn FrameSource>, CameraError>;

    /// The cameras there are.
    fn list(&self, options: &CameraOptions) -> Vec<CameraReport>;
}

/// The machine's own cameras.
pub struct DeviceCameras;

impl Cameras for DeviceCameras {
    fn open(
        &self,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
    ) -> Result<Box<dyn FrameSource>, CameraError> {
        camera::open(options, wanted, deadline)
    }

    fn list(&self, options: &CameraOptions) -> Vec<CameraReport> {
        camera::list(options)
    }
}

/// Recorded frames in place of cameras.
#[cfg(feature = "replay")]
pub struct RecordedCameras {
    pub frames: std::path::PathBuf,
}

#[cfg(feature = "replay")]
impl RecordedCameras {
    /// The folder behind `--frames`.
    pub fn from_arguments() -> Self {
        Self {
            frames: super::argument("--frames").unwrap_or_default().into(),
        }
    }
}

#[cfg(feature = "replay")]
impl Cameras for RecordedCameras {
    fn open(
        &self,
        _: &CameraOptions,
        wanted: Spectrum,
        _: Instant,
    ) -> Result<Box<dyn FrameSource>, CameraError> {
        let source = camera::recorded::Recorded::open(&self.frames)?;
        // The one camera there is: asked for the other spectrum, it is not there.
        if source.spectrum() == wanted {
            Ok(Box::new(source))
        } else {
            Err(CameraError::NotFound)
        }
    }

    fn list(&self, _: &CameraOptions) -> Vec<CameraReport> {
        Vec::new()
    }
}
