//! How soon each mode of a camera gives its first lit frame, for root.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use facelock_protocol::{ModeTime, Reply};

use super::capture::Capture;
use super::context::Context;
use super::failure::{Answer, Failure};
use crate::camera::{CameraError, LONGEST_TIMING};

/// # Errors
/// No mode gave a lit frame, and why; [`CameraError::TimedOut`] where the driver hangs.
pub fn time_modes(context: &Context, camera: String) -> Answer<Reply> {
    Capture::tell_longest(context, Instant::now() + LONGEST_TIMING);
    let (cameras, options) = (
        Arc::clone(&context.cameras),
        context.config.camera_options(),
    );
    let (sender, receiver) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let hang_up = Arc::clone(&stop);
    let watched = context
        .connection
        .watch(move || hang_up.store(true, Ordering::Relaxed));
    watched.map_err(Failure::Thread)?;
    let run = move || drop(sender.send(cameras.time_modes(&options, &camera, &stop)));
    // A driver that hangs holds that thread, and not the answer.
    std::thread::Builder::new()
        .name("camera".into())
        .spawn(run)
        .map_err(Failure::Thread)?;
    let times = receiver.recv_timeout(LONGEST_TIMING);
    let times = times.unwrap_or(Err(CameraError::TimedOut))?;
    let told = |time: crate::camera::ModeTime| ModeTime {
        format: time.format,
        first_lit: time.first_lit.map(milliseconds),
    };
    Ok(Reply::ModeTimes(times.into_iter().map(told).collect()))
}

fn milliseconds(time: Duration) -> u32 {
    time.as_millis().try_into().unwrap_or(u32::MAX)
}
