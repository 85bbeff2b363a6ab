//! The last few scores of a detector.

use std::collections::VecDeque;

use super::Judgement;
use crate::types::Liveness;

/// Scores are averaged over this many frames, so that one noisy frame does not decide.
const LENGTH: usize = 5;
/// Frames an attack is told from.
const ENOUGH: usize = 3;

#[derive(Default)]
pub struct Window(VecDeque<f32>);

impl Window {
    /// Live from `live` on, by the frame's own score and by the mean: earlier frames, perhaps of
    /// another face, lend it nothing. An attack where the mean is below `attack`. A score that is
    /// no number is a failure.
    pub fn judge(&mut self, score: f32, live: f32, attack: f32) -> Judgement {
        if !score.is_finite() {
            return Judgement::FAILED;
        }
        self.0.push_back(score);
        if self.0.len() > LENGTH {
            self.0.pop_front();
        }
        let mean = self.0.iter().sum::<f32>() / self.0.len() as f32;
        let word = match mean.min(score) {
            least if least >= live => Liveness::Live,
            _ if mean < attack && self.0.len() >= ENOUGH => Liveness::Attack,
            _ => Liveness::Undecided,
        };
        Judgement {
            live: word,
            score: Some(mean.min(score)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_gets_no_trust_from_the_live_face_before_it() {
        let mut window = Window::default();
        for _ in 0..10 {
            assert_eq!(window.judge(1.0, 0.5, 0.3).live, Liveness::Live);
        }
        assert!((0..10).all(|_| window.judge(0.1, 0.5, 0.3).live != Liveness::Live));
        assert_eq!(window.judge(0.1, 0.5, 0.3).live, Liveness::Attack);
    }

    #[test]
    fn no_number_is_a_failure() {
        for score in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(Window::default().judge(score, 0.5, 0.3), Judgement::FAILED);
        }
    }
}
