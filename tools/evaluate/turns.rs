//! What passes a challenge without having heard it: people who talk, and pictures that are moved.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;
use facelock::face::QualityLimits;
use facelock::onnx::ModelDirs;
use facelock::pad::challenge::{ALLOWANCE, Answer, Challenge, Sighting, TURNS, Turn};
use facelock::pipeline::frame::{FrameJudge, FrameOutcome, JudgeFrames as _};
use facelock::types::{Embedding, Frame, PixelFormat, Spectrum};

use crate::attacks::{Species, present};
use crate::attempts::{self, Enrolled, STEP};
use crate::clips::{Clip, shared};
use crate::pictures::sample;
use crate::stats::Rate;

/// Frames of a challenge: eight seconds.
const FRAMES: usize = 80;
/// The questions, all of them.
const QUESTIONS: std::ops::Range<u8> = 0..1 << TURNS;

#[derive(Clone, Copy)]
enum Shown {
    /// The person, talking, who hears no question; to a camera that is a replayed video as well.
    Talk,
    Print(Species),
    /// A photograph round a tube of so many eye distances' radius, turned to and fro.
    Tube(f32),
}

const SHOWN: [(Shown, &str); 6] = [
    (
        Shown::Talk,
        "a person who talks and hears nothing; a replayed video",
    ),
    (Shown::Print(Species::PrintStill), "photograph, held still"),
    (
        Shown::Print(Species::PrintTurned),
        "photograph, turned to and fro by 40°",
    ),
    (
        Shown::Print(Species::PrintBent),
        "photograph, bent to and fro",
    ),
    (
        Shown::Tube(1.4),
        "photograph round a wide tube, turned to and fro by 60°",
    ),
    (
        Shown::Tube(0.8),
        "photograph round a narrow tube, turned to and fro by 60°",
    ),
];

/// Every question, put to everything shown, at a start every second of each clip, for photographs
/// every third.
pub fn table(dirs: &ModelDirs, clips: &[Clip], people: &[Enrolled]) -> Result<String> {
    let mut text = String::from(
        "| shown for up to eight seconds | turns by 20° and compares | passed | turned the other way |\n|---|---|---|---|\n",
    );
    for (shown, name) in SHOWN {
        // A photograph is the same picture for as long as it is shown: fewer of them say as much.
        let step = if matches!(shown, Shown::Talk) { 10 } else { 30 };
        let mut jobs = Vec::new();
        for (n, clip) in clips.iter().enumerate() {
            let starts = (0..clip.probes.len().saturating_sub(20)).step_by(step);
            jobs.extend(starts.map(|start| (n, start)));
        }
        let answers = shared(dirs, &jobs, |judge, (n, start)| {
            let clip = &clips[*n].probes[*start..];
            let frames = frames(shown, judge, clip)?;
            Ok(answers(&sightings(judge, &frames, &people[*n].templates)?))
        })?;
        let (mut far, mut passed, mut wrong) = (Rate::default(), Rate::default(), Rate::default());
        for all in &answers {
            far.add(
                all.iter()
                    .any(|answer| matches!(answer, Answer::Passed | Answer::Wrong)),
            );
            all.iter()
                .for_each(|answer| passed.add(*answer == Answer::Passed));
            all.iter()
                .for_each(|answer| wrong.add(*answer == Answer::Wrong));
        }
        writeln!(text, "| {name} | {far} | {passed} | {wrong} |")?;
    }
    Ok(text)
}

fn answers(sightings: &[Sighting]) -> Vec<Answer> {
    let answer = |question| {
        let mut challenge = Challenge::new(Turn::draw(question));
        let mut answers = sightings.iter().map(|sighting| challenge.observe(sighting));
        answers
            .find(|answer| matches!(answer, Answer::Passed | Answer::Wrong))
            .unwrap_or(Answer::Straight)
    };
    QUESTIONS.map(answer).collect()
}

fn frames(shown: Shown, judge: &mut FrameJudge, clip: &[Frame]) -> Result<Vec<Frame>> {
    let clip = &clip[..clip.len().min(FRAMES)];
    match shown {
        Shown::Talk => Ok(clip.to_vec()),
        Shown::Print(species) => present(species, clip, &[]).collect(),
        Shown::Tube(radius) => {
            let face = attempts::face(judge, &clip[0])?;
            let [right, left, ..] = face.landmarks;
            let tube = (
                (right.x + left.x) / 2.0,
                radius * (left.x - right.x).abs().max(1.0),
            );
            let angle = |n: usize| 1.05 * (std::f32::consts::TAU * n as f32 / 20.0).sin();
            // A rest between two turns, as whoever has read the source would make.
            (0..clip.len())
                .map(|n| {
                    round(
                        &clip[0],
                        tube,
                        if n / 20 % 2 == 0 { 0.0 } else { angle(n % 20) },
                    )
                })
                .collect()
        }
    }
}

/// The picture round an upright tube, seen from afar: `middle` and radius in pixels, turned by
/// `angle`.
fn round(picture: &Frame, (middle, radius): (f32, f32), angle: f32) -> Result<Frame> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let across = (x as f32 - middle) / radius;
            let u = middle + radius * (across.clamp(-1.0, 1.0).asin() - angle);
            for channel in 0..3 {
                let light = if across.abs() < 1.0 {
                    sample(picture, u, y as f32, channel)
                } else {
                    100.0
                };
                pixels.push(light.round() as u8);
            }
        }
    }
    Ok(Frame::new(
        width as u32,
        height as u32,
        PixelFormat::Bgr8,
        pixels,
    )?)
}

fn sightings(
    judge: &mut FrameJudge,
    frames: &[Frame],
    templates: &[Embedding],
) -> Result<Vec<Sighting>> {
    let least = judge.threshold(Spectrum::Color) - ALLOWANCE;
    let mut sightings = Vec::new();
    judge.reset();
    let begun = Instant::now();
    for (n, frame) in frames.iter().enumerate() {
        let at = STEP * n as u32;
        let (face, score) = match attempts::judge(judge, frame, &QualityLimits::VERIFY, begun + at)?
        {
            FrameOutcome::Judged(judged) => {
                let score = judge.weights().compare(&judged.embedding, templates);
                (judged.face, score)
            }
            FrameOutcome::Hint(_, Some(face)) => (face, None),
            FrameOutcome::Hint(_, None) | FrameOutcome::Unlit => continue,
        };
        sightings.push(Sighting {
            at,
            face,
            compares: score.is_some_and(|score| score >= least),
        });
    }
    Ok(sightings)
}
