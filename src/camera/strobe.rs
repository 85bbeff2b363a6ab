//! Which frame of a strobing emitter's pair this is.
#![forbid(unsafe_code)]

use crate::types::Illumination;

/// Frames looked at to recognise a strobe.
const WINDOW: usize = 6;
/// How much brighter, as a ratio and in steps, each lit frame of the window is than each unlit one.
const CONTRAST_RATIO: f32 = 1.4;
const CONTRAST_STEP: f32 = 6.0;
/// Steps from frame to frame without a leap, after which light is steady: a strobe has one at each,
/// and where one frame was lost uncounted, at one of two.
const RESTING_STEPS: usize = 2;

/// Recognises an emitter that lights every second frame.
///
/// Over the last frames the means must fall into two groups by turns, each lit mean well above each
/// unlit one; a lamp switched on, a face that moves, or exposure that settles does not alternate.
/// Lost frames break the turns, so the camera's sequence number decides which turn a frame is.
#[derive(Clone, Debug, Default)]
pub struct Strobe {
    /// Sequence number and mean, oldest first.
    seen: std::collections::VecDeque<(u32, f32)>,
    /// The last sequence number as the driver gave it.
    given: Option<u32>,
    /// A strobe was recognised since the camera was opened.
    strobes: bool,
}

impl Strobe {
    pub fn new() -> Self {
        Self::default()
    }

    /// Labels a frame by the means up to it: [`Illumination::Unsettled`] for the first few, after a
    /// leap of the light, and whenever a camera that has strobed seems not to: its frames must not
    /// be judged as those of one with steady light.
    pub fn observe(&mut self, sequence: u32, mean: f32) -> Illumination {
        let given = sequence;
        // A driver that does not count delivers one frame after the other; one that begins anew has
        // been opened anew.
        let sequence = match self.seen.back() {
            Some((last, _)) if self.given == Some(sequence) => last.wrapping_add(1),
            Some((last, _)) if *last >= sequence => {
                self.seen.clear();
                sequence
            }
            _ => sequence,
        };
        self.given = Some(given);
        if self.seen.len() == WINDOW {
            self.seen.pop_front();
        }
        self.seen.push_back((sequence, mean));
        let label = self.label(sequence);
        self.strobes |= matches!(label, Illumination::Lit | Illumination::Unlit);
        if label == Illumination::Unknown && self.strobes {
            Illumination::Unsettled
        } else {
            label
        }
    }

    fn label(&self, sequence: u32) -> Illumination {
        let turn = |number: u32| number % 2 == sequence % 2;
        let (mut own, mut other) = ((f32::MAX, f32::MIN, 0), (f32::MAX, f32::MIN, 0));
        for (number, mean) in &self.seen {
            let group = if turn(*number) { &mut own } else { &mut other };
            *group = (group.0.min(*mean), group.1.max(*mean), group.2 + 1);
        }
        if self.seen.len() == WINDOW && other.2 == 0 {
            // Only every second frame ever arrives: whatever the emitter does, it is the same in
            // all of them.
            return Illumination::Unknown;
        }
        // Two of each at least, or one bright frame would do.
        if self.seen.len() < WINDOW - 2 || own.2 < 2 || other.2 < 2 {
            return Illumination::Unsettled;
        }
        if is_lit_beside(own.0, other.1) {
            Illumination::Lit
        } else if is_lit_beside(other.0, own.1) {
            Illumination::Unlit
        } else if self.leapt() {
            Illumination::Unsettled
        } else {
            Illumination::Unknown
        }
    }

    /// Whether the light leapt in the newest steps, as far as an emitter makes it: it has not come
    /// to rest, and this may be a strobe that began late, or one whose turns are not clear yet.
    fn leapt(&self) -> bool {
        let means = || self.seen.iter().rev().map(|(_, mean)| *mean);
        let steps = means().zip(means().skip(1)).take(RESTING_STEPS);
        let leap = |(a, b): (f32, f32)| is_lit_beside(a, b) || is_lit_beside(b, a);
        steps.into_iter().any(leap)
    }
}

