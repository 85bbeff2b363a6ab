//! From a camera's bytes to pixels: pure, exact, and safe against whatever a camera delivers.
//!
//! YUV is BT.601 with limited range (Y 16..=235, chroma 16..=240), what UVC cameras send unless
//! they say otherwise (USB Video Class 1.5, color matching descriptor defaults; ITU-R BT.601-7
//! §2.5). With C = Y − 16, D = U − 128, E = V − 128, rounded and clamped: R = (298 C + 409 E) /
//! 256, G = (298 C − 100 D − 208 E) / 256, B = (298 C + 516 D) / 256. A chroma sample stands for
//! all the pixels it covers.
#![forbid(unsafe_code)]

mod jpeg;
mod layout;

pub use jpeg::size as jpeg_size;
pub use layout::{DecodeError, Layout};
use zune_jpeg::zune_core::colorspace::ColorSpace;

use super::options::Rotation;
use crate::types::{Frame, PixelFormat};

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 4:2:2, bytes Y0 U Y1 V.
    Yuyv,
    /// The same with bytes U Y0 V Y1.
    Uyvy,
    /// Y0 V Y1 U.
    Yvyu,
    /// V Y0 U Y1.
    Vyuy,
    /// 4:2:0, a plane of Y, then one of U and V by turns.
    Nv12,
    /// V before U.
    Nv21,
    /// 4:2:0, three planes: Y, U, V. Rows of U and V are half as long as those of Y.
    Yu12,
    /// Y, V, U.
    Yv12,
    Mjpeg,
    /// 8 bits.
    Gray,
    /// 16 bits little-endian, of which the lowest `bits` (8..=16) carry the value. Full scale is
    /// fixed per open.
    GrayWide {
        bits: u8,
    },
}

impl Encoding {
    /// Whether it carries no color.
    pub const fn is_gray(self) -> bool {
        matches!(self, Encoding::Gray | Encoding::GrayWide { .. })
    }
}

/// How far the three values of a gray pixel may lie apart, and how many pixels may do otherwise:
/// chroma is rounded on its way.
const GRAY_STEP: u8 = 6;
const GRAY_OUTLIERS: f64 = 0.002;

/// A color frame, [`PixelFormat::Bgr8`], from any encoding; gray ones have three equal channels.
///
/// # Errors
/// [`DecodeError`]; nothing is allocated before the buffer is known to be long enough.
pub fn to_bgr(bytes: &[u8], encoding: Encoding, layout: Layout) -> Result<Frame, DecodeError> {
    let pixels = match encoding {
        Encoding::Yuyv => yuv422_to_bgr(bytes, layout, [0, 1, 2, 3])?,
        Encoding::Uyvy => yuv422_to_bgr(bytes, layout, [1, 0, 3, 2])?,
        Encoding::Yvyu => yuv422_to_bgr(bytes, layout, [0, 3, 2, 1])?,
        Encoding::Vyuy => yuv422_to_bgr(bytes, layout, [1, 2, 3, 0])?,
        Encoding::Nv12 | Encoding::Nv21 | Encoding::Yu12 | Encoding::Yv12 => {
            yuv420_to_bgr(bytes, layout, encoding)?
        }
        Encoding::Mjpeg => jpeg::decode(bytes, layout, ColorSpace::BGR)?,
        Encoding::Gray | Encoding::GrayWide { .. } => {
            let gray = to_gray(bytes, encoding, layout)?;
            gray.pixels().iter().flat_map(|v| [*v; 3]).collect()
        }
    };
    frame(layout, PixelFormat::Bgr8, pixels)
}

