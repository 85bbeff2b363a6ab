//! From the cameras that may be used to frames: each is tried in turn until one starts.
#![forbid(unsafe_code)]

use std::io;
use std::time::{Duration, Instant};

use super::classify::Evidence;
use super::decode::{self, Encoding, Layout};
use super::decoder::Decoder;
use super::emitter::LitEmitter;
use super::formats::Mode;
use super::machine::{Delivered, Machine, RawStream, StreamFormat};
use super::ranking;
use super::select::{self, Selected};
use super::sink::Outlet;
use super::v4l2::Node;
use super::{CameraError, CameraOptions};
use crate::types::{MAX_FRAME_SIDE, Spectrum};

/// How soon a closed sink is noticed.
const SLICE: Duration = Duration::from_millis(40);
/// A camera that has not delivered by then has not started, where there is another to try.
const FIRST_FRAME: Duration = Duration::from_millis(1800);
/// Modes of one camera that are tried.
const MODES: usize = 4;
/// Lit gray frames that show an infrared camera.
const PROOF: u32 = 5;

/// What a camera is like that was chosen for its color formats, and whose pictures have no color.
const COLORLESS: &str = "its pictures have no color, so it looks like an infrared camera; if it is \
    one, give its identity as infrared under [camera]";

/// One try: find the cameras, and stream from the first that starts. `found` gets its identity.
pub(super) fn try_once(
    options: &CameraOptions,
    wanted: Spectrum,
    machine: &dyn Machine,
    sink: &Outlet<'_>,
    found: &mut Option<String>,
) -> Result<(), CameraError> {
    let candidates = match select::candidates(options, wanted, machine) {
        Err(CameraError::NotFound) if wanted == Spectrum::Infrared => {
            select::perhaps_infrared(options, machine)?
        }
        candidates => candidates?,
    };
    let mut failed = None;
    for (index, selected) in candidates.iter().enumerate() {
        let session = Session {
            selected,
            wanted,
            options,
            machine,
            sink,
            is_last: index + 1 == candidates.len() && !is_unsure(selected),
        };
        let result = session.run();
        if sink.is_open() {
            *found = Some(selected.camera.identity.to_string());
            return result;
        }
        match result {
            Ok(()) => return Ok(()),
            // Pictures that say otherwise are no failure.
            Err(_) if is_unsure(selected) => {}
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    Err(failed.unwrap_or(CameraError::NotFound))
}

/// Streams from one camera in one mode, and in no other.
pub(super) fn stream_mode(
    selected: &Selected,
    mode: Mode,
    options: &CameraOptions,
    machine: &dyn Machine,
    sink: &Outlet<'_>,
) -> Result<(), CameraError> {
    let session = Session {
        selected,
        wanted: sink.spectrum(),
        options,
        machine,
        sink,
        is_last: true,
    };
    session.stream(mode)
}

/// Whether its first pictures must show that it is an infrared camera at all.
fn is_unsure(selected: &Selected) -> bool {
    selected.camera.evidence == Some(Evidence::Pictures)
}

struct Session<'a> {
    selected: &'a Selected,
    wanted: Spectrum,
    options: &'a CameraOptions,
    machine: &'a dyn Machine,
    sink: &'a Outlet<'a>,
    /// There is no other camera to try.
    is_last: bool,
}

/// A stream with its light, which goes out after the stream stops.
struct Running {
    stream: Box<dyn RawStream>,
    _light: Option<LitEmitter>,
}

impl Session<'_> {
    /// Streams in the first mode that starts, until the sink is closed or the camera fails.
    fn run(&self) -> Result<(), CameraError> {
        let mut mode = self.selected.modes[0];
        for _ in 1..MODES {
            let failed = match self.stream(mode) {
                Err(error) if !self.sink.is_open() && !self.sink.is_closed() => error,
                ended => return ended,
            };
            let no_bandwidth = failed == CameraError::NoBandwidth;
            let is_worth_another =
                no_bandwidth || matches!(failed, CameraError::Failed(_) | CameraError::NoAnswer);
            match ranking::after(&self.selected.modes, &mode, no_bandwidth) {
                Some(next) if is_worth_another => mode = next,
                _ => return Err(failed),
            }
        }
        self.stream(mode)
    }

    fn stream(&self, mode: Mode) -> Result<(), CameraError> {
        let error = |error: io::Error| CameraError::from_io(&error);
        let (mut running, layout) = self.start(mode)?;
        if self.is_last {
            self.opened();
        }
        let mut decoder = Decoder::new(
            &self.selected.camera,
            self.wanted,
            self.options,
            (mode, layout),
        );
        let started = Instant::now();
        while !self.sink.is_closed() {
            let mut seen = None;
            let mut look = |bytes: &[u8], delivered: Delivered| {
                seen = Some(decoder.frame(bytes, delivered));
            };
            let came = running.stream.next(SLICE, &mut look).map_err(error)?;
            if let Some(frame) = seen.transpose()?.flatten() {
                if decoder
                    .shutter
                    .is_closed(&frame, || running.stream.shutter_closed())
                {
                    return Err(CameraError::Covered);
                }
                if is_unsure(self.selected) && decoder.gray < PROOF {
                    if started.elapsed() > FIRST_FRAME {
                        return Err(CameraError::TimedOut);
                    }
                    continue;
                }
                self.opened();
                if let Some(bits) = decoder.found_bits() {
                    let text = format!("its 16-bit values carry {bits} significant bits");
                    self.sink.assumed(&text);
                }
                if decoder.is_colorless() {
                    self.sink.assumed(COLORLESS);
                }
                self.sink.deliver(decode::rotate(frame, decoder.rotation));
            } else if !came && !self.sink.is_open() && started.elapsed() > FIRST_FRAME {
                return Err(CameraError::TimedOut);
            }
        }
        Ok(())
    }

    fn opened(&self) {
        if !self.sink.is_open() {
            self.sink.opened(&self.selected.known_as);
            let evidence = self.selected.camera.evidence;
            if let Some(what) = evidence.and_then(Evidence::assumption) {
                self.sink.assumed(what);
            }
        }
    }

    /// Claims the node, checks what the driver made of the mode, lights the emitter and starts.
    fn start(&self, mode: Mode) -> Result<(Running, Layout), CameraError> {
        let error = |error: io::Error| CameraError::from_io(&error);
        let camera = &self.selected.camera;
        let mut stream = self
            .machine
            .claim(&camera.place.path, &mode.asked())
            .map_err(error)?;
        let layout = layout(&stream.format(), mode)?;
        // The emitter is touched only once the camera is ours: setting the format refuses a second
        // program.
        let emitter = camera
            .quirk
            .as_ref()
            .and_then(|quirk| quirk.emitter.as_ref());
        let emitter = emitter.filter(|_| self.wanted == Spectrum::Infrared);
        let light = emitter.map(|emitter| {
            let node = Node::open(&camera.place.path).map_err(error)?;
            LitEmitter::on(&node, camera, emitter, self.options)
        });
        let _light = light.transpose()?;
        stream.start().map_err(error)?;
        Ok((Running { stream, _light }, layout))
    }
}

/// What the driver set, where frames of it can be read.
pub(super) fn layout(set: &StreamFormat, mode: Mode) -> Result<Layout, CameraError> {
    let sides = 1..=MAX_FRAME_SIDE;
    let readable = set.four_cc == mode.four_cc.0;
    if !readable || !sides.contains(&set.width) || !sides.contains(&set.height) {
        let four_cc = super::v4l2::FourCc(set.four_cc);
        let (width, height) = (set.width, set.height);
        let text = format!("asked for {mode}, the driver chose {four_cc} {width}x{height}");
        return Err(CameraError::Failed(text));
    }
    let stride = match mode.encoding {
        Encoding::Mjpeg => 0,
        _ => set.stride,
    };
    Ok(Layout {
        width: set.width,
        height: set.height,
        stride,
    })
}