/// Whether a frame of the one mean is lit, and that of the other is not.
fn is_lit_beside(lit: f32, unlit: f32) -> bool {
    lit - unlit >= CONTRAST_STEP && lit >= unlit * CONTRAST_RATIO
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(means: impl IntoIterator<Item = (u32, f32)>) -> Vec<Illumination> {
        let mut strobe = Strobe::new();
        means
            .into_iter()
            .map(|(sequence, mean)| strobe.observe(sequence, mean))
            .collect()
    }

    #[test]
    fn alternating_frames_are_recognised_and_labelled() {
        let labels =
            labels((0..12_u32).map(|i| (i, if i.is_multiple_of(2) { 80.0 } else { 20.0 })));
        for (i, label) in labels.iter().enumerate().skip(4) {
            assert_eq!(
                *label,
                if i.is_multiple_of(2) {
                    Illumination::Lit
                } else {
                    Illumination::Unlit
                },
                "frame {i}"
            );
        }
        assert_eq!(labels[..3], [Illumination::Unsettled; 3]);
    }

    #[test]
    fn a_strobe_survives_lost_frames_and_settling_exposure() {
        let kept = [0, 1, 2, 3, 5, 6, 8, 9, 10, 13, 14];
        let mean = |i: u32| {
            if i.is_multiple_of(2) {
                60.0 + i as f32
            } else {
                15.0 + i as f32
            }
        };
        let labels = labels(kept.map(|i| (i, mean(i))));
        for (label, i) in labels.iter().zip(kept).skip(5) {
            assert_eq!(
                *label,
                if i.is_multiple_of(2) {
                    Illumination::Lit
                } else {
                    Illumination::Unlit
                },
                "frame {i}"
            );
        }
    }

    #[test]
    fn steady_light_a_lamp_and_a_fade_are_no_strobe() {
        let steady = labels((0..20).map(|i| (i, 70.0 + (i % 2) as f32 * 3.0)));
        let lamp = labels((0..20).map(|i| (i, if i < 9 { 20.0 } else { 90.0 })));
        let fade = labels((0..20).map(|i| (i, 5.0 + i as f32 * 9.0)));
        for (labels, leaps) in [(steady, 0..3), (lamp, 9..11), (fade, 0..4)] {
            for (i, label) in labels.iter().enumerate() {
                let unsettled = i < 3 || leaps.contains(&i);
                let expected = [Illumination::Unknown, Illumination::Unsettled];
                assert_eq!(*label, expected[usize::from(unsettled)], "{i}: {labels:?}");
            }
        }
    }

    #[test]
    fn a_strobe_that_begins_late_or_loses_a_frame_uncounted_never_passes_for_steady_light() {
        let late = [15.0, 15.0, 15.0, 70.0];
        let lost = [15.0, 70.0, 15.0, 70.0, 70.0];
        for start in [&late[..], &late[1..], &lost[..], &lost[1..], &lost[2..]] {
            let turns = (0..12).map(|i| if i % 2 == 0 { 15.0 } else { 70.0 });
            let means = start.iter().copied().chain(turns);
            let labels = labels((0..).zip(means));
            assert!(!labels.contains(&Illumination::Unknown), "{labels:?}");
            let last = labels.last();
            assert_eq!(last, Some(&Illumination::Lit), "{labels:?}");
        }
    }

    #[test]
    fn a_strobe_that_ends_does_not_pass_for_steady_light() {
        let mean = |i: u32| if i < 8 && i % 2 == 1 { 15.0 } else { 70.0 };
        let labels = labels((0..20).map(|i| (i, mean(i))));
        assert_eq!(labels[7], Illumination::Unlit);
        assert!(
            labels[13..]
                .iter()
                .all(|label| *label == Illumination::Unsettled)
        );
    }

    #[test]
    fn a_driver_that_does_not_count_and_one_that_skips_are_understood() {
        let uncounted =
            labels((0..12_u32).map(|i| (0, if i.is_multiple_of(2) { 80.0 } else { 20.0 })));
        assert!(
            uncounted[4..]
                .iter()
                .all(|label| matches!(label, Illumination::Lit | Illumination::Unlit))
        );
        let steady = labels((0..12).map(|_| (7, 70.0)));
        assert!(
            steady[4..]
                .iter()
                .all(|label| *label == Illumination::Unknown),
            "{steady:?}"
        );
        let every_second = labels((0..12).map(|i| (2 * i, 80.0)));
        assert!(
            every_second[6..]
                .iter()
                .all(|label| *label == Illumination::Unknown),
            "{every_second:?}"
        );
    }

    #[test]
    fn a_sequence_that_starts_again_starts_over() {
        let mut strobe = Strobe::new();
        for i in 0..8_u32 {
            strobe.observe(i, if i.is_multiple_of(2) { 80.0 } else { 20.0 });
        }
        assert_eq!(strobe.observe(1, 80.0), Illumination::Unsettled);
    }
}
