//! What the camera sees, for root, as events until the time is over or the peer hangs up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use facelock_protocol::{Event, Measurement, PreviewFrame, Progress, Reply};

use super::context::Context;
use super::failure::{Answer, Failure};
use super::inbox::{Arrival, Inbox};
use super::side::{open_best, start_camera, start_models};
use super::stages;
use crate::camera::exposure;
use crate::face::QualityLimits;
use crate::onnx::ModelError;
use crate::pipeline::frame::{FrameJudge, FrameOutcome, FrameTimes, JudgeFrames as _};
use crate::types::{Frame, PixelFormat, Spectrum, Unavailable};

/// Pictures a second, at most.
const PACE: Duration = Duration::from_millis(100);
/// Largest picture sent, in pixels.
const MOST_PIXELS: usize = 640 * 480;

type Side = Inbox<Result<FrameJudge, ModelError>, ()>;

/// # Errors
/// There is nothing to see, and why.
pub fn preview(context: &Context, seconds: u8) -> Answer<Reply> {
    let deadline = Instant::now() + Duration::from_secs(seconds.clamp(1, 60).into());
    let side: Arc<Side> = Inbox::new();
    let hangup = Arc::clone(&side);
    context
        .connection
        .watch(move || hangup.hang_up())
        .map_err(Failure::Thread)?;
    context
        .connection
        .send_event(Event::Progress(Progress::Starting));
    let (cameras, options) = (
        Arc::clone(&context.cameras),
        context.config.camera_options(),
    );
    let open = move |deadline| open_best(&*cameras, &options, deadline);
    let camera = start_camera(&side, Box::new(open), deadline).map_err(Failure::Thread)?;
    start_models(context.config, &side).map_err(Failure::Thread)?;
    let result = show(context, &side, deadline);
    side.close();
    camera.wait_closed();
    result
}

fn show(context: &Context, side: &Side, deadline: Instant) -> Answer<Reply> {
    let (mut judge, mut spectrum, mut last) = (None, Spectrum::Color, None::<Instant>);
    loop {
        match side.next(deadline) {
            Arrival::HungUp => return Err(Unavailable::Cancelled.into()),
            Arrival::Deadline => return Ok(Reply::Done { changed: false }),
            Arrival::CameraFailed(_) if Instant::now() >= deadline => {
                return Ok(Reply::Done { changed: false });
            }
            Arrival::CameraFailed(error) => return Err(error.into()),
            Arrival::Engine(loaded) => judge = loaded.ok(),
            Arrival::Templates(()) => {}
            Arrival::Camera(_, of) => spectrum = of,
            Arrival::Frame(frame) => {
                if last.is_none_or(|last| last.elapsed() >= PACE) {
                    last = Some(Instant::now());
                    context.connection.send_event(Event::Preview(picture(
                        &frame,
                        judge.as_mut(),
                        spectrum,
                    )));
                }
            }
        }
    }
}

fn picture(frame: &Frame, judge: Option<&mut FrameJudge>, spectrum: Spectrum) -> PreviewFrame {
    let mut times = FrameTimes::default();
    let (mut measurement, mut hint) = (None, None);
    let step = (frame.width() as usize * frame.height() as usize).div_ceil(MOST_PIXELS);
    // Every n-th row and column, so that the picture fits a message.
    let step = (1..).find(|n| n * n >= step).unwrap_or(1);
    match judge.map(|judge| judge.judge(frame, spectrum, &QualityLimits::VERIFY, &mut times)) {
        Some(Ok(FrameOutcome::Judged(judged))) => measurement = Some(stages::measurement(&judged)),
        Some(Ok(FrameOutcome::Hint(because, face))) => {
            hint = Some(because);
            measurement = face.map(|face| Measurement {
                detection_score: face.score,
                face: [
                    face.bounds.x,
                    face.bounds.y,
                    face.bounds.width,
                    face.bounds.height,
                ],
                landmarks: face.landmarks.map(|p| [p.x, p.y]),
                ..Measurement::default()
            });
        }
        Some(Ok(FrameOutcome::Unlit) | Err(_)) | None => {}
    }
    if let Some(shown) = &mut measurement {
        shown.face = shown.face.map(|v| v / step as f32);
        shown.landmarks = shown.landmarks.map(|p| p.map(|v| v / step as f32));
    }
    let (width, height, pixels) = shrink(frame, step);
    let channels = frame.format().channels() as u8;
    PreviewFrame {
        width,
        height,
        channels,
        pixels,
        brightness: exposure::judge(frame).mean,
        measurement,
        hint,
    }
}

/// Every `step`-th pixel; colour as RGB.
fn shrink(frame: &Frame, step: usize) -> (u32, u32, Vec<u8>) {
    let (w, h, channels) = (
        frame.width() as usize,
        frame.height() as usize,
        frame.format().channels(),
    );
    let mut pixels = Vec::new();
    for y in (0..h).step_by(step) {
        for x in (0..w).step_by(step) {
            let at = (y * w + x) * channels;
            let pixel = &frame.pixels()[at..at + channels];
            match frame.format() {
                PixelFormat::Gray8 => pixels.push(pixel[0]),
                PixelFormat::Bgr8 => pixels.extend([pixel[2], pixel[1], pixel[0]]),
            }
        }
    }
    (w.div_ceil(step) as u32, h.div_ceil(step) as u32, pixels)
}
