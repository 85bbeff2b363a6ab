//! The infrared emitter: a vendor's extension-unit control, set from a quirk, never found by
//! trying.
//!
//! Must hold:
//! 1. Only a payload from root's quirks, or one root hands in to be tried, is ever sent, and only
//!    where the control has exactly that length.
//! 2. What is to be sent to put the light out is on disk before the light goes on.
//! 3. The light goes out when its `LitEmitter` is dropped; after a crash, by [`restore_pending`].
//! 4. Nobody puts out the light of an instance that is still looking: restoring takes the camera's
//!    lock.
#![forbid(unsafe_code)]

mod marker;
mod trial;

use std::path::PathBuf;

use super::device::Camera;
use super::quirks::Emitter;
use super::v4l2::{Node, XuRequest};
use super::{CameraError, CameraOptions};
use marker::{Marker, write_marker};

pub(super) use marker::restore_under_lock;
pub use marker::{is_pending, restore_pending};
pub use trial::{Trial, try_payload};

/// A lit emitter. Dropping it puts the light out.
#[derive(Debug)]
pub(super) struct LitEmitter {
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
        let mut length = [0; 2];
        node.extension_unit(
            emitter.unit,
            emitter.selector,
            XuRequest::Length,
            &mut length,
        )
        .map_err(|error| CameraError::Failed(format!("no such emitter control: {error}")))?;
        let length = usize::from(u16::from_le_bytes(length));
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
        send(node, &light.emitter, &light.emitter.on).map_err(error)?;
        Ok(light)
    }
}

impl Drop for LitEmitter {
    fn drop(&mut self) {
        // Where the camera is gone so is its light; where it merely refuses, the marker stays for
        // the next process.
        match send(&self.node, &self.emitter, &self.emitter.off) {
            Err(error) if CameraError::from_io(&error) != CameraError::Unplugged => {}
            _ => drop(std::fs::remove_file(&self.marker)),
        }
    }
}

fn send(node: &Node, emitter: &Emitter, payload: &[u8]) -> std::io::Result<()> {
    node.extension_unit(
        emitter.unit,
        emitter.selector,
        XuRequest::Set,
        &mut payload.to_vec(),
    )
}
