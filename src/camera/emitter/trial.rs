//! Trying a payload: how bright the picture is before and while it is in force.
#![forbid(unsafe_code)]

use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::super::machine::{Kernel, Machine as _};
use super::super::quirks::Emitter;
use super::super::v4l2::Node;
use super::super::{
    CameraChoice, CameraError, CameraOptions, decode, exposure, lock, select, session,
};
use super::{LitEmitter, restore_under_lock};
use crate::types::Spectrum;

/// What trying a payload showed: mean brightness of the frames, 0..=255, before and while it was in
/// force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    pub before: f32,
    pub during: f32,
}

/// Streams from the infrared camera `identity`, lights its emitter by `emitter` for `duration`,
/// then puts it out.
///
/// # Errors
/// [`CameraError::Failed`] where the payload has not the control's length; the camera's own
/// otherwise. The light is put out on every path; [`CameraError::TimedOut`] where the driver hangs.
pub fn try_payload(
    options: &CameraOptions,
    identity: &str,
    emitter: Emitter,
    duration: Duration,
) -> Result<Trial, CameraError> {
    let options = CameraOptions {
        infrared: CameraChoice::Identity(identity.to_owned()),
        ..options.clone()
    };
    let (sender, receiver) = mpsc::channel();
    let run = move || drop(sender.send(trial(&options, &emitter, duration)));
    std::thread::Builder::new()
        .name("emitter".into())
        .spawn(run)
        .map_err(|error| CameraError::Failed(error.to_string()))?;
    receiver
        .recv_timeout(duration * 2 + Duration::from_secs(3))
        .unwrap_or(Err(CameraError::TimedOut))
}

fn trial(
    options: &CameraOptions,
    emitter: &Emitter,
    duration: Duration,
) -> Result<Trial, CameraError> {
    let _lock = lock::acquire(
        options,
        Spectrum::Infrared,
        Instant::now() + Duration::from_secs(1),
        &|| false,
    )?;
    // A light that a crash left on is put out before its marker makes room for this one's.
    let _ = restore_under_lock(options);
    let error = |error: std::io::Error| CameraError::from_io(&error);
    let found = select::candidates(options, Spectrum::Infrared, &Kernel)?;
    let (camera, mode) = (&found[0].camera, found[0].modes[0]);
    let mut stream = Kernel
        .claim(&camera.place.path, &mode.asked())
        .map_err(error)?;
    let layout = session::layout(&stream.format(), mode)?;
    let handle = Node::open(&camera.place.path).map_err(error)?;
    stream.start().map_err(error)?;
    let mut mean = |during: Duration| {
        let (end, mut sum, mut count) = (Instant::now() + during, 0.0, 0.0_f32);
        while Instant::now() < end {
            let mut look = |bytes: &[u8], _| {
                if let Ok(frame) = decode::to_gray(bytes, mode.encoding, layout) {
                    sum += exposure::judge(&frame).mean;
                    count += 1.0;
                }
            };
            let wait = Duration::from_millis(50);
            stream.next(wait, &mut look).map_err(error)?;
        }
        Ok::<f32, CameraError>(sum / count.max(1.0))
    };
    let before = mean(duration.min(Duration::from_secs(1)))?;
    let light = LitEmitter::on(&handle, camera, emitter, options)?;
    let during = mean(duration);
    drop(light);
    Ok(Trial {
        before,
        during: during?,
    })
}
