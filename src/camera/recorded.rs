//! A folder of pictures in place of a camera, for tests and the demo; the shipped programs do not
//! have it.
//!
//! `*.png` and `*.jpg` in name order. `timeline.toml`, where there is one, says how they arrive;
//! every key may be left out: `first_frame_ms` (0), `fps` (30), `stall_at` (frame) with `stall_ms`,
//! `unplug_at` (frame), `spectrum` (`"color"` or `"infrared"`), `busy` (false), `name` (the
//! folder's), `loop` (true). Frames count from 0 and none is skipped.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use facelock_protocol::CameraReport;
use serde::Deserialize;

use super::exposure;
use super::shutter::Shutter;
use super::strobe::Strobe;
use super::{CameraError, Sink, decode};
use crate::types::{CameraIdentity, Frame, MAX_FRAME_SIDE, PixelFormat, Spectrum};

/// How soon a closed sink is noticed.
const SLICE: Duration = Duration::from_millis(40);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RecordedSpectrum {
    #[default]
    Color,
    Infrared,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Timeline {
    first_frame_ms: u64,
    fps: f64,
    stall_at: Option<usize>,
    stall_ms: u64,
    unplug_at: Option<usize>,
    spectrum: RecordedSpectrum,
    busy: bool,
    name: Option<String>,
    #[serde(rename = "loop")]
    repeat: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            first_frame_ms: 0,
            fps: 30.0,
            stall_at: None,
            stall_ms: 0,
            unplug_at: None,
            spectrum: RecordedSpectrum::Color,
            busy: false,
            name: None,
            repeat: true,
        }
    }
}

/// Recorded frames, arriving as their timeline says.
pub struct Recorded {
    timeline: Timeline,
    frames: Vec<PathBuf>,
    identity: CameraIdentity,
    opened: Instant,
    next: usize,
    strobe: Strobe,
    shutter: Shutter,
}

impl Recorded {
    /// # Errors
    /// [`CameraError::NotFound`] for a folder without frames; [`CameraError::Busy`] where the
    /// timeline says so; [`CameraError::Failed`] for a timeline that cannot be used.
    pub fn open(dir: &Path) -> Result<Self, CameraError> {
        let camera = Self::of(dir)?;
        if camera.timeline.busy {
            return Err(CameraError::Busy);
        }
        Ok(camera)
    }

    /// The camera in a list; `None` where [`Recorded::open`] would find none.
    pub fn report(dir: &Path) -> Option<CameraReport> {
        let camera = Self::of(dir).ok()?;
        let identity = camera.identity.to_string();
        Some(CameraReport {
            group: identity.clone(),
            name: identity.clone(),
            identity,
            driver: "recorded".into(),
            bus: String::new(),
            usb: None,
            spectrum: Some(camera.spectrum()),
            is_virtual: false,
            formats: Vec::new(),
            used: true,
            reason: "recorded frames stand in for cameras".into(),
        })
    }

    fn of(dir: &Path) -> Result<Self, CameraError> {
        let timeline = timeline(dir)?;
        let picture = |path: &PathBuf| {
            path.extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| ["png", "jpg", "jpeg"].contains(&e))
        };
        let entries = std::fs::read_dir(dir).map_err(|_| CameraError::NotFound)?;
        let mut frames: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(picture)
            .collect();
        frames.sort();
        if frames.is_empty() {
            return Err(CameraError::NotFound);
        }
        let folder = || {
            dir.file_name()
                .and_then(|name| name.to_str())
                .unwrap_or("frames")
                .to_owned()
        };
        let word = match timeline.spectrum {
            RecordedSpectrum::Color => Spectrum::Color.word(),
            RecordedSpectrum::Infrared => Spectrum::Infrared.word(),
        };
        let name = timeline.name.clone().unwrap_or_else(folder);
        let identity = CameraIdentity::new(format!("recorded:{name}/{word}"));
        Ok(Self {
            timeline,
            frames,
            identity,
            opened: Instant::now(),
            next: 0,
            strobe: Strobe::new(),
            shutter: Shutter::default(),
        })
    }

    /// When frame `index` arrives; `None` for never.
    fn due(&self, index: usize) -> Option<Instant> {
        if index >= self.frames.len() && !self.timeline.repeat {
            return None;
        }
        let mut after = Duration::from_millis(self.timeline.first_frame_ms);
        after += Duration::from_secs_f64(index as f64 / self.timeline.fps);
        if self.timeline.stall_at.is_some_and(|stall| index >= stall) {
            after += Duration::from_millis(self.timeline.stall_ms);
        }
        self.opened.checked_add(after)
    }

    fn load(&self, index: usize) -> Result<Frame, CameraError> {
        let path = &self.frames[index % self.frames.len()];
        let failed = |why: String| CameraError::Failed(format!("{}: {why}", path.display()));
        let bytes = std::fs::read(path).map_err(|why| failed(why.to_string()))?;
        let gray = self.timeline.spectrum == RecordedSpectrum::Infrared;
        if bytes.starts_with(b"\x89PNG") {
            decode_png(&bytes, gray)
        } else {
            decode_jpeg(&bytes, gray)
        }
        .map_err(failed)
    }
}

