//! Frames that wait while an attempt is busy: the newest.

use std::collections::VecDeque;

use crate::types::{Frame, Illumination};

/// Frames kept; the oldest goes first.
const KEPT: usize = 2;
/// Frames kept from an unlit one on: its lit one, and the unlit one behind it.
const KEPT_FROM_UNLIT: usize = 3;

/// The newest frames, oldest first. Where an emitter strobes, the oldest is an unlit one with its
/// lit one behind it: however long a look takes, the next one has a pair to measure.
#[derive(Default)]
pub struct NewestFrames(VecDeque<Frame>);

impl NewestFrames {
    pub fn push(&mut self, frame: Frame) {
        self.0.push_back(frame);
        while self.is_crowded() {
            self.0.pop_front();
        }
    }

    pub fn pop(&mut self) -> Option<Frame> {
        self.0.pop_front()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn is_crowded(&self) -> bool {
        let oldest = self.0.front().map(|frame| frame.illumination);
        let kept = match oldest {
            Some(Illumination::Unlit) => KEPT_FROM_UNLIT,
            _ => KEPT,
        };
        self.0.len() > kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PixelFormat;

    fn pushed(illuminations: impl IntoIterator<Item = Illumination>) -> NewestFrames {
        let mut frames = NewestFrames::default();
        for (n, illumination) in (0..).zip(illuminations) {
            let mut frame = Frame::new(1, 1, PixelFormat::Gray8, vec![0]).unwrap();
            (frame.sequence, frame.illumination) = (n, illumination);
            frames.push(frame);
        }
        frames
    }

    fn sequences(frames: NewestFrames) -> Vec<u32> {
        frames.0.iter().map(|frame| frame.sequence).collect()
    }

    #[test]
    fn the_newest_two_wait() {
        assert_eq!(sequences(pushed([Illumination::Unknown])), [0]);
        assert_eq!(sequences(pushed([Illumination::Unknown; 5])), [3, 4]);
    }

    #[test]
    fn however_long_a_look_takes_a_strobe_leaves_a_pair() {
        use Illumination::{Lit, Unlit};
        for length in 3..9 {
            let turns = [Unlit, Lit].into_iter().cycle().take(length);
            let mut frames = pushed(turns);
            let first = frames.pop().map(|frame| frame.illumination);
            let second = frames.pop().map(|frame| frame.illumination);
            assert_eq!((first, second), (Some(Unlit), Some(Lit)), "after {length}");
        }
    }
}
