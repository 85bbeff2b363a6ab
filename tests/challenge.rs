//! The turns that a challenge asks for: by made heads and pictures, by property, and by a real head
//! that turns.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/clip.rs"]
mod clip;
mod support;

use std::time::Duration;

use facelock::face::{Engine, compare};
use facelock::pad::challenge::{ALLOWANCE, Answer, Challenge, Sighting, TURNS, Turn};
use facelock::types::{Detection, Embedding, Frame, Point, Rect, Spectrum};
use proptest::prelude::*;

const LEFT: [Turn; TURNS] = [Turn::Left, Turn::Left];
const RIGHT: [Turn; TURNS] = [Turn::Right, Turn::Right];
const LEFT_RIGHT: [Turn; TURNS] = [Turn::Left, Turn::Right];
const RIGHT_LEFT: [Turn; TURNS] = [Turn::Right, Turn::Left];
const QUESTIONS: [[Turn; TURNS]; 4] = [LEFT, RIGHT, LEFT_RIGHT, RIGHT_LEFT];

/// A face before a pinhole camera six eye distances away, turned by so many degrees to its own
/// left; the nose stands out by `depth` distances between the eyes.
fn head(degrees: f32, depth: f32) -> Detection {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let landmarks = [
        (-0.5, -0.5, 0.0),
        (0.5, -0.5, 0.0),
        (0.0, 0.1, -depth),
        (-0.4, 0.6, 0.0),
        (0.4, 0.6, 0.0),
    ];
    let landmarks = landmarks.map(|(x, y, z)| {
        let (x, z) = (x * cos - z * sin, z * cos + x * sin);
        let near = 600.0 / (6.0 + z);
        Point {
            x: 320.0 + x * near,
            y: 240.0 + y * near,
        }
    });
    Detection {
        bounds: Rect {
            x: 200.0,
            y: 120.0,
            width: 240.0,
            height: 300.0,
        },
        landmarks,
        score: 0.9,
    }
}

/// Thirty frames a second of a head that takes each angle after the other, moving by `speed`
/// degrees a frame, and rests there for half a second.
fn moving(angles: &[f32], speed: f32, depth: f32) -> Vec<Sighting> {
    let mut faces = vec![0.0];
    for angle in angles {
        let mut now = *faces.last().unwrap();
        while (angle - now).abs() > speed {
            now += speed * (angle - now).signum();
            faces.push(now);
        }
        faces.extend([*angle; 15]);
    }
    let sighting = |(n, degrees)| Sighting {
        at: at(n),
        face: head(degrees, depth),
        compares: true,
    };
    faces.into_iter().enumerate().map(sighting).collect()
}

fn at(frame: usize) -> Duration {
    Duration::from_millis(33 * frame as u64)
}

fn answers(asked: [Turn; TURNS], sightings: &[Sighting]) -> Vec<Answer> {
    let mut challenge = Challenge::new(asked);
    let mut answers: Vec<Answer> = sightings
        .iter()
        .map(|sighting| challenge.observe(sighting))
        .collect();
    answers.dedup();
    answers
}

fn last(asked: [Turn; TURNS], sightings: &[Sighting]) -> Answer {
    *answers(asked, sightings).last().unwrap()
}

#[test]
fn a_head_that_turns_as_asked_passes_and_no_other() {
    use Answer::{Passed, Straight, Wrong};
    let turned = moving(&[0.0, 30.0, 0.0, -30.0, 0.0], 3.0, 0.6);
    let (left, right) = (Answer::Turn(Turn::Left), Answer::Turn(Turn::Right));
    assert_eq!(
        answers(LEFT_RIGHT, &turned),
        [Straight, left, Straight, right, Straight, Passed]
    );
    assert_eq!(answers(RIGHT_LEFT, &turned), [Straight, right, Wrong]);
    assert_eq!(
        answers(LEFT, &turned),
        [Straight, left, Straight, left, Wrong]
    );
    assert_eq!(answers(RIGHT, &turned), [Straight, right, Wrong]);
}

#[test]
fn a_flat_picture_never_passes_however_it_is_turned() {
    let turned = moving(
        &[0.0, 60.0, 0.0, -60.0, 0.0, 60.0, 0.0, -60.0, 0.0],
        3.0,
        0.0,
    );
    for asked in QUESTIONS {
        assert!(matches!(last(asked, &turned), Answer::Turn(_)), "{asked:?}");
    }
}

#[test]
fn a_small_turn_and_a_swing_that_does_not_rest_are_no_answer() {
    assert_eq!(
        last(LEFT_RIGHT, &moving(&[0.0, 15.0, 0.0, -15.0, 0.0], 3.0, 0.6)),
        Answer::Turn(Turn::Left)
    );
    let swing: Vec<Sighting> = (0..600)
        .map(|n| Sighting {
            at: at(n),
            face: head(35.0 * (n as f32 / 5.0).sin(), 0.6),
            compares: true,
        })
        .collect();
    for asked in QUESTIONS {
        assert_ne!(last(asked, &swing), Answer::Passed, "{asked:?}");
    }
}

#[test]
fn one_picture_after_another_is_no_turn() {
    let slides: Vec<Sighting> = [0.0, 30.0, 0.0, 30.0, 0.0]
        .iter()
        .flat_map(|degrees| [*degrees; 20])
        .enumerate()
        .map(|(n, degrees)| Sighting {
            at: at(n),
            face: head(degrees, 0.6),
            compares: true,
        })
        .collect();
    assert_eq!(last(LEFT_RIGHT, &slides), Answer::Turn(Turn::Left));
}