/// A gray frame, [`PixelFormat::Gray8`], from any encoding. Of YUV the luma as it is, since a mono
/// sensor behind a color format puts its value there; of JPEG its luma component.
///
/// # Errors
/// [`DecodeError`]; nothing is allocated before the buffer is known to be long enough.
pub fn to_gray(bytes: &[u8], encoding: Encoding, layout: Layout) -> Result<Frame, DecodeError> {
    let width = layout.width as usize;
    let pixels = match encoding {
        Encoding::Gray | Encoding::Nv12 | Encoding::Nv21 | Encoding::Yu12 | Encoding::Yv12 => {
            rows(bytes, layout, width)?.flatten().copied().collect()
        }
        Encoding::Yuyv | Encoding::Uyvy | Encoding::Yvyu | Encoding::Vyuy => {
            let first = usize::from(matches!(encoding, Encoding::Uyvy | Encoding::Vyuy));
            let row = yuyv_row(width);
            rows(bytes, layout, row)?
                .flat_map(|row| row[first..].iter().step_by(2).take(width))
                .copied()
                .collect()
        }
        Encoding::GrayWide { bits } => {
            let narrow = |pair: &[u8]| narrow(u16::from_le_bytes([pair[0], pair[1]]), bits);
            rows(bytes, layout, width * 2)?
                .flat_map(|row| row.chunks_exact(2))
                .map(narrow)
                .collect()
        }
        Encoding::Mjpeg => jpeg::decode(bytes, layout, ColorSpace::Luma)?,
    };
    frame(layout, PixelFormat::Gray8, pixels)
}

/// Whether a picture in a color format has no color: the chroma of a mono sensor does not even
/// waver, while that of a color sensor does whatever it looks at.
///
/// # Errors
/// [`DecodeError`].
pub fn is_gray(bytes: &[u8], encoding: Encoding, layout: Layout) -> Result<bool, DecodeError> {
    to_bgr(bytes, encoding, layout).map(|frame| is_colorless(&frame))
}

/// [`is_gray`], of a color frame.
pub fn is_colorless(frame: &Frame) -> bool {
    let pixels = frame.pixels().chunks_exact(3).step_by(7);
    let (mut colored, mut count) = (0_u32, 0_u32);
    for pixel in pixels {
        let (least, most) = (pixel.iter().min(), pixel.iter().max());
        colored += u32::from(most > least.map(|least| least.saturating_add(GRAY_STEP)).as_ref());
        count += 1;
    }
    f64::from(colored) <= f64::from(count) * GRAY_OUTLIERS
}

/// Turns a frame clockwise. Exact: pixels move, none changes.
pub fn rotate(frame: Frame, rotation: Rotation) -> Frame {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let channels = frame.format().channels();
    // Where the pixel shown at (x, y) comes from.
    let from: fn(usize, usize, usize, usize) -> (usize, usize) = match rotation {
        Rotation::None => return frame,
        Rotation::Quarter => |x, y, _, height| (y, height - 1 - x),
        Rotation::Half => |x, y, width, height| (width - 1 - x, height - 1 - y),
        Rotation::ThreeQuarters => |x, y, width, _| (width - 1 - y, x),
    };
    let (turned_width, turned_height) = match rotation {
        Rotation::None | Rotation::Half => (width, height),
        Rotation::Quarter | Rotation::ThreeQuarters => (height, width),
    };
    let source = frame.pixels();
    let mut pixels = Vec::with_capacity(source.len());
    for y in 0..turned_height {
        for x in 0..turned_width {
            let (from_x, from_y) = from(x, y, width, height);
            let at = (from_y * width + from_x) * channels;
            pixels.extend_from_slice(&source[at..at + channels]);
        }
    }
    let Ok(mut turned) = Frame::new(
        turned_width as u32,
        turned_height as u32,
        frame.format(),
        pixels,
    ) else {
        return frame;
    };
    (turned.captured, turned.sequence, turned.illumination) =
        (frame.captured, frame.sequence, frame.illumination);
    turned
}

fn frame(layout: Layout, format: PixelFormat, pixels: Vec<u8>) -> Result<Frame, DecodeError> {
    Frame::new(layout.width, layout.height, format, pixels)
        .map_err(|_| DecodeError::Size(layout.width, layout.height))
}

/// The picture's rows, each `row` bytes, once the buffer is known to hold them all.
fn rows(
    bytes: &[u8],
    layout: Layout,
    row: usize,
) -> Result<impl Iterator<Item = &[u8]>, DecodeError> {
    let stride = layout.rows(row)?;
    let height = layout.height as usize;
    // The last row may lack its padding.
    let need = stride * (height - 1) + row;
    if bytes.len() < need {
        return Err(DecodeError::Short {
            have: bytes.len(),
            need,
        });
    }
    Ok(bytes
        .chunks(stride)
        .take(height)
        .map(move |line| &line[..row]))
}

