//! A stream of made-up pictures, as its description says.
#![forbid(unsafe_code)]

use std::io;
use std::time::{Duration, Instant};

use super::super::machine::{Delivered, RawStream, StreamFormat};
use super::super::recorded::decode_png;
use super::behavior::Behavior;
use super::jpeg;
use crate::types::{Frame, PixelFormat};

/// A little faster than a camera, so that tests are.
const INTERVAL: Duration = Duration::from_millis(20);

pub(super) struct FakeStream {
    behavior: Behavior,
    format: StreamFormat,
    started: Option<Instant>,
    sequence: u32,
}

impl FakeStream {
    pub fn new(behavior: Behavior, asked: &StreamFormat) -> io::Result<Self> {
        let rate = asked.rate.filter(|_| !behavior.no_rate);
        let mut stream = Self {
            behavior,
            format: StreamFormat { rate, ..*asked },
            started: None,
            sequence: 0,
        };
        if let Some(first) = stream.recorded()? {
            (stream.format.width, stream.format.height) = (first.width(), first.height());
        }
        Ok(stream)
    }

    /// The picture whose turn it is, where they are recorded.
    fn recorded(&self) -> io::Result<Option<Frame>> {
        let paths = &self.behavior.frames;
        if paths.is_empty() {
            return Ok(None);
        }
        let bytes = std::fs::read(&paths[self.sequence as usize % paths.len()])?;
        let gray = self.format.four_cc == *b"GREY";
        let frame = decode_png(&bytes, gray).map_err(io::Error::other)?;
        Ok(Some(frame))
    }

    fn bandwidth(&self) -> f64 {
        let pixels = f64::from(self.format.width) * f64::from(self.format.height);
        let bytes = match &self.format.four_cc {
            b"MJPG" => 0.3,
            b"GREY" => 1.0,
            _ => 2.0,
        };
        let (frames, seconds) = self.format.rate.unwrap_or((30, 1));
        pixels * bytes * f64::from(frames) / f64::from(seconds)
    }

    /// The brightness at a pixel: blocks of eight, so that JPEG keeps it, that move with time.
    fn luma(&self, x: u32, y: u32, is_black: bool) -> u8 {
        if is_black {
            return 0;
        }
        let time = if self.behavior.constant {
            0
        } else {
            self.sequence
        };
        if self.behavior.constant {
            return 90;
        }
        (50 + (x / 8 * 7 + y / 8 * 13 + time * 5) % 150) as u8
    }

    fn is_black(&self, since: Duration) -> bool {
        let is_late = self.behavior.black_format;
        since < self.behavior.black && is_late.is_none_or(|format| format == self.format.four_cc)
    }

    fn picture(&self, is_black: bool) -> Vec<u8> {
        let (width, height) = (self.format.width, self.format.height);
        let chroma = if self.behavior.gray || is_black {
            (128, 128)
        } else {
            (96, 168)
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let luma = |(x, y)| self.luma(x, y, is_black);
        match &self.format.four_cc {
            b"MJPG" | b"JPEG" => {
                let (width, height) = self.behavior.jpeg.unwrap_or((width, height));
                let mut bytes = jpeg::encode(width, height, chroma, &|x, y| luma((x, y)));
                if self.behavior.cut {
                    bytes.truncate(bytes.len() / 2);
                }
                bytes
            }
            b"YUYV" | b"UYVY" | b"YVYU" | b"VYUY" => {
                let first = self.format.four_cc[0] == b'Y';
                let u_first = self.format.four_cc.ends_with(b"V") == first;
                let pair = |(x, y): (u32, u32)| {
                    let is_u = (x % 2 == 0) == u_first;
                    let chroma = if is_u { chroma.0 } else { chroma.1 };
                    if first {
                        [luma((x, y)), chroma]
                    } else {
                        [chroma, luma((x, y))]
                    }
                };
                pixels.flat_map(pair).collect()
            }
            b"NV12" | b"NV21" | b"YU12" | b"YV12" => {
                let mut bytes: Vec<u8> = pixels.map(luma).collect();
                let pairs = (width / 2 * (height / 2)) as usize;
                bytes.extend(match &self.format.four_cc {
                    b"NV12" => [chroma.0, chroma.1].repeat(pairs),
                    b"NV21" => [chroma.1, chroma.0].repeat(pairs),
                    b"YU12" => [vec![chroma.0; pairs], vec![chroma.1; pairs]].concat(),
                    _ => [vec![chroma.1; pairs], vec![chroma.0; pairs]].concat(),
                });
                bytes
            }
            b"Y10 " | b"Y12 " | b"Y16 " => {
                let wide = |at| u16::from(luma(at)) << (self.behavior.bits - 8);
                pixels.flat_map(|at| wide(at).to_le_bytes()).collect()
            }
            _ => pixels.map(luma).collect(),
        }
    }
}

/// BT.601 with limited range; the first pixel of a pair gives the color.
fn yuyv(frame: &Frame) -> Vec<u8> {
    let scaled = |[b, g, r]: [i32; 3], pixel: &[u8], zero: i32| {
        let [blue, green, red] = [pixel[0], pixel[1], pixel[2]].map(i32::from);
        (zero + ((b * blue + g * green + r * red + 128) >> 8)).clamp(0, 255) as u8
    };
    let luma = |pixel: &[u8]| scaled([25, 129, 66], pixel, 16);
    let pairs = frame.pixels().chunks_exact(6);
    let pair = |pair: &[u8]| {
        let (u, v) = ([112, -74, -38], [-18, -94, 112]);
        let (u, v) = (scaled(u, pair, 128), scaled(v, pair, 128));
        [luma(&pair[..3]), u, luma(&pair[3..]), v]
    };
    pairs.flat_map(pair).collect()
}

impl RawStream for FakeStream {
    fn format(&self) -> StreamFormat {
        self.format
    }

    fn start(&mut self) -> io::Result<()> {
        if let Some(errno) = self.behavior.start {
            return Err(io::Error::from_raw_os_error(errno));
        }
        if self
            .behavior
            .bandwidth
            .is_some_and(|room| self.bandwidth() > room)
        {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.started = Some(Instant::now());
        Ok(())
    }

    fn next(
        &mut self,
        timeout: Duration,
        look: &mut dyn FnMut(&[u8], Delivered),
    ) -> io::Result<bool> {
        let started = self
            .started
            .ok_or_else(|| io::Error::other("not started"))?;
        if self.behavior.silent {
            std::thread::sleep(timeout);
            return Ok(false);
        }
        std::thread::sleep(INTERVAL);
        self.sequence += 1;
        let picture = match self.recorded()? {
            Some(frame) if frame.format() == PixelFormat::Gray8 => frame.pixels().to_vec(),
            Some(frame) => yuyv(&frame),
            None => self.picture(self.is_black(started.elapsed())),
        };
        let delivered = Delivered {
            sequence: self.sequence,
            damaged: false,
            at: Instant::now(),
        };
        look(&picture, delivered);
        Ok(true)
    }

    fn shutter_closed(&self) -> Option<bool> {
        self.behavior.shutter_closed
    }
}
