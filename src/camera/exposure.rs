//! Light: how bright a frame is, and whether the stream is lit yet.
#![forbid(unsafe_code)]

use crate::types::{Frame, Hint, PixelFormat, Rect};

/// Luma at or under this is dark.
const DARK: u8 = 16;
/// Luma at or over this is saturated.
const SATURATED: u8 = 250;
/// A mean below this cannot show a face; sensors deliver it before exposure settles and under an
/// unlit emitter.
const UNLIT_MEAN: f32 = 12.0;
/// More of the frame dark than this, and not even a lit face in front of a black room is there.
const DARK_FRACTION: f32 = 0.97;
/// A face of 40 pixels across is a two-hundredth of a small frame.
const BLACK_FRACTION: f32 = 0.995;
const SATURATED_FRACTION: f32 = 0.60;
/// Every how many pixels one is looked at, across and down: 1/9 of the frame tells the same.
const STEP: usize = 3;

/// The light of one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exposure {
    /// Mean luma, 0..=255.
    pub mean: f32,
    /// Part of the frame that is dark, 0..=1.
    pub dark: f32,
    /// Part of the frame that is saturated, 0..=1.
    pub saturated: f32,
}

impl Exposure {
    /// Whether not even a small lit face before a black room is there.
    pub fn is_black(&self) -> bool {
        self.dark > BLACK_FRACTION
    }

    /// Whether a face could be seen in this light; warm-up ends with the first lit frame.
    pub fn lit(&self) -> bool {
        self.mean >= UNLIT_MEAN && self.dark <= DARK_FRACTION
    }

    /// What a person could change about the light.
    pub fn hint(&self) -> Option<Hint> {
        if !self.lit() {
            Some(Hint::TooDark)
        } else if self.saturated > SATURATED_FRACTION {
            Some(Hint::TooBright)
        } else {
            None
        }
    }
}

/// Measures a frame's light. Luma of color is (B + 2 G + R) / 4.
pub fn judge(frame: &Frame) -> Exposure {
    let whole = Rect {
        x: 0.0,
        y: 0.0,
        width: frame.width() as f32,
        height: frame.height() as f32,
    };
    judge_in(frame, &whole)
}

/// Measures the light on a part of a frame, such as a face; what of it lies outside does not count.
pub fn judge_in(frame: &Frame, part: &Rect) -> Exposure {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let channels = frame.format().channels();
    // The cast clamps: what is left of the frame begins at 0.
    let within = |from: f32, length: f32, most: usize| {
        let (from, to) = (from as usize, (from + length) as usize);
        (from.min(most), to.min(most))
    };
    let (left, right) = within(part.x, part.width, width);
    let (top, bottom) = within(part.y, part.height, height);
    let luma = |pixel: &[u8]| match frame.format() {
        PixelFormat::Gray8 => pixel[0],
        PixelFormat::Bgr8 => {
            ((u16::from(pixel[0]) + 2 * u16::from(pixel[1]) + u16::from(pixel[2])) / 4) as u8
        }
    };
    let (mut sum, mut dark, mut saturated, mut count) = (0_u64, 0_u32, 0_u32, 0_u32);
    let rows = frame.pixels().chunks_exact(width * channels);
    for row in rows.take(bottom).skip(top).step_by(STEP) {
        let row = &row[left * channels..right.max(left) * channels];
        for value in row.chunks_exact(channels).step_by(STEP).map(luma) {
            sum += u64::from(value);
            dark += u32::from(value <= DARK);
            saturated += u32::from(value >= SATURATED);
            count += 1;
        }
    }
    let of = |part: f64| (part / f64::from(count.max(1))) as f32;
    Exposure {
        mean: of(sum as f64),
        dark: of(f64::from(dark)),
        saturated: of(f64::from(saturated)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(value: u8) -> Frame {
        Frame::new(9, 9, PixelFormat::Gray8, vec![value; 81]).unwrap()
    }

    #[test]
    fn a_black_frame_is_dark_and_unlit() {
        let exposure = judge(&gray(4));
        assert_eq!(
            exposure,
            Exposure {
                mean: 4.0,
                dark: 1.0,
                saturated: 0.0
            }
        );
        assert!(!exposure.lit());
        assert_eq!(exposure.hint(), Some(Hint::TooDark));
    }

    #[test]
    fn a_white_frame_is_too_bright_and_a_gray_one_is_fine() {
        assert_eq!(judge(&gray(255)).hint(), Some(Hint::TooBright));
        assert_eq!(judge(&gray(90)).hint(), None);
    }

    #[test]
    fn a_lit_face_in_a_black_room_is_lit() {
        let mut pixels = vec![2; 300 * 300];
        for row in pixels.chunks_exact_mut(300).skip(100).take(100) {
            row[100..200].fill(160);
        }
        let exposure = judge(&Frame::new(300, 300, PixelFormat::Gray8, pixels).unwrap());
        assert!(exposure.lit(), "{exposure:?}");
        assert_eq!(exposure.hint(), None);
    }

    #[test]
    fn a_lit_face_far_from_the_emitter_counts_by_its_own_light() {
        let mut pixels = vec![5; 640 * 360];
        for row in pixels.chunks_exact_mut(640).skip(130).take(94) {
            row[270..350].fill(120);
        }
        let frame = Frame::new(640, 360, PixelFormat::Gray8, pixels).unwrap();
        let exposure = judge(&frame);
        assert!(!exposure.lit() && !exposure.is_black(), "{exposure:?}");
        let part = |x, y, width, height| {
            let part = Rect {
                x,
                y,
                width,
                height,
            };
            judge_in(&frame, &part)
        };
        assert_eq!(part(272.0, 132.0, 70.0, 80.0).hint(), None);
        assert_eq!(part(0.0, 0.0, 70.0, 80.0).hint(), Some(Hint::TooDark));
        // Outside, upside down and not a number: dark, and no panic.
        for (x, width) in [
            (-50.0, 20.0),
            (700.0, 9.0),
            (10.0, -20.0),
            (f32::NAN, f32::INFINITY),
        ] {
            let _ = part(x, 0.0, width, f32::NAN).hint();
        }
    }

    #[test]
    fn the_luma_of_color_weighs_green_twice() {
        let frame = Frame::new(1, 1, PixelFormat::Bgr8, vec![40, 100, 200]).unwrap();
        assert!((judge(&frame).mean - 110.0).abs() < 1e-6);
    }
}
