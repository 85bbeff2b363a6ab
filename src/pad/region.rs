//! Light in parts of a frame.

use crate::types::{Frame, PixelFormat, Rect};

/// Light of a region, 0..=255.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RegionLight {
    pub mean: f32,
    /// Standard deviation.
    pub contrast: f32,
    /// Part of the pixels that are saturated, 0..=1.
    pub saturated: f32,
}

/// A pixel's light: the mean of its channels.
pub fn at(frame: &Frame, x: usize, y: usize) -> f32 {
    let pixel = y * frame.width() as usize + x;
    match frame.format() {
        PixelFormat::Gray8 => f32::from(frame.pixels()[pixel]),
        PixelFormat::Bgr8 => {
            frame.pixels()[pixel * 3..][..3]
                .iter()
                .map(|v| f32::from(*v))
                .sum::<f32>()
                / 3.0
        }
    }
}

/// The light of the part of the frame inside any of the regions. `None` where less than 64 pixels
/// of them are in it.
pub fn light(frame: &Frame, regions: &[Rect]) -> Option<RegionLight> {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let (mut n, mut sum, mut squares, mut saturated) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    for region in regions {
        // NaN becomes 0 in the cast: nothing of the region is in the frame then.
        let from = |v: f32, end: f32| v.clamp(0.0, end) as usize;
        let (left, right) = (from(region.x, width), from(region.x + region.width, width));
        let (top, bottom) = (
            from(region.y, height),
            from(region.y + region.height, height),
        );
        for y in top..bottom {
            for x in left..right {
                let value = f64::from(at(frame, x, y));
                n += 1.0;
                sum += value;
                squares += value * value;
                saturated += f64::from(u8::from(value >= 250.0));
            }
        }
    }
    (n >= 64.0).then(|| {
        let mean = sum / n;
        RegionLight {
            mean: mean as f32,
            contrast: (squares / n - mean * mean).max(0.0).sqrt() as f32,
            saturated: (saturated / n) as f32,
        }
    })
}

/// The middle of a face: skin, no hair and no background at its corners.
pub fn middle(face: &Rect) -> Rect {
    part(face, 0.2, 0.25, 0.6, 0.6)
}

/// What is left and right of a face at the height of the eyes: above the shoulders.
pub fn beside(face: &Rect) -> [Rect; 2] {
    [
        part(face, -0.75, 0.0, 0.4, 0.6),
        part(face, 1.35, 0.0, 0.4, 0.6),
    ]
}

fn part(face: &Rect, x: f32, y: f32, width: f32, height: f32) -> Rect {
    Rect {
        x: face.x + x * face.width,
        y: face.y + y * face.height,
        width: width * face.width,
        height: height * face.height,
    }
}
