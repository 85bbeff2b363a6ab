//! How a picture lies in a buffer, and why a buffer holds none.
#![forbid(unsafe_code)]

use crate::types::MAX_FRAME_SIDE;

/// Why a buffer is no frame. The frame is dropped; the stream goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("{have} bytes where the frame needs {need}")]
    Short { have: usize, need: usize },
    #[error("{0}x{1} pixels are not allowed here")]
    Size(u32, u32),
    #[error("rows of {0} bytes are shorter than the picture is wide")]
    Stride(u32),
    #[error("broken JPEG: {0}")]
    Jpeg(String),
}

/// How the rows lie in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub width: u32,
    pub height: u32,
    /// Bytes from one row to the next; 0 where rows lie without padding. Of NV12 that of both
    /// planes; of three planes that of the first, and the others have half of it.
    pub stride: u32,
}

impl Layout {
    pub const fn packed(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            stride: 0,
        }
    }

    /// Rows of `row` meaningful bytes: the distance between them, after checking that the picture
    /// is allowed.
    pub(super) fn rows(&self, row: usize) -> Result<usize, DecodeError> {
        let sides = 1..=MAX_FRAME_SIDE;
        if !sides.contains(&self.width) || !sides.contains(&self.height) {
            return Err(DecodeError::Size(self.width, self.height));
        }
        match self.stride as usize {
            0 => Ok(row),
            stride if stride < row => Err(DecodeError::Stride(self.stride)),
            stride => Ok(stride),
        }
    }
}
