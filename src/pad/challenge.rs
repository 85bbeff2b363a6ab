//! Turns that are asked for, one after the other: a photograph cannot turn, and a recording does
//! not know which way.
//!
//! Yaw, from the five landmarks, is how far the nose tip lies from the middle between the eyes,
//! along the line of the eyes, in distances between them:
//!
//! ```text
//! yaw = (nose − (right + left) / 2) · (left − right) / |left − right|²
//! ```
//!
//! A nose stands out of the plane of the eyes by about 0.6 of their distance (`face::quality`), so
//! a head turned by θ shows
//! 0.6 · tan θ: 0.22 at 20°. Cameras do not mirror, and landmarks begin with the subject's right
//! eye, at the image's left: positive is a nose that points to the **subject's own left**, which is
//! what "left" means to the person who is asked.
//!
//! What MUST hold:
//! 1. No sequence of faces answers two different questions: the first turn that goes far enough
//!    decides.
//! 2. It is one face throughout, and the one that is compared: its box moves on without a leap, and
//!    at the start, at each far end and at each return it compares with the templates.
//! 3. What was answered is forgotten when the face is lost; what was answered wrongly is not.
//!
//! A live forgery that hears the question, and a picture bent round a tube and turned, can answer
//! it.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::types::{Detection, Point};

/// Turns asked for: four questions.
pub const TURNS: usize = 2;
/// How much below its threshold a turned face may score: about a false match rate of 1e-3 with five
/// templates, one frame (docs/evaluation.md: the threshold there is 0.17 to 0.20 below the one in
/// force).
pub const ALLOWANCE: f32 = 0.15;
/// Yaw up to which a face counts as straight before the camera, which may stand beside the screen.
const FRONTAL: f32 = 0.2;
/// Yaw from the first straight look at which a head is turned, about 20°. People who talk stay
/// below it, but for real turns of the head (docs/evaluation.md).
const TURNED: f32 = 0.22;
/// Within this of the first straight look a head is back.
const BACK: f32 = 0.1;
/// How long a head stays back before the next turn is asked for, so that a swing is no answer.
const SETTLED: Duration = Duration::from_millis(250);
/// A face that is not seen for longer is another one.
const LOST: Duration = Duration::from_millis(600);
/// From one sighting to the next, a box moves by less than this part of its width, and grows or
/// shrinks by less than this factor.
const LEAP: f32 = 0.5;
const GROWTH: f32 = 1.5;

/// Which way: the subject's own left or right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Left,
    Right,
}

impl Turn {
    /// The turns that a random byte asks for, each as likely as the others.
    pub fn draw(random: u8) -> [Self; TURNS] {
        std::array::from_fn(|n| {
            if random >> n & 1 == 0 {
                Turn::Left
            } else {
                Turn::Right
            }
        })
    }

    /// The sign of yaw when the head has turned this way.
    fn sign(self) -> f32 {
        match self {
            Turn::Left => 1.0,
            Turn::Right => -1.0,
        }
    }
}

/// The face of one frame.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    /// Since the attempt began.
    pub at: Duration,
    pub face: Detection,
    /// Whether it was compared, and scored no less than its threshold less [`ALLOWANCE`].
    pub compares: bool,
}

/// What the person is to do, or has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To look straight at the camera.
    Straight,
    /// To turn.
    Turn(Turn),
    /// All turns were made as asked.
    Passed,
    /// A turn was made the other way.
    Wrong,
}

/// Where the head is in the turn that is asked for now.
#[derive(Clone, Copy, Debug)]
enum Leg {
    /// Not settled; straight since then, if it is.
    Settling(Option<Duration>),
    /// Turning; whether it was seen on the way, as one picture after another is not.
    Out { on_the_way: bool },
    /// Far enough; on its way back.
    Back,
}

/// One question and how far it is answered.
pub struct Challenge {
    asked: [Turn; TURNS],
    done: usize,
    leg: Leg,
    wrong: bool,
    /// Yaw of the first straight look, which every turn is measured from.
    straight: Option<f32>,
    last: Option<Sighting>,
}

