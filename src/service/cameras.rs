//! Where frames come from: the edge that tests replace, by constructor.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use facelock_protocol::CameraReport;

#[cfg(feature = "replay")]
use super::arguments;
#[cfg(feature = "replay")]
use crate::camera::described::DescribedCameras;
use crate::camera::{self, CameraError, CameraOptions, ModeTime, Sink};
use crate::types::Spectrum;

pub trait Cameras: Send + Sync + 'static {
    /// Opens the camera that `wanted` names, and leaves its frames in `sink` until that is closed.
    ///
    /// # Errors
    /// As [`camera::stream`].
    fn stream(
        &self,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
        sink: &dyn Sink,
    ) -> Result<(), CameraError>;

    /// How soon each mode of one camera gives its first lit frame.
    ///
    /// # Errors
    /// As [`camera::time_modes`].
    fn time_modes(
        &self,
        options: &CameraOptions,
        identity: &str,
        stop: &AtomicBool,
    ) -> Result<Vec<ModeTime>, CameraError>;

    /// The cameras there are.
    fn list(&self, options: &CameraOptions) -> Vec<CameraReport>;
}

/// The machine's own cameras.
pub struct DeviceCameras;

impl Cameras for DeviceCameras {
    fn stream(
        &self,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
        sink: &dyn Sink,
    ) -> Result<(), CameraError> {
        camera::stream(options, wanted, deadline, sink)
    }

    fn time_modes(
        &self,
        options: &CameraOptions,
        identity: &str,
        stop: &AtomicBool,
    ) -> Result<Vec<ModeTime>, CameraError> {
        camera::time_modes(&camera::Kernel, options, identity, stop)
    }

    fn list(&self, options: &CameraOptions) -> Vec<CameraReport> {
        camera::list(options)
    }
}

/// Recorded frames in place of cameras; where the folder holds `cameras.txt`, the cameras described
/// there, laid out beside it.
#[cfg(feature = "replay")]
pub struct RecordedCameras {
    pub frames: std::path::PathBuf,
}

#[cfg(feature = "replay")]
impl RecordedCameras {
    /// The folder behind `--frames`.
    pub fn from_arguments() -> Self {
        Self {
            frames: arguments::value("--frames").unwrap_or_default().into(),
        }
    }

    fn described(&self, options: &CameraOptions) -> Option<(DescribedCameras, CameraOptions)> {
        let text = std::fs::read_to_string(self.frames.join("cameras.txt")).ok()?;
        let places = DescribedCameras::options(&self.frames);
        let options = CameraOptions {
            dev_root: places.dev_root,
            sysfs_root: places.sysfs_root,
            quirk_dirs: places.quirk_dirs,
            ..options.clone()
        };
        Some((DescribedCameras::parse(&text).ok()?, options))
    }
}

#[cfg(feature = "replay")]
impl Cameras for RecordedCameras {
    fn stream(
        &self,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
        sink: &dyn Sink,
    ) -> Result<(), CameraError> {
        if let Some((cameras, options)) = self.described(options) {
            return camera::stream_from(&cameras, &options, wanted, deadline, sink);
        }
        let mut source = camera::recorded::Recorded::open(&self.frames)?;
        // The one camera there is: asked for the other spectrum, it is not there.
        if source.spectrum() == wanted {
            source.stream(sink)
        } else {
            Err(CameraError::NotFound)
        }
    }

    fn time_modes(
        &self,
        options: &CameraOptions,
        identity: &str,
        stop: &AtomicBool,
    ) -> Result<Vec<ModeTime>, CameraError> {
        let described = self.described(options);
        let (cameras, options) = described.ok_or(CameraError::NotFound)?;
        camera::time_modes(&cameras, &options, identity, stop)
    }

    fn list(&self, options: &CameraOptions) -> Vec<CameraReport> {
        match self.described(options) {
            Some((cameras, options)) => camera::list_with(&options, &cameras),
            None => camera::recorded::Recorded::report(&self.frames)
                .into_iter()
                .collect(),
        }
    }
}
