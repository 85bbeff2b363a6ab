//! Whether the camera's privacy shutter is closed.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use super::exposure::judge;
use crate::types::Frame;

/// Every how many bytes of a picture one is looked at.
const STEP: usize = 3;
/// A picture with this few levels, and not one pixel of noise from frame to frame, no sensor made.
const FLAT_LEVELS: usize = 4;
const FLAT_PART: f32 = 0.95;
/// Sensors start black, and some for over a second.
const FLAT_FOR: Duration = Duration::from_millis(1700);
/// How often a camera is asked about its shutter.
const ASK_AGAIN: Duration = Duration::from_millis(400);

/// Recognises a closed privacy shutter: by what the camera says, or by a constant picture, which
/// is what firmware puts in place of the sensor's.
#[derive(Clone, Debug, Default)]
pub(super) struct Shutter {
    last: Vec<u8>,
    /// Since when the picture has not changed.
    since: Option<Instant>,
    asked: Option<Instant>,
}

impl Shutter {
    /// `told` asks the camera; it is asked about frames without light only, a few times a second.
    pub fn is_closed(&mut self, frame: &Frame, told: impl FnOnce() -> Option<bool>) -> bool {
        let now = frame.captured;
        let is_flat = is_flat(frame);
        if !is_flat || frame.pixels() != self.last {
            self.last = if is_flat {
                frame.pixels().to_vec()
            } else {
                Vec::new()
            };
            self.since = is_flat.then_some(now);
        }
        let constant = |since: Instant| now.saturating_duration_since(since) >= FLAT_FOR;
        if self.since.is_some_and(constant) {
            return true;
        }
        let asked_lately = |asked: Instant| now.saturating_duration_since(asked) < ASK_AGAIN;
        if judge(frame).lit() && !is_flat || self.asked.is_some_and(asked_lately) {
            return false;
        }
        self.asked = Some(now);
        told() == Some(true)
    }
}

fn is_flat(frame: &Frame) -> bool {
    let mut levels = [0_u32; 256];
    let values = frame.pixels().iter().step_by(STEP);
    let count = values.len() as f32;
    values.for_each(|value| levels[usize::from(*value)] += 1);
    levels.sort_unstable_by(|a, b| b.cmp(a));
    levels[..FLAT_LEVELS].iter().sum::<u32>() as f32 >= count * FLAT_PART
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::types::PixelFormat;

    fn gray(value: u8) -> Frame {
        Frame::new(9, 9, PixelFormat::Gray8, vec![value; 81]).unwrap()
    }

    #[test]
    fn a_constant_picture_is_a_closed_shutter_and_a_black_start_is_not() {
        let begin = Instant::now();
        let at = |milliseconds, value: u8, noisy: bool| {
            let mut pixels = vec![value; 81];
            pixels[3] += u8::from(noisy);
            let mut frame = Frame::new(9, 9, PixelFormat::Gray8, pixels).unwrap();
            frame.captured = begin + Duration::from_millis(milliseconds);
            frame
        };
        let mut shutter = Shutter::default();
        let mut closed = |milliseconds, value, noisy| {
            shutter.is_closed(&at(milliseconds, value, noisy), || None)
        };
        assert!(!closed(0, 0, false) && !closed(1100, 0, false));
        assert!(!closed(1800, 90, false), "light came");
        assert!(!closed(2500, 90, true), "noise is a sensor's");
        assert!(!closed(3000, 90, false) && closed(4800, 90, false));
    }

    #[test]
    fn a_camera_is_asked_about_its_shutter_when_its_picture_is_dark() {
        let mut shutter = Shutter::default();
        assert!(!shutter.is_closed(&gray(0), || Some(false)));
        let mut dark = gray(0);
        dark.captured += Duration::from_millis(500);
        assert!(shutter.is_closed(&dark, || Some(true)));
        let mut pixels: Vec<u8> = (0..81).collect();
        pixels.iter_mut().for_each(|value| *value += 60);
        let lit = Frame::new(9, 9, PixelFormat::Gray8, pixels).unwrap();
        assert!(
            !Shutter::default().is_closed(&lit, || Some(true)),
            "it sees"
        );
    }
}
