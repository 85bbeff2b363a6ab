//! An emitter that is lit for as long as its camera streams.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use super::super::device::Camera;
use super::super::quirks::Emitter;
use super::super::v4l2::Node;
use super::super::{CameraError, CameraOptions};
use super::control;
use super::marker::{self, Marker, write_marker};

/// A lit emitter. Dropping it puts the light out.
#[derive(Debug)]
pub(in crate::camera) struct LitEmitter {
    node: Node,
    emitter: Emitter,
    marker: PathBuf,
}

impl LitEmitter {
    /// Leaves the marker, then sends the payload.
    ///
    /// # Errors
    /// [`CameraError::Failed`] where the control has another length, or the marker cannot be
    /// written; the camera's own.
    pub fn on(
        node: &Node,
        camera: &Camera,
        emitter: &Emitter,
        options: &CameraOptions,
    ) -> Result<Self, CameraError> {
        let error = |error: std::io::Error| CameraError::from_io(&error);
        let length = control::length(node, emitter)
            .map_err(|error| CameraError::Failed(format!("no such emitter control: {error}")))?;
        if length != emitter.on.len() || length != emitter.off.len() {
            return Err(CameraError::Failed(format!(
                "the emitter control takes {length} bytes"
            )));
        }
        let marker = marker::path(options);
        write_marker(
            &marker,
            &Marker {
                identity: camera.identity.to_string(),
                emitter: emitter.clone(),
            },
        )
        .map_err(|error| CameraError::Failed(format!("emitter marker: {error}")))?;
        let light = Self {
            node: node.duplicate().map_err(error)?,
            emitter: emitter.clone(),
            marker,
        };
        control::send(node, &light.emitter, &light.emitter.on).map_err(error)?;
        Ok(light)
    }
}

impl Drop for LitEmitter {
    fn drop(&mut self) {
        // Where the camera is gone so is its light; where it merely refuses, the marker stays for
        // the next process.
        match control::send(&self.node, &self.emitter, &self.emitter.off) {
            Err(error) if CameraError::from_io(&error) != CameraError::Unplugged => {}
            _ => drop(std::fs::remove_file(&self.marker)),
        }
    }
}
