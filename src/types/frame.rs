//! One camera image.

use std::time::Instant;

/// How a frame's pixels are laid out: rows from the top, without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// 3 bytes a pixel: blue, green, red.
    Bgr8,
    /// 1 byte a pixel.
    Gray8,
}

impl PixelFormat {
    pub const fn channels(self) -> usize {
        match self {
            PixelFormat::Bgr8 => 3,
            PixelFormat::Gray8 => 1,
        }
    }
}

/// What is known about an infrared emitter's light in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illumination {
    /// Steady, as far as can be told: no emitter that strobes was recognised.
    Unknown,
    /// Too few frames to tell yet, or a strobe that was recognised before and now is not.
    Unsettled,
    /// The lit frame of a strobing emitter.
    Lit,
    /// The unlit frame of a strobing emitter.
    Unlit,
}

/// Largest width and height accepted, in pixels.
pub const MAX_FRAME_SIDE: u32 = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are not a {width}x{height} frame")]
pub struct FrameShapeError {
    pub width: u32,
    pub height: u32,
    pub bytes: usize,
}

/// One camera image; its pixels always fit its shape.
#[derive(Clone)]
pub struct Frame {
    width: u32,
    height: u32,
    format: PixelFormat,
    pixels: Vec<u8>,
    pub captured: Instant,
    /// Counts up by one a frame the camera delivered, dropped ones included where the driver tells.
    pub sequence: u32,
    pub illumination: Illumination,
}

impl Frame {
    /// A frame of `width * height * channels` bytes, captured now.
    ///
    /// # Errors
    /// Another number of bytes, a side of 0 or over [`MAX_FRAME_SIDE`].
    pub fn new(
        width: u32,
        height: u32,
        format: PixelFormat,
        pixels: Vec<u8>,
    ) -> Result<Self, FrameShapeError> {
        let sides = 1..=MAX_FRAME_SIDE;
        let fits = sides.contains(&width)
            && sides.contains(&height)
            && pixels.len() == width as usize * height as usize * format.channels();
        if !fits {
            return Err(FrameShapeError {
                width,
                height,
                bytes: pixels.len(),
            });
        }
        Ok(Self {
            width,
            height,
            format,
            pixels,
            captured: Instant::now(),
            sequence: 0,
            illumination: Illumination::Unknown,
        })
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    pub fn height(&self) -> u32 {
        self.height
    }

    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// `height * width * channels` bytes, rows from the top.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Frame({}x{} {:?} #{})",
            self.width, self.height, self.format, self.sequence
        )
    }
}
