//! The converters' arithmetic once more, pixel by pixel, from the words of ITU-R BT.601 and of the
//! formats: slow, and without a line of the product's. Shared by the fuzz target and by
//! `tests/camera_exact.rs`.

use facelock::camera::decode::{Encoding, Layout};

/// What a buffer must hold at least: `None` where the picture itself is not allowed. JPEG is not
/// for here.
pub fn bytes_needed(encoding: Encoding, layout: Layout) -> Option<usize> {
    let (width, height) = (layout.width as usize, layout.height as usize);
    if !(1..=4096).contains(&width) || !(1..=4096).contains(&height) {
        return None;
    }
    let even = width + width % 2;
    let row = match encoding {
        Encoding::Gray => width,
        Encoding::GrayWide { .. } => width * 2,
        Encoding::Yuyv | Encoding::Uyvy | Encoding::Yvyu | Encoding::Vyuy => even * 2,
        Encoding::Nv12 | Encoding::Nv21 | Encoding::Yu12 | Encoding::Yv12 => even,
        Encoding::Mjpeg => return None,
    };
    let stride = if layout.stride == 0 {
        row
    } else {
        layout.stride as usize
    };
    if stride < row {
        return None;
    }
    Some(match encoding {
        Encoding::Nv12 | Encoding::Nv21 => {
            stride * height + stride * (height.div_ceil(2) - 1) + row
        }
        Encoding::Yu12 | Encoding::Yv12 => {
            let half = stride.div_ceil(2);
            stride * height + half * (2 * height.div_ceil(2) - 1) + row / 2
        }
        _ => stride * (height - 1) + row,
    })
}

/// The gray value at a pixel.
pub fn gray(bytes: &[u8], encoding: Encoding, layout: Layout, x: usize, y: usize) -> u8 {
    let width = layout.width as usize;
    let even = width + width % 2;
    let stride = |row: usize| {
        if layout.stride == 0 {
            row
        } else {
            layout.stride as usize
        }
    };
    match encoding {
        // Gray alone of a semi-planar picture reads its luma; rows without padding are then as wide
        // as the picture.
        Encoding::Gray | Encoding::Nv12 | Encoding::Nv21 | Encoding::Yu12 | Encoding::Yv12 => {
            bytes[y * stride(width) + x]
        }
        Encoding::Yuyv | Encoding::Yvyu => bytes[y * stride(even * 2) + 2 * x],
        Encoding::Uyvy | Encoding::Vyuy => bytes[y * stride(even * 2) + 2 * x + 1],
        Encoding::GrayWide { bits } => {
            let at = y * stride(width * 2) + 2 * x;
            let value = u32::from(bytes[at]) + 256 * u32::from(bytes[at + 1]);
            let spare = u32::from(bits).clamp(8, 16) - 8;
            (value / 2_u32.pow(spare)).min(255) as u8
        }
        Encoding::Mjpeg => unreachable!("JPEG has a decoder"),
    }
}

/// Blue, green, red at a pixel.
pub fn bgr(bytes: &[u8], encoding: Encoding, layout: Layout, x: usize, y: usize) -> [u8; 3] {
    let width = layout.width as usize;
    let even = width + width % 2;
    let stride = |row: usize| {
        if layout.stride == 0 {
            row
        } else {
            layout.stride as usize
        }
    };
    match encoding {
        Encoding::Uyvy => {
            let pair = &bytes[y * stride(even * 2) + x / 2 * 4..][..4];
            color(
                pair[if x.is_multiple_of(2) { 1 } else { 3 }],
                pair[0],
                pair[2],
            )
        }
        Encoding::Yuyv => {
            let pair = &bytes[y * stride(even * 2) + x / 2 * 4..][..4];
            color(
                pair[if x.is_multiple_of(2) { 0 } else { 2 }],
                pair[1],
                pair[3],
            )
        }
        Encoding::Yvyu => {
            let pair = &bytes[y * stride(even * 2) + x / 2 * 4..][..4];
            color(pair[x % 2 * 2], pair[3], pair[1])
        }
        Encoding::Vyuy => {
            let pair = &bytes[y * stride(even * 2) + x / 2 * 4..][..4];
            color(pair[x % 2 * 2 + 1], pair[2], pair[0])
        }
        Encoding::Nv12 | Encoding::Nv21 => {
            let chroma = stride(even) * (layout.height as usize + y / 2) + x / 2 * 2;
            let (first, second) = (bytes[chroma], bytes[chroma + 1]);
            let luma = bytes[y * stride(even) + x];
            if encoding == Encoding::Nv12 {
                color(luma, first, second)
            } else {
                color(luma, second, first)
            }
        }
        Encoding::Yu12 | Encoding::Yv12 => {
            let (luma, height) = (stride(even), layout.height as usize);
            let half = luma.div_ceil(2);
            let first = luma * height + half * (y / 2) + x / 2;
            let second = first + half * height.div_ceil(2);
            let y = bytes[y * luma + x];
            if encoding == Encoding::Yu12 {
                color(y, bytes[first], bytes[second])
            } else {
                color(y, bytes[second], bytes[first])
            }
        }
        _ => [gray(bytes, encoding, layout, x, y); 3],
    }
}

/// BT.601, limited range, in 256ths as the documentation of the converters promises, rounded half
/// up.
fn color(y: u8, u: u8, v: u8) -> [u8; 3] {
    let (c, d, e) = (
        f64::from(y) - 16.0,
        f64::from(u) - 128.0,
        f64::from(v) - 128.0,
    );
    let byte = |scaled: f64| (scaled / 256.0 + 0.5).floor().clamp(0.0, 255.0) as u8;
    [
        byte(298.0 * c + 516.0 * d),
        byte(298.0 * c - 100.0 * d - 208.0 * e),
        byte(298.0 * c + 409.0 * e),
    ]
}
