//! Texture: the grid of a screen or a print, sampled by the camera's grid, leaves narrow peaks in
//! the spectrum that skin has not (moiré; Patel et al., Secure Face Unlock, IEEE TIFS 2016).
//! Measured on the raw frame, never resampled or equalised.

use super::region;
use crate::types::{Detection, Frame};

/// Side of the patch, in raw pixels.
const SIDE: usize = 64;
/// Frequencies looked at, in cycles a patch: above a face's own structure, up to half the sampling
/// rate.
const LOW: usize = 12;
/// Peak power over the median's at the bound, which [`score`] maps to 0.5.
const PEAK: f32 = 60.0;

/// 0 (a strong pattern) ..= 1 (none). `None` where the patch does not fit into face and frame.
pub fn score(frame: &Frame, face: &Detection) -> Option<f32> {
    let ratio = peak(frame, face)?;
    Some(PEAK / (PEAK + ratio))
}

/// The highest power among high frequencies over their median.
fn peak(frame: &Frame, face: &Detection) -> Option<f32> {
    let b = face.bounds;
    let side = SIDE as f32;
    let (left, top) = (
        (b.x + b.width / 2.0 - side / 2.0).round(),
        (b.y + b.height * 0.55 - side / 2.0).round(),
    );
    let fits = b.width >= side
        && b.height >= side
        && left >= 0.0
        && top >= 0.0
        && left + side <= frame.width() as f32
        && top + side <= frame.height() as f32;
    fits.then_some(())?;
    let (left, top) = (left as usize, top as usize);
    let hann = |n: usize| 0.5 - 0.5 * (std::f32::consts::TAU * (n as f32 + 0.5) / side).cos();
    let wave: Vec<(f32, f32)> = (0..SIDE)
        .map(|n| (std::f32::consts::TAU * n as f32 / side).sin_cos())
        .collect();
    let transform = |values: &[(f32, f32)], k: usize| {
        values
            .iter()
            .enumerate()
            .fold((0.0, 0.0), |sum, (n, (re, im))| {
                let (sin, cos) = wave[n * k % SIDE];
                (sum.0 + re * cos + im * sin, sum.1 + im * cos - re * sin)
            })
    };
    // Rows, then columns; the input is real, so half of the columns' frequencies are enough.
    let mut rows = vec![[(0.0, 0.0); SIDE / 2 + 1]; SIDE];
    for (y, row) in rows.iter_mut().enumerate() {
        let line: Vec<_> = (0..SIDE)
            .map(|x| {
                (
                    region::at(frame, left + x, top + y) * hann(x) * hann(y),
                    0.0,
                )
            })
            .collect();
        row.iter_mut()
            .enumerate()
            .for_each(|(k, value)| *value = transform(&line, k));
    }
    let mut powers = Vec::new();
    for k in 0..=SIDE / 2 {
        let column: Vec<_> = rows.iter().map(|row| row[k]).collect();
        for m in 0..SIDE {
            let (fx, fy) = (k, m.min(SIDE - m));
            if fx * fx + fy * fy >= LOW * LOW {
                let (re, im) = transform(&column, m);
                powers.push(re * re + im * im);
            }
        }
    }
    powers.sort_by(f32::total_cmp);
    let (median, most) = (powers[powers.len() / 2], powers.last()?);
    Some(most / median.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{PixelFormat, Rect};

    fn noisy(grid: f32) -> Frame {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as f32 / 32.0
        };
        let pixel =
            |i: usize| 120.0 + (i % 200) as f32 / 8.0 + grid * ((i % 200) as f32 * 2.1).sin();
        let pixels = (0..200 * 200).map(|i| (pixel(i) + noise()) as u8).collect();
        Frame::new(200, 200, PixelFormat::Gray8, pixels).unwrap()
    }

    #[test]
    fn a_grid_shows_and_noise_does_not() {
        let bounds = Rect {
            x: 50.0,
            y: 40.0,
            width: 100.0,
            height: 120.0,
        };
        let face = Detection {
            bounds,
            ..Detection::default()
        };
        assert!(score(&noisy(0.0), &face).unwrap() > 0.5);
        assert!(score(&noisy(10.0), &face).unwrap() < 0.2);
    }

    #[test]
    fn a_patch_that_does_not_fit_has_no_score() {
        for (x, width) in [
            (0.0, 20.0),
            (190.0, 100.0),
            (f32::NAN, 100.0),
            (-90.0, 100.0),
            (50.0, f32::NAN),
        ] {
            let bounds = Rect {
                x,
                y: 40.0,
                width,
                height: 120.0,
            };
            assert_eq!(
                score(
                    &noisy(0.0),
                    &Detection {
                        bounds,
                        ..Detection::default()
                    }
                ),
                None
            );
        }
    }
}
