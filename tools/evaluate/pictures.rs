//! Pictures and clips as frames.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use facelock::types::{Frame, PixelFormat};

pub fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

pub fn jpeg(path: &Path) -> Result<Frame> {
    use zune_jpeg::zune_core::{
        bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions,
    };
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::BGR);
    let mut decoder =
        zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(std::fs::read(path)?), options);
    let pixels = decoder
        .decode()
        .with_context(|| path.display().to_string())?;
    let (width, height) = decoder.dimensions().context("no size")?;
    Ok(Frame::new(
        width as u32,
        height as u32,
        PixelFormat::Bgr8,
        pixels,
    )?)
}

/// Turned by 90 degrees clockwise: how the published samples' Exif data says they are held.
pub fn upright(frame: &Frame) -> Result<Frame> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let channels = frame.format().channels();
    let mut pixels = Vec::with_capacity(frame.pixels().len());
    for y in 0..width {
        for x in 0..height {
            let from = ((height - 1 - x) * width + y) * channels;
            pixels.extend_from_slice(&frame.pixels()[from..from + channels]);
        }
    }
    Ok(Frame::new(
        frame.height(),
        frame.width(),
        frame.format(),
        pixels,
    )?)
}

/// A binary PGM, enlarged four times so that a face is as large as a camera shows it.
pub fn pgm(path: &Path) -> Result<Frame> {
    let bytes = std::fs::read(path)?;
    let mut fields = Vec::new();
    let mut at = 0;
    while fields.len() < 4 {
        let end = bytes[at..]
            .iter()
            .position(u8::is_ascii_whitespace)
            .context("no header")?
            + at;
        fields.push(std::str::from_utf8(&bytes[at..end])?);
        at = end + 1;
    }
    ensure!(fields[0] == "P5" && fields[3] == "255", "not an 8-bit PGM");
    let (w, h): (usize, usize) = (fields[1].parse()?, fields[2].parse()?);
    let small = Frame::new(w as u32, h as u32, PixelFormat::Gray8, bytes[at..].to_vec())?;
    let pixels = (0..16 * w * h).map(|n| {
        let (x, y) = (
            (n % (4 * w)) as f32 / 4.0 - 0.375,
            (n / (4 * w)) as f32 / 4.0 - 0.375,
        );
        sample(&small, x, y, 0).round() as u8
    });
    Ok(Frame::new(
        4 * w as u32,
        4 * h as u32,
        PixelFormat::Gray8,
        pixels.collect(),
    )?)
}

/// A clip at ten frames a second, at most 640x480, its first `seconds`.
pub fn clip(path: &Path, seconds: u32) -> Result<Vec<Frame>> {
    const FILTER: &str =
        "fps=10,scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:-1:-1:color=gray";
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-t", &seconds.to_string(), "-i"])
        .arg(path)
        .args(["-vf", FILTER, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"])
        .stdout(Stdio::piped())
        .spawn()
        .context("ffmpeg (scripts/setup installs it)")?;
    let mut bytes = Vec::new();
    child
        .stdout
        .take()
        .context("no pipe")?
        .read_to_end(&mut bytes)?;
    ensure!(
        child.wait()?.success(),
        "ffmpeg failed on {}",
        path.display()
    );
    let frames = bytes.chunks_exact(640 * 480 * 3);
    Ok(frames
        .map(|pixels| Frame::new(640, 480, PixelFormat::Bgr8, pixels.to_vec()))
        .collect::<Result<_, _>>()?)
}

/// The same frame as a gray camera gives it (Rec. 601). Visible light, not infrared.
pub fn gray(frame: &Frame) -> Result<Frame> {
    let luma =
        |p: &[u8]| 0.114 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.299 * f32::from(p[2]);
    let pixels = frame
        .pixels()
        .chunks_exact(3)
        .map(|p| luma(p).round() as u8)
        .collect();
    Ok(Frame::new(
        frame.width(),
        frame.height(),
        PixelFormat::Gray8,
        pixels,
    )?)
}

/// Bilinear; the nearest pixel outside.
pub fn sample(frame: &Frame, x: f32, y: f32, channel: usize) -> f32 {
    let (w, h) = (frame.width() as usize, frame.height() as usize);
    let (x, y) = (x.clamp(0.0, (w - 1) as f32), y.clamp(0.0, (h - 1) as f32));
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(w - 1), (y0 + 1).min(h - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let channels = frame.format().channels();
    let at = |x: usize, y: usize| f32::from(frame.pixels()[(y * w + x) * channels + channel]);
    (at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx) * (1.0 - fy)
        + (at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx) * fy
}

/// Pseudo-random numbers, the same at every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// 0..1.
    pub fn roll(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// About normal, mean 0 and deviation 1 (three uniform ones).
    pub fn normal(&mut self) -> f32 {
        2.0 * (self.roll() + self.roll() + self.roll() - 1.5)
    }
}

/// A sensor's noise on top.
pub fn noisy(frame: &Frame, sigma: f32, dice: &mut Dice) -> Result<Frame> {
    let pixels = frame
        .pixels()
        .iter()
        .map(|v| (f32::from(*v) + sigma * dice.normal()).round() as u8)
        .collect();
    Ok(Frame::new(
        frame.width(),
        frame.height(),
        frame.format(),
        pixels,
    )?)
}

/// Out of focus: a binomial filter of five pixels, across and down (deviation 1).
pub fn blurred(frame: &Frame) -> Result<Frame> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let channels = frame.format().channels();
    let mut pixels: Vec<f32> = frame.pixels().iter().map(|v| f32::from(*v)).collect();
    for (stride, last) in [(channels, width - 1), (channels * width, height - 1)] {
        let at = |n: usize, by: isize| {
            let place = (n / stride) % (last + 1);
            let to = place.saturating_add_signed(by).min(last);
            n - place * stride + to * stride
        };
        let before = pixels.clone();
        for (n, pixel) in pixels.iter_mut().enumerate() {
            let sum = |by| before[at(n, by)];
            *pixel = (sum(-2) + 4.0 * sum(-1) + 6.0 * sum(0) + 4.0 * sum(1) + sum(2)) / 16.0;
        }
    }
    let pixels = pixels.into_iter().map(|v| v.round() as u8).collect();
    let (width, height) = (frame.width(), frame.height());
    Ok(Frame::new(width, height, frame.format(), pixels)?)
}

/// Brighter or darker between black and white.
pub fn gamma(frame: &Frame, gamma: f32) -> Result<Frame> {
    let bent: [u8; 256] =
        std::array::from_fn(|v| (255.0 * (v as f32 / 255.0).powf(gamma)).round() as u8);
    let pixels = frame
        .pixels()
        .iter()
        .map(|v| bent[usize::from(*v)])
        .collect();
    let (width, height) = (frame.width(), frame.height());
    Ok(Frame::new(width, height, frame.format(), pixels)?)
}