#[test]
fn another_face_begins_anew_and_a_face_that_does_not_compare_does_not_begin() {
    let turned = moving(&[0.0, 30.0, 0.0, -30.0, 0.0], 3.0, 0.6);
    let middle = turned.len() / 2;
    let mut gone = turned.clone();
    gone[middle..]
        .iter_mut()
        .for_each(|sighting| sighting.at += Duration::from_secs(1));
    let mut leaping = turned.clone();
    leaping[middle..]
        .iter_mut()
        .for_each(|sighting| sighting.face.bounds.x += 200.0);
    let mut growing = turned.clone();
    growing[middle..]
        .iter_mut()
        .for_each(|sighting| sighting.face.bounds.width *= 1.8);
    let mut strange = turned.clone();
    strange
        .iter_mut()
        .for_each(|sighting| sighting.compares = false);
    for (name, sightings) in [
        ("gone", gone),
        ("leaping", leaping),
        ("growing", growing),
        ("strange", strange),
    ] {
        assert_ne!(last(LEFT_RIGHT, &sightings), Answer::Passed, "{name}");
    }
    // What passed does not stay so for the next face.
    let mut challenge = Challenge::new(LEFT_RIGHT);
    assert_eq!(
        turned
            .iter()
            .map(|sighting| challenge.observe(sighting))
            .last(),
        Some(Answer::Passed)
    );
    let mut other = *turned.last().unwrap();
    other.at += Duration::from_secs(1);
    assert_eq!(challenge.observe(&other), Answer::Straight);
}

#[test]
fn every_question_is_drawn_and_as_often() {
    let drawn = |asked| {
        (0..=255_u8)
            .filter(|random| Turn::draw(*random) == asked)
            .count()
    };
    assert_eq!(QUESTIONS.map(drawn), [64; 4]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_recording_answers_two_questions(
        legs in prop::collection::vec((-60.0_f32..60.0, 1.0_f32..20.0), 1..12),
        gap in 0_usize..400,
        depth in 0.3_f32..0.9,
    ) {
        let mut sightings = Vec::new();
        let mut degrees = 0.0_f32;
        for (angle, speed) in legs {
            for target in [angle, 0.0] {
                while (target - degrees).abs() > speed {
                    degrees += speed * (target - degrees).signum();
                    let compares = degrees.abs() < 50.0;
                    sightings.push(Sighting {
                        at: at(sightings.len()),
                        face: head(degrees, depth),
                        compares,
                    });
                }
                degrees = target;
                for _ in 0..10 {
                    sightings.push(Sighting {
                        at: at(sightings.len()),
                        face: head(degrees, depth),
                        compares: true,
                    });
                }
            }
        }
        sightings.iter_mut().skip(gap).for_each(|sighting| sighting.at += Duration::from_secs(1));
        let passed = QUESTIONS
            .iter()
            .filter(|asked| answers(**asked, &sightings).contains(&Answer::Passed))
            .count();
        prop_assert!(passed <= 1, "{passed} questions");
    }

    #[test]
    fn no_landmarks_break_it(
        views in prop::collection::vec(
            (prop::array::uniform5((any::<f32>(), any::<f32>())), any::<[f32; 4]>()),
            0..30,
        ),
    ) {
        let mut challenge = Challenge::new(LEFT_RIGHT);
        for (n, (points, [x, y, width, height])) in views.into_iter().enumerate() {
            let landmarks = points.map(|(x, y)| Point { x, y });
            let face = Detection { landmarks, bounds: Rect { x, y, width, height }, score: 1.0 };
            challenge.observe(&Sighting { at: at(n), face, compares: true });
            let _ = challenge.is_away();
        }
    }
}

/// The frames as a challenge sees them, at ten a second.
fn seen(engine: &mut Engine, frames: &[Frame], templates: &[Embedding]) -> Vec<Sighting> {
    let least = engine.threshold(Spectrum::Color) - ALLOWANCE;
    let mut sightings = Vec::new();
    for (n, frame) in frames.iter().enumerate() {
        let face = engine.detect(frame).unwrap()[0];
        let score = engine
            .embed(frame, &face)
            .unwrap()
            .and_then(|embedding| compare(&embedding, templates));
        let compares = score.is_some_and(|score| score >= least);
        sightings.push(Sighting {
            at: Duration::from_millis(100 * n as u64),
            face,
            compares,
        });
    }
    sightings
}

#[test]
fn needs_reference_data_a_real_head_that_turns_passes_and_its_picture_does_not() {
    let clip = clip::turning();
    let mut engine = Engine::load(&support::models()).unwrap();
    let templates: Vec<Embedding> = clip
        .before
        .iter()
        .step_by(15)
        .map(|frame| {
            let face = engine.detect(frame).unwrap()[0];
            engine.embed(frame, &face).unwrap().unwrap()
        })
        .collect();
    let twice = [clip.turned(), clip.turned()].concat();
    let sightings = seen(&mut engine, &twice, &templates);
    assert_eq!(last(LEFT, &sightings), Answer::Passed);
    for asked in [LEFT_RIGHT, RIGHT, RIGHT_LEFT] {
        assert_eq!(last(asked, &sightings), Answer::Wrong, "{asked:?}");
    }
    let still = vec![clip.turned()[0].clone(); 20];
    assert_eq!(
        last(LEFT_RIGHT, &seen(&mut engine, &still, &templates)),
        Answer::Turn(Turn::Left)
    );
}
