//! A frame on the detector's canvas.

use crate::types::{Frame, PixelFormat};

/// NCHW, BGR, 0..255: the frame, scaled by `scale` (at most 1), at the top left of a black canvas
/// of `width` and `height`. Gray frames are replicated.
pub fn fill(input: &mut Vec<f32>, frame: &Frame, (width, height): (usize, usize), scale: f32) {
    input.clear();
    input.resize(width * height * 3, 0.0);
    match frame.format() {
        PixelFormat::Bgr8 => fill_channels::<3>(input, frame, (width, height), scale),
        PixelFormat::Gray8 => {
            fill_channels::<1>(input, frame, (width, height), scale);
            let (first, rest) = input.split_at_mut(width * height);
            rest.chunks_exact_mut(width * height)
                .for_each(|plane| plane.copy_from_slice(first));
        }
    }
}

/// Fills the first `C` planes.
fn fill_channels<const C: usize>(
    input: &mut [f32],
    frame: &Frame,
    (width, height): (usize, usize),
    scale: f32,
) {
    let plane = width * height;
    let taps = |side: u32, canvas: usize| taps(side as usize, canvas, scale);
    let (columns, rows) = (taps(frame.width(), width), taps(frame.height(), height));
    let stride = frame.width() as usize * C;
    let weight = 1.0 / (columns.block * rows.block) as f32;
    let mut sums = vec![0.0_f32; columns.at.len() * C];
    for (y, row) in rows.at.iter().enumerate() {
        sums.fill(0.0);
        for (offset, part) in row.parts(rows.block) {
            let line = &frame.pixels()[offset * stride..][..stride];
            for (sum, column) in sums.chunks_exact_mut(C).zip(&columns.at) {
                for (offset, share) in column.parts(columns.block) {
                    let pixel = &line[offset * C..][..C];
                    sum.iter_mut()
                        .zip(pixel)
                        .for_each(|(sum, value)| *sum += f32::from(*value) * (part * share));
                }
            }
        }
        for c in 0..C {
            let line = &mut input[c * plane + y * width..][..columns.at.len()];
            line.iter_mut()
                .zip(sums.iter().skip(c).step_by(C))
                .for_each(|(to, sum)| *to = sum * weight);
        }
    }
}

/// What one side of a canvas takes from the frame's.
struct Taps {
    /// One for each pixel of the canvas that shows the frame.
    at: Vec<Tap>,
    /// Pixels averaged for one; 1 where there are fewer than two, which are interpolated.
    block: usize,
}

#[derive(Clone, Copy)]
struct Tap {
    first: usize,
    /// Share of the next pixel, 0..1; 0 where a block is averaged.
    next: f32,
}

impl Tap {
    /// Frame pixels and their parts.
    fn parts(self, block: usize) -> impl Iterator<Item = (usize, f32)> {
        let (count, first) = if self.next > 0.0 {
            (2, 1.0 - self.next)
        } else {
            (block, 1.0)
        };
        (0..count).map(move |n| {
            (
                self.first + n,
                if self.next > 0.0 && n == 1 {
                    self.next
                } else {
                    first
                },
            )
        })
    }
}

/// Pixel middles lie on pixel middles. Down to half size bilinear; below, the mean of the block
/// that a pixel covers.
fn taps(side: usize, canvas: usize, scale: f32) -> Taps {
    let count = ((side as f32 * scale).round() as usize).clamp(1, canvas.min(side));
    let block = ((1.0 / scale) as usize).clamp(1, side);
    let at = (0..count).map(|n| {
        let middle = (n as f32 + 0.5) / scale - 0.5;
        if block > 1 {
            let first = (middle - (block - 1) as f32 / 2.0).round().max(0.0) as usize;
            return Tap {
                first: first.min(side - block),
                next: 0.0,
            };
        }
        let middle = middle.clamp(0.0, (side - 1) as f32);
        let first = middle as usize;
        // The last pixel has no next one; there the share is 0.
        Tap {
            first,
            next: middle - first as f32,
        }
    });
    Taps {
        at: at.collect(),
        block,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gray(width: u32, height: u32, pixels: Vec<u8>) -> Frame {
        Frame::new(width, height, PixelFormat::Gray8, pixels).unwrap()
    }

    #[test]
    fn a_frame_that_fits_is_copied() {
        let frame = Frame::new(2, 1, PixelFormat::Bgr8, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let mut input = vec![9.0; 1];
        fill(&mut input, &frame, (3, 2), 1.0);
        assert_eq!(input[..6], [1.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(input[6..12], [2.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(input[12..], [3.0, 6.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_quarter_is_the_mean_of_its_block() {
        let mut input = Vec::new();
        fill(&mut input, &gray(8, 4, (0..32).collect()), (2, 1), 0.25);
        // Rows 0, 8, 16, 24; columns 0..=3 and 4..=7.
        assert_eq!(input, [13.5, 17.5, 13.5, 17.5, 13.5, 17.5]);
    }

    #[test]
    fn a_ramp_stays_a_ramp_at_any_scale() {
        let frame = gray(200, 1, (0..200).collect());
        for scale in [0.9_f32, 0.75, 0.6, 0.5, 0.4, 0.3, 0.1] {
            let mut input = Vec::new();
            let width = (200.0 * scale).round() as usize;
            fill(&mut input, &frame, (width, 1), scale);
            for (x, value) in input[1..width - 1].iter().enumerate() {
                let want = (x as f32 + 1.5) / scale - 0.5;
                assert!((value - want).abs() < 0.51, "{scale} {x}: {value} {want}");
            }
        }
    }

    proptest! {
        /// Frames of any shape fill the canvas without a pixel outside either.
        #[test]
        fn any_frame_fits(w in 1_u32..300, h in 1_u32..300, value: u8, color: bool) {
            let format = if color { PixelFormat::Bgr8 } else { PixelFormat::Gray8 };
            let pixels = vec![value; (w * h) as usize * format.channels()];
            let frame = Frame::new(w, h, format, pixels).unwrap();
            let (width, height) = (64, 32);
            let scale = (width as f32 / w as f32).min(height as f32 / h as f32).min(1.0);
            let mut input = Vec::new();
            fill(&mut input, &frame, (width, height), scale);
            prop_assert_eq!(input.len(), width * height * 3);
            prop_assert!((input[0] - f32::from(value)).abs() < 0.01);
            prop_assert!(input.iter().all(|v| *v == 0.0 || (v - f32::from(value)).abs() < 0.01));
        }
    }
}