impl Recorded {
    /// Leaves the frames in `sink` as they come, until it is closed.
    ///
    /// # Errors
    /// [`CameraError::Unplugged`] where the timeline says so; [`CameraError::Covered`] for a
    /// constant picture; a picture that cannot be read.
    pub fn stream(&mut self, sink: &dyn Sink) -> Result<(), CameraError> {
        sink.opened(&self.identity, self.spectrum());
        while !sink.is_closed() {
            match self.next_frame(Instant::now() + SLICE) {
                // No sensor sends the same flat picture again and again.
                Ok(frame) if self.shutter.is_closed(&frame, || None) => {
                    return Err(CameraError::Covered);
                }
                Ok(frame) => sink.deliver(frame),
                Err(CameraError::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    pub fn spectrum(&self) -> Spectrum {
        match self.timeline.spectrum {
            RecordedSpectrum::Color => Spectrum::Color,
            RecordedSpectrum::Infrared => Spectrum::Infrared,
        }
    }

    /// The next frame of the timeline.
    ///
    /// # Errors
    /// [`CameraError::TimedOut`] at `deadline`; as [`Recorded::stream`].
    pub fn next_frame(&mut self, deadline: Instant) -> Result<Frame, CameraError> {
        let wait_until =
            |until: Instant| std::thread::sleep(until.saturating_duration_since(Instant::now()));
        let due = self.due(self.next);
        let Some(due) = due.filter(|due| *due <= deadline) else {
            wait_until(deadline);
            return Err(CameraError::TimedOut);
        };
        if self.timeline.unplug_at.is_some_and(|at| self.next >= at) {
            wait_until(due);
            return Err(CameraError::Unplugged);
        }
        let mut frame = self.load(self.next)?;
        wait_until(due);
        frame.captured = Instant::now();
        frame.sequence = self.next as u32;
        if self.timeline.spectrum == RecordedSpectrum::Infrared {
            frame.illumination = self
                .strobe
                .observe(frame.sequence, exposure::judge(&frame).mean);
        }
        self.next += 1;
        Ok(frame)
    }
}

fn timeline(dir: &Path) -> Result<Timeline, CameraError> {
    let failed = |why: String| CameraError::Failed(format!("timeline.toml: {why}"));
    let timeline: Timeline = match std::fs::read_to_string(dir.join("timeline.toml")) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Timeline::default(),
        Err(why) => return Err(failed(why.to_string())),
        Ok(text) => toml::from_str(&text).map_err(|why| failed(why.to_string()))?,
    };
    if !(0.1..=1000.0).contains(&timeline.fps) {
        return Err(failed("fps must be 0.1 to 1000".into()));
    }
    Ok(timeline)
}

fn decode_jpeg(bytes: &[u8], gray: bool) -> Result<Frame, String> {
    let (width, height) = decode::jpeg_size(bytes).map_err(|why| why.to_string())?;
    let layout = decode::Layout::packed(width, height);
    let decode = if gray {
        decode::to_gray
    } else {
        decode::to_bgr
    };
    decode(bytes, decode::Encoding::Mjpeg, layout).map_err(|why| why.to_string())
}

pub(super) fn decode_png(bytes: &[u8], gray: bool) -> Result<Frame, String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|why| why.to_string())?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > MAX_FRAME_SIDE || height > MAX_FRAME_SIDE {
        return Err(format!("{width}x{height} is too large"));
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let shape = reader
        .next_frame(&mut pixels)
        .map_err(|why| why.to_string())?;
    pixels.truncate(shape.buffer_size());
    let channels = match shape.color_type {
        png::ColorType::Grayscale => 1,
        png::ColorType::GrayscaleAlpha => 2,
        png::ColorType::Rgb => 3,
        png::ColorType::Rgba => 4,
        png::ColorType::Indexed => return Err("a palette that was not expanded".into()),
    };
    let (format, pixels) = arrange(&pixels, channels, gray);
    Frame::new(width, height, format, pixels).map_err(|why| why.to_string())
}

/// Gray or RGB, with or without alpha, as the spectrum's frames are: luma of RGB by BT.601, in
/// 1/256.
fn arrange(pixels: &[u8], channels: usize, gray: bool) -> (PixelFormat, Vec<u8>) {
    let luma = |rgb: &[u8]| {
        ((77 * u32::from(rgb[0]) + 150 * u32::from(rgb[1]) + 29 * u32::from(rgb[2]) + 128) >> 8)
            .min(255) as u8
    };
    let each = pixels.chunks_exact(channels);
    match (channels < 3, gray) {
        (true, true) => (PixelFormat::Gray8, each.map(|pixel| pixel[0]).collect()),
        (true, false) => (
            PixelFormat::Bgr8,
            each.flat_map(|pixel| [pixel[0]; 3]).collect(),
        ),
        (false, true) => (PixelFormat::Gray8, each.map(luma).collect()),
        (false, false) => (
            PixelFormat::Bgr8,
            each.flat_map(|rgb| [rgb[2], rgb[1], rgb[0]]).collect(),
        ),
    }
}
