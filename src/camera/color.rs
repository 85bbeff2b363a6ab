//! The color camera, through nokhwa.
//!
//! nokhwa waits for ever for a camera that does not answer, and returns a buffer's whole mapping
//! rather than the part that was filled; it runs on the room's own thread, and what it returns is
//! decoded here by the announced size. It refuses a camera that another program left in a format it
//! does not know, and says "busy" only in words, late: so the format is set and the stream tried
//! through our own handle first.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
    Resolution,
};
use nokhwa::{Camera as Nokhwa, NokhwaError};

use super::convert::{self, Encoding, Layout};
use super::device::Camera;
use super::formats::Mode;
use super::v4l2::Node;
use super::worker::Sink;
use super::{CameraError, Rotation};
use crate::types::MAX_FRAME_SIDE;

/// Streams until the sink closes or the camera fails.
pub(super) fn stream(
    camera: &Camera,
    mode: Mode,
    rotation: Rotation,
    sink: &Sink,
) -> Result<(), CameraError> {
    let (layout, rate) = prepare(camera, mode)?;
    let mut nokhwa = start(camera, mode, layout, rate)?;
    sink.opened(&camera.identity);
    let result = frames(&mut nokhwa, mode.encoding, layout, rotation, sink);
    // Its stream panics on close where the driver refuses to stop, as an unplugged one may.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(nokhwa)));
    result
}

/// Sets format and rate and tries for the buffers, with error numbers instead of words.
fn prepare(camera: &Camera, mode: Mode) -> Result<(Layout, u32), CameraError> {
    let why = |error: std::io::Error| CameraError::from_io(&error);
    let node = Node::open(&camera.place.path).map_err(why)?;
    let format = node
        .set_format(mode.four_cc, (mode.width, mode.height))
        .map_err(why)?;
    let sides = 1..=MAX_FRAME_SIDE;
    if format.four_cc != mode.four_cc
        || !sides.contains(&format.width)
        || !sides.contains(&format.height)
    {
        return Err(CameraError::Failed(format!(
            "it set {} {}x{}",
            format.four_cc, format.width, format.height
        )));
    }
    let asked = mode
        .rate
        .ok_or_else(|| CameraError::Failed("it tells no frame rate".into()))?;
    let rate = node.set_rate(asked).map_err(why)?.unwrap_or(asked);
    node.try_buffers().map_err(why)?;
    let stride = if mode.encoding == Encoding::Mjpeg {
        0
    } else {
        format.bytes_per_line
    };
    let layout = Layout {
        width: format.width,
        height: format.height,
        stride,
    };
    Ok((layout, rate.frames / rate.seconds.max(1)))
}

fn start(camera: &Camera, mode: Mode, layout: Layout, rate: u32) -> Result<Nokhwa, CameraError> {
    let known = match mode.encoding {
        Encoding::Yuyv => FrameFormat::YUYV,
        Encoding::Nv12 => FrameFormat::NV12,
        Encoding::Mjpeg => FrameFormat::MJPEG,
        Encoding::Grey | Encoding::GreyWide { .. } => {
            return Err(CameraError::Failed("a grey color camera".into()));
        }
    };
    let format = CameraFormat::new(Resolution::new(layout.width, layout.height), known, rate);
    let formats = [known];
    let request = RequestedFormat::with_formats(RequestedFormatType::Exact(format), &formats);
    let index = CameraIndex::Index(camera.place.number);
    let mut nokhwa = Nokhwa::with_backend(index, request, ApiBackend::Video4Linux)
        .map_err(|why| reason(&why))?;
    nokhwa.open_stream().map_err(|why| reason(&why))?;
    Ok(nokhwa)
}

fn frames(
    nokhwa: &mut Nokhwa,
    encoding: Encoding,
    layout: Layout,
    rotation: Rotation,
    sink: &Sink,
) -> Result<(), CameraError> {
    // nokhwa keeps the driver's sequence to itself.
    let mut sequence = 0_u32;
    while !sink.closed() {
        let bytes = nokhwa.frame_raw().map_err(|why| reason(&why))?;
        sequence = sequence.wrapping_add(1);
        // One that cannot be decoded is dropped; the camera's own rate paces the loop.
        if let Ok(mut frame) = convert::to_bgr(&bytes, encoding, layout) {
            frame.sequence = sequence;
            sink.deliver(convert::rotate(frame, rotation));
        }
    }
    Ok(())
}

/// The error number nokhwa writes into its words.
fn reason(error: &NokhwaError) -> CameraError {
    let words = error.to_string();
    let number = words.rsplit_once("os error ").and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    match number {
        Some(number) => CameraError::from_errno(number),
        None => CameraError::Failed(
            words
                .chars()
                .filter(|c| !c.is_control())
                .take(200)
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_number_is_found_in_nokhwas_words() {
        let read = |words: &str| reason(&NokhwaError::ReadFrameError(words.to_owned()));
        assert_eq!(
            read("Device or resource busy (os error 16)"),
            CameraError::Busy
        );
        assert_eq!(read("No such device (os error 19)"), CameraError::Unplugged);
        assert_eq!(
            read("Input/output error (os error 5)"),
            CameraError::Suspended
        );
        assert_eq!(
            read("Permission denied (os error 13)"),
            CameraError::PermissionDenied
        );
        assert!(matches!(read("Stream Not Started"), CameraError::Failed(_)));
    }
}
