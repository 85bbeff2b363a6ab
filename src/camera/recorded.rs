//! A folder of frames in place of a camera, for tests and the demo. Not in any binary that is packaged.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{CameraError, FrameSource};
use crate::types::{CameraIdentity, Frame, PixelFormat, Spectrum};

/// `timeline.toml` beside the frames: what a camera would do.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeline {
    pub name: String,
    pub infrared: bool,
    /// From opening to the first frame.
    pub first_frame_ms: u64,
    pub fps: f64,
    /// No frame comes after this many.
    pub stall_after: Option<usize>,
    /// The camera goes away after this many.
    pub unplug_after: Option<usize>,
    /// Another program holds it.
    pub busy: bool,
    /// Begin again after the last frame.
    pub repeat: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            name: "camera".into(),
            infrared: false,
            first_frame_ms: 0,
            fps: 30.0,
            stall_after: None,
            unplug_after: None,
            busy: false,
            repeat: true,
        }
    }
}

/// Plays PNG frames, in the order of their names.
pub struct Recorded {
    files: Vec<PathBuf>,
    timeline: Timeline,
    identity: CameraIdentity,
    next: usize,
    due: Instant,
}

impl Recorded {
    /// Opens the folder.
    ///
    /// # Errors
    /// [`CameraError::NotFound`] without frames, [`CameraError::Busy`] where the timeline says so.
    pub fn open(folder: &Path) -> Result<Self, CameraError> {
        let entries = std::fs::read_dir(folder).map_err(|_| CameraError::NotFound)?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
        files.sort();
        let timeline = match std::fs::read_to_string(folder.join("timeline.toml")) {
            Ok(text) => toml::from_str(&text).map_err(|error| CameraError::Failed(error.to_string()))?,
            Err(_) => Timeline::default(),
        };
        if timeline.busy {
            return Err(CameraError::Busy);
        }
        if files.is_empty() {
            return Err(CameraError::NotFound);
        }
        let spectrum = if timeline.infrared { "infrared" } else { "color" };
        let identity = CameraIdentity::new(format!("recorded:{}/{spectrum}", timeline.name));
        let due = Instant::now() + Duration::from_millis(timeline.first_frame_ms);
        Ok(Self { files, timeline, identity, next: 0, due })
    }
}

impl FrameSource for Recorded {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn spectrum(&self) -> Spectrum {
        if self.timeline.infrared { Spectrum::Infrared } else { Spectrum::Color }
    }

    fn next_frame(&mut self, deadline: Instant) -> Result<Frame, CameraError> {
        let number = self.next;
        if self.timeline.unplug_after.is_some_and(|n| number >= n) {
            return Err(CameraError::Unplugged);
        }
        let ended = !self.timeline.repeat && number >= self.files.len();
        let stalled = ended || self.timeline.stall_after.is_some_and(|n| number >= n);
        let due = if stalled { deadline } else { self.due };
        std::thread::sleep(due.min(deadline).saturating_duration_since(Instant::now()));
        if stalled || due > deadline {
            return Err(CameraError::TimedOut);
        }
        self.next += 1;
        self.due = Instant::now() + Duration::from_secs_f64(1.0 / self.timeline.fps.clamp(0.1, 1000.0));
        let mut frame = read(&self.files[number % self.files.len()], self.timeline.infrared)?;
        frame.sequence = number as u32;
        Ok(frame)
    }
}

fn read(path: &Path, infrared: bool) -> Result<Frame, CameraError> {
    let failed = |error: &dyn std::fmt::Display| CameraError::Failed(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().map_err(|error| failed(&error))?;
    let size = reader.output_buffer_size().ok_or_else(|| failed(&"too large"))?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(|error| failed(&error))?;
    let rgb: Vec<u8> = match info.color_type {
        png::ColorType::Rgb => pixels,
        png::ColorType::Grayscale => pixels.iter().flat_map(|v| [*v; 3]).collect(),
        other => return Err(failed(&format!("{other:?} is not RGB or grey"))),
    };
    let (format, pixels) = if infrared {
        let gray = |p: &[u8]| ((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114) / 1000) as u8;
        (PixelFormat::Gray8, rgb.chunks_exact(3).map(gray).collect())
    } else {
        (PixelFormat::Bgr8, rgb.chunks_exact(3).flat_map(|p| [p[2], p[1], p[0]]).collect())
    };
    Frame::new(info.width, info.height, format, pixels).map_err(|error| failed(&error))
}