impl Challenge {
    pub fn new(asked: [Turn; TURNS]) -> Self {
        Self {
            asked,
            done: 0,
            leg: Leg::Settling(None),
            wrong: false,
            straight: None,
            last: None,
        }
    }

    /// Takes note of the face in the next frame. Landmarks that have no yaw are no sighting.
    pub fn observe(&mut self, sighting: &Sighting) -> Answer {
        let Some(yaw) = yaw(&sighting.face.landmarks) else {
            return self.answer();
        };
        if self.last.is_some_and(|last| !continues(&last, sighting)) {
            *self = Self {
                wrong: self.wrong,
                ..Self::new(self.asked)
            };
        }
        self.last = Some(*sighting);
        if self.straight.is_none() && yaw.abs() <= FRONTAL && sighting.compares {
            self.straight = Some(yaw);
        }
        if let (Some(straight), Some(turn)) = (self.straight, self.asked.get(self.done)) {
            self.step((yaw - straight) * turn.sign(), sighting);
        }
        self.answer()
    }

    /// Whether the newest face is turned away from its first straight look: it says nothing against
    /// the person that it scores lower then.
    pub fn is_away(&self) -> bool {
        let yaw = self.last.and_then(|last| yaw(&last.face.landmarks));
        self.straight
            .zip(yaw)
            .is_some_and(|(straight, yaw)| (yaw - straight).abs() > BACK)
    }

    /// `turned`: yaw from straight, positive the way that is asked for.
    fn step(&mut self, turned: f32, sighting: &Sighting) {
        match self.leg {
            Leg::Settling(since) if turned.abs() <= BACK && sighting.compares => {
                let since = since.unwrap_or(sighting.at);
                let settled = sighting.at.saturating_sub(since) >= SETTLED;
                self.leg = if settled {
                    Leg::Out { on_the_way: false }
                } else {
                    Leg::Settling(Some(since))
                };
            }
            Leg::Settling(_) => self.leg = Leg::Settling(None),
            Leg::Out { .. } if turned <= -TURNED && sighting.compares => self.wrong = true,
            Leg::Out { on_the_way: true } if turned >= TURNED && sighting.compares => {
                self.leg = Leg::Back
            }
            Leg::Out { on_the_way } => {
                self.leg = Leg::Out {
                    on_the_way: on_the_way || (BACK..TURNED).contains(&turned),
                };
            }
            Leg::Back if turned.abs() <= BACK && sighting.compares => {
                self.done += 1;
                self.leg = Leg::Settling(Some(sighting.at));
            }
            Leg::Back => {}
        }
    }

    fn answer(&self) -> Answer {
        match (self.wrong, self.asked.get(self.done), self.leg) {
            (true, _, _) => Answer::Wrong,
            (false, None, _) => Answer::Passed,
            (false, Some(turn), Leg::Out { .. }) => Answer::Turn(*turn),
            (false, Some(_), Leg::Settling(_) | Leg::Back) => Answer::Straight,
        }
    }
}

/// Whether it is the same face, moved.
fn continues(last: &Sighting, next: &Sighting) -> bool {
    let (a, b) = (last.face.bounds, next.face.bounds);
    let middle = |v: f32, size: f32| v + size / 2.0;
    let (dx, dy) = (
        middle(a.x, a.width) - middle(b.x, b.width),
        middle(a.y, a.height) - middle(b.y, b.height),
    );
    // A comparison with NaN is false: a box that is none continues nothing.
    next.at.saturating_sub(last.at) <= LOST
        && dx.hypot(dy) < LEAP * a.width.min(b.width)
        && a.width.max(b.width) < GROWTH * a.width.min(b.width)
}

/// `None` where the eyes are no distance apart, or not numbers.
fn yaw(landmarks: &[Point; 5]) -> Option<f32> {
    let [right, left, nose, ..] = landmarks;
    let (ex, ey) = (left.x - right.x, left.y - right.y);
    let (nx, ny) = (
        nose.x - (right.x + left.x) / 2.0,
        nose.y - (right.y + left.y) / 2.0,
    );
    let squared = ex * ex + ey * ey;
    let yaw = (nx * ex + ny * ey) / squared;
    (squared > 1.0 && yaw.is_finite()).then_some(yaw)
}