/// Bytes of a YUYV row: an odd last pixel still has its whole pair.
const fn yuyv_row(width: usize) -> usize {
    width.div_ceil(2) * 4
}

/// `order` says where of a pair's four bytes Y0, U, Y1 and V are.
fn yuv422_to_bgr(
    bytes: &[u8],
    layout: Layout,
    [y0, u, y1, v]: [usize; 4],
) -> Result<Vec<u8>, DecodeError> {
    let width = layout.width as usize;
    let rows = rows(bytes, layout, yuyv_row(width))?;
    let mut pixels = Vec::with_capacity(width * layout.height as usize * 3);
    for row in rows {
        let end = pixels.len() + width * 3;
        for pair in row.chunks_exact(4) {
            pixels.extend_from_slice(&bgr(pair[y0], pair[u], pair[v]));
            pixels.extend_from_slice(&bgr(pair[y1], pair[u], pair[v]));
        }
        pixels.truncate(end);
    }
    Ok(pixels)
}

/// Where the chroma of a 4:2:0 picture lies.
struct Chroma {
    u: usize,
    v: usize,
    /// From one sample to the next, and from one row to the next.
    step: usize,
    stride: usize,
    /// The bytes up to its end; the last row may lack its padding.
    end: usize,
}

impl Chroma {
    /// `luma` is the distance between rows of Y; `height` at least 1.
    fn of(encoding: Encoding, width: usize, height: usize, luma: usize) -> Self {
        let (begin, pairs, rows) = (luma * height, width.div_ceil(2), height.div_ceil(2));
        let planar = matches!(encoding, Encoding::Yu12 | Encoding::Yv12);
        let (stride, step, second) = if planar {
            let stride = luma.div_ceil(2);
            (stride, 1, begin + stride * rows)
        } else {
            (luma, 2, begin + 1)
        };
        let last = if planar { second } else { begin };
        let swapped = matches!(encoding, Encoding::Nv21 | Encoding::Yv12);
        let (u, v) = if swapped {
            (second, begin)
        } else {
            (begin, second)
        };
        let end = last + stride * (rows - 1) + pairs * step;
        Self {
            u,
            v,
            step,
            stride,
            end,
        }
    }
}

fn yuv420_to_bgr(bytes: &[u8], layout: Layout, encoding: Encoding) -> Result<Vec<u8>, DecodeError> {
    let (width, height) = (layout.width as usize, layout.height as usize);
    let stride = layout.rows(width.div_ceil(2) * 2)?;
    let luma = Layout {
        stride: stride as u32,
        ..layout
    };
    let luma = rows(bytes, luma, width)?;
    let chroma = Chroma::of(encoding, width, height, stride);
    if bytes.len() < chroma.end {
        return Err(DecodeError::Short {
            have: bytes.len(),
            need: chroma.end,
        });
    }
    let mut pixels = Vec::with_capacity(width * height * 3);
    for (y, line) in luma.enumerate() {
        let row = chroma.stride * (y / 2);
        let (u, v) = (&bytes[chroma.u + row..], &bytes[chroma.v + row..]);
        for (x, value) in line.iter().enumerate() {
            let at = x / 2 * chroma.step;
            pixels.extend_from_slice(&bgr(*value, u[at], v[at]));
        }
    }
    Ok(pixels)
}

fn bgr(y: u8, u: u8, v: u8) -> [u8; 3] {
    let (c, d, e) = (
        298 * (i32::from(y) - 16),
        i32::from(u) - 128,
        i32::from(v) - 128,
    );
    let byte = |scaled: i32| ((scaled + 128) >> 8).clamp(0, 255) as u8;
    [
        byte(c + 516 * d),
        byte(c - 100 * d - 208 * e),
        byte(c + 409 * e),
    ]
}

/// The upper 8 of `bits` bits; a value above full scale is full scale.
fn narrow(value: u16, bits: u8) -> u8 {
    (value >> bits.clamp(8, 16).saturating_sub(8)).min(255) as u8
}
