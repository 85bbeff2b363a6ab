//! The infrared camera, straight through V4L2, since nokhwa knows no grey format that a driver has.
#![forbid(unsafe_code)]

use std::time::Duration;

use super::convert::{self, Encoding, Layout};
use super::device::Camera;
use super::emitter::Light;
use super::exposure::{self, Strobe};
use super::formats::Mode;
use super::v4l2::{Format, Node, Stream};
use super::worker::Sink;
use super::{CameraError, CameraOptions, Rotation};
use crate::types::{Frame, MAX_FRAME_SIDE};

const BUFFERS: u32 = 4;
/// How soon a dropped source is noticed.
const SLICE: Duration = Duration::from_millis(40);

/// Streams until the sink closes or the camera fails.
pub(super) fn stream(
    camera: &Camera,
    mode: Mode,
    rotation: Rotation,
    options: &CameraOptions,
    sink: &Sink,
) -> Result<(), CameraError> {
    let why = |error: std::io::Error| CameraError::from_io(&error);
    let (node, layout) = prepare(camera, mode)?;
    // The emitter is touched only once the camera is ours: setting the format refuses a second
    // program. It is put out after the stream stops, because a later binding drops first.
    let emitter = camera
        .quirk
        .as_ref()
        .and_then(|quirk| quirk.emitter.as_ref());
    let _light = emitter
        .map(|emitter| Light::on(&node, camera, emitter, options))
        .transpose()?;
    let mut stream = Stream::start(node, BUFFERS).map_err(why)?;
    sink.opened(&camera.identity);
    let mut strobe = Strobe::new();
    while !sink.closed() {
        if !stream.wait(SLICE).map_err(why)? {
            continue;
        }
        if let Some(mut frame) = take(&mut stream, mode.encoding, layout)? {
            frame.illumination = strobe.observe(frame.sequence, exposure::judge(&frame).mean);
            sink.deliver(convert::rotate(frame, rotation));
        }
    }
    Ok(())
}

/// Opens the node and sets format and rate.
pub(super) fn prepare(camera: &Camera, mode: Mode) -> Result<(Node, Layout), CameraError> {
    let why = |error: std::io::Error| CameraError::from_io(&error);
    let node = Node::open(&camera.place.path).map_err(why)?;
    let format = node
        .set_format(mode.four_cc, (mode.width, mode.height))
        .map_err(why)?;
    let layout = layout(&format, mode)?;
    if let Some(rate) = mode.rate {
        // A camera that keeps its own rate still works.
        let _ = node.set_rate(rate);
    }
    Ok((node, layout))
}

fn layout(format: &Format, mode: Mode) -> Result<Layout, CameraError> {
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
    let stride = if mode.encoding == Encoding::Mjpeg {
        0
    } else {
        format.bytes_per_line
    };
    Ok(Layout {
        width: format.width,
        height: format.height,
        stride,
    })
}

/// The next buffer as a frame; `None` for one that is damaged or does not hold a whole picture.
pub(super) fn take(
    stream: &mut Stream,
    encoding: Encoding,
    layout: Layout,
) -> Result<Option<Frame>, CameraError> {
    let taken = stream.take(|bytes, delivered| {
        let frame = convert::to_gray(bytes, encoding, layout)
            .ok()
            .filter(|_| !delivered.damaged);
        frame.map(|mut frame| {
            frame.sequence = delivered.sequence;
            frame
        })
    });
    taken.map_err(|why| CameraError::from_io(&why))
}
