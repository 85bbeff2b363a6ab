//! What the camera sees, for root, as events until the time is over or the peer hangs up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use facelock_protocol::{Event, Measurement, PreviewFrame, Reply};

use super::capture::Capture;
use super::context::Context;
use super::failure::{Answer, Failure};
use super::inbox::{Arrival, Models};
use super::timing;
use super::workers::stream_best;
use crate::camera::{Sink, exposure};
use crate::face::QualityLimits;
use crate::pipeline::frame::{FrameOutcome, FrameTimes};
use crate::types::{Frame, PixelFormat, Spectrum, Unavailable};

/// Pictures a second, at most.
const PACE: Duration = Duration::from_millis(100);
/// Largest picture sent, in pixels.
const MOST_PIXELS: usize = 640 * 480;

/// # Errors
/// There is nothing to see, and why.
pub fn preview(context: &Context, seconds: u8) -> Answer<Reply> {
    let deadline = Instant::now() + Duration::from_secs(seconds.clamp(1, 60).into());
    let cameras = Arc::clone(&context.cameras);
    let options = context.config.camera_options();
    let stream = Box::new(move |sink: &dyn Sink| stream_best(&*cameras, &options, deadline, sink));
    Capture::tell_longest(context, deadline);
    let capture = Capture::start(context, stream).map_err(Failure::Thread)?;
    show(context, &capture, deadline)
}

fn show(context: &Context, capture: &Capture, deadline: Instant) -> Answer<Reply> {
    let (mut models, mut spectrum, mut last) = (None, Spectrum::Color, None::<Instant>);
    loop {
        match capture.next(deadline) {
            Arrival::HungUp => return Err(Unavailable::Cancelled.into()),
            Arrival::Deadline => return Ok(Reply::Done { changed: false }),
            Arrival::CameraFailed(_) if Instant::now() >= deadline => {
                return Ok(Reply::Done { changed: false });
            }
            Arrival::CameraFailed(error) => return Err(error.into()),
            Arrival::Models(loaded) => models = loaded.ok(),
            Arrival::Templates(_) => {}
            Arrival::Camera(_, of) => spectrum = of,
            Arrival::Frame(frame) => {
                if last.is_none_or(|last| last.elapsed() >= PACE) {
                    last = Some(Instant::now());
                    let picture = picture(&frame, models.as_mut(), spectrum);
                    context.connection.send_event(Event::Preview(picture));
                }
            }
        }
    }
}

fn picture(frame: &Frame, models: Option<&mut Models>, spectrum: Spectrum) -> PreviewFrame {
    let mut times = FrameTimes::default();
    let (mut measurement, mut hint) = (None, None);
    let step = (frame.width() as usize * frame.height() as usize).div_ceil(MOST_PIXELS);
    // Every n-th row and column, so that the picture fits a message.
    let step = (1..).find(|n| n * n >= step).unwrap_or(1);
    match models.map(|models| models.judge(frame, spectrum, &QualityLimits::VERIFY, &mut times)) {
        Some(Ok(FrameOutcome::Judged(judged))) => measurement = Some(timing::measurement(&judged)),
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

/// Every `step`-th pixel; color as RGB.
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
