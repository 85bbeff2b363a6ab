//! Puts the challenge to the person, and follows the answer.

use std::time::{Duration, Instant};

use crate::decision::verdict::Challenge as State;
use crate::pad::challenge::{ALLOWANCE, Answer, Challenge, Sighting, Turn};
use crate::types::{Detection, Hint, Unavailable};
use crate::vault;

/// A challenge under way.
pub struct ActiveChallenge {
    challenge: Challenge,
    until: Instant,
    /// The answer so far; none before a face was shown.
    answer: Option<Answer>,
    /// Whether the person was told to turn.
    put: bool,
}

impl ActiveChallenge {
    /// Draws a question. It is answered by `until`, or not at all.
    ///
    /// # Errors
    /// [`Unavailable::Internal`]: the kernel gives no random byte, and a question that can be
    /// guessed proves nothing.
    pub fn begin(until: Instant) -> Result<Self, Unavailable> {
        let mut random = [0];
        vault::random(&mut random).map_err(|_| Unavailable::Internal)?;
        Ok(Self {
            challenge: Challenge::new(Turn::draw(random[0])),
            until,
            answer: None,
            put: false,
        })
    }

    pub fn until(&self) -> Instant {
        self.until
    }

    /// Takes note of a face. `compared`: score and threshold, where it was good enough to be
    /// compared. The hint, where the person is to do something else now.
    pub fn observe(
        &mut self,
        at: Duration,
        face: &Detection,
        compared: Option<(f32, f32)>,
    ) -> Option<Hint> {
        let compares = compared.is_some_and(|(score, threshold)| score >= threshold - ALLOWANCE);
        let answer = self.challenge.observe(&Sighting {
            at,
            face: *face,
            compares,
        });
        if self.answer.replace(answer) == Some(answer) {
            return None;
        }
        self.put |= matches!(answer, Answer::Turn(_));
        match answer {
            Answer::Straight => Some(Hint::LookAtCamera),
            Answer::Turn(Turn::Left) => Some(Hint::TurnLeft),
            Answer::Turn(Turn::Right) => Some(Hint::TurnRight),
            Answer::Passed | Answer::Wrong => None,
        }
    }

    /// Whether the face seen last is turned away, as it was asked to.
    pub fn is_away(&self) -> bool {
        self.challenge.is_away()
    }

    pub fn state(&self) -> State {
        match self.answer {
            None | Some(Answer::Straight | Answer::Turn(_)) => State::Pending,
            Some(Answer::Passed) => State::Passed,
            Some(Answer::Wrong) => State::Failed,
        }
    }

    /// Whether the question was put and has no right answer yet. A person who leaves then has heard
    /// it; one who was only waited for has not.
    pub fn is_left_open(&self) -> bool {
        self.put && self.state() != State::Passed
    }
}
