//! The last few readings of one face.
//!
//! One frame is noise: the network's margin wavers by two and more from frame to frame of a person
//! who sits still. The median of a few is not, and one outlier does not move it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::detector::Judgement;
use crate::types::Liveness;

/// Frames that a face near the bound is told from.
pub const LENGTH: usize = 5;
/// Frames an attack is told from.
const ENOUGH: usize = 3;
/// Older readings count no more.
const OLDEST: Duration = Duration::from_secs(2);

/// What readings say, in the detector's unit: `attack` ≤ `live` ≤ `sure`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// From here on one frame is enough, as long as the median is with it.
    pub sure: f32,
    /// From here on a whole window's median is live.
    pub live: f32,
    /// What the newest frame itself must reach, whatever those before it did.
    pub floor: f32,
    /// A median below is an attack; between, it is not known yet.
    pub attack: f32,
}

impl Bounds {
    /// What is live by both.
    pub fn strictest(&self, other: &Self) -> Self {
        Self {
            sure: self.sure.max(other.sure),
            live: self.live.max(other.live),
            floor: self.floor.max(other.floor),
            attack: self.attack.max(other.attack),
        }
    }
}

/// Readings of one face: its owner clears it where another face begins.
#[derive(Default)]
pub struct Window(VecDeque<(Instant, f32)>);

impl Window {
    /// Adds a frame's reading. `score` maps a reading to 0..=1. A reading that is no number is a
    /// failure.
    pub fn judge(
        &mut self,
        (at, reading): (Instant, f32),
        bounds: &Bounds,
        score: impl Fn(f32) -> f32,
    ) -> Judgement {
        if !reading.is_finite() {
            return Judgement::FAILED;
        }
        let old = |then: Instant| at.saturating_duration_since(then) > OLDEST;
        while self.0.len() >= LENGTH || self.0.front().is_some_and(|(then, _)| old(*then)) {
            self.0.pop_front();
        }
        self.0.push_back((at, reading));
        let median = self.median();
        let sure = reading >= bounds.sure && median >= bounds.sure;
        let whole = self.0.len() == LENGTH;
        let live = if sure || whole && median >= bounds.live && reading >= bounds.floor {
            Liveness::Live
        } else if self.0.len() >= ENOUGH && median < bounds.attack {
            Liveness::Attack
        } else {
            Liveness::Undecided
        };
        Judgement {
            live,
            score: Some(score(median)),
            reading: Some(reading),
        }
    }

    /// The middle reading; the lower one of two.
    fn median(&self) -> f32 {
        let mut readings: Vec<f32> = self.0.iter().map(|(_, reading)| *reading).collect();
        readings.sort_by(f32::total_cmp);
        readings[(readings.len() - 1) / 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        sure: 0.0,
        live: -3.0,
        floor: -5.0,
        attack: -5.0,
    };

    fn play(readings: &[f32]) -> Vec<Liveness> {
        let (mut window, start) = (Window::default(), Instant::now());
        let step = |n: usize| start + Duration::from_millis(33 * n as u64);
        let judge =
            |(n, reading): (usize, &f32)| window.judge((step(n), *reading), &BOUNDS, |_| 0.5).live;
        readings.iter().enumerate().map(judge).collect()
    }

    #[test]
    fn a_face_that_is_surely_live_needs_one_frame_and_one_near_the_bound_five() {
        use Liveness::{Live, Undecided};
        assert_eq!(play(&[2.0, 1.0]), [Live, Live]);
        let near = play(&[-2.0, -1.5, -2.5, -1.0, -2.0]);
        assert_eq!(near, [Undecided, Undecided, Undecided, Undecided, Live]);
    }

    #[test]
    fn one_frame_that_wavers_neither_refuses_a_person_nor_lets_a_picture_in() {
        assert_eq!(play(&[2.0, 2.0, -6.0, 2.0]).last(), Some(&Liveness::Live));
        let picture = play(&[-9.0, -9.0, -9.0, 3.0, -9.0, -9.0]);
        assert!(!picture.contains(&Liveness::Live), "{picture:?}");
        assert_eq!(picture.last(), Some(&Liveness::Attack));
    }

    #[test]
    fn what_lies_between_is_not_known() {
        assert!(
            play(&[-4.0; 20])
                .iter()
                .all(|live| *live == Liveness::Undecided)
        );
    }

    #[test]
    fn old_readings_lend_nothing() {
        let (mut window, start) = (Window::default(), Instant::now());
        for n in 0..5 {
            let at = start + Duration::from_millis(33 * n);
            window.judge((at, -1.0), &BOUNDS, |_| 0.5);
        }
        let later = start + Duration::from_secs(5);
        let judged = window.judge((later, -1.0), &BOUNDS, |_| 0.5);
        assert_eq!(judged.live, Liveness::Undecided);
    }

    #[test]
    fn no_number_is_a_failure() {
        for reading in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let judged = Window::default().judge((Instant::now(), reading), &BOUNDS, |_| 0.5);
            assert_eq!(judged, Judgement::FAILED);
        }
    }
}
