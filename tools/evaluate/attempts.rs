//! Whole attempts: frames through the instance's own pipeline, to `decide`.

use std::time::{Duration, Instant};

use anyhow::Result;
use facelock::decision::verdict::{Decision, DecisionRules, Ended, Evidence, Judged, decide};
use facelock::face::QualityLimits;
use facelock::pad::median;
use facelock::pipeline::enrollment::Samples;
use facelock::pipeline::frame::{
    FrameJudge, FrameOutcome, FrameTimes, JudgeFrames as _, JudgedFace,
};
use facelock::types::{Detection, Embedding, Frame, Hint, Liveness, Spectrum, Verdict};

/// Time between frames: the clips are played at ten a second.
pub const STEP: Duration = Duration::from_millis(100);
/// Frames of an attempt: its deadline is six seconds, less half a second for opening the camera.
pub const FRAMES: usize = 55;
/// Samples an enrollment takes.
const SAMPLES: usize = 5;

/// What an enrollment keeps of a person.
#[derive(Default)]
pub struct Enrolled {
    pub templates: Vec<Embedding>,
    /// The margins of the frames that they are of.
    pub margins: Vec<f32>,
}

impl Enrolled {
    /// What a login expects the person by.
    pub fn own(&self) -> Option<f32> {
        median(self.margins.iter().copied())
    }
}

/// How an attempt went.
#[derive(Clone, Debug)]
pub struct Course {
    pub decision: Decision,
    pub judged: Vec<Judged>,
    /// The words of motion alone.
    pub motion: Vec<Liveness>,
}

impl Course {
    pub fn matched(&self) -> bool {
        self.decision == Decision::Verdict(Verdict::Match)
    }

    /// Whether presentation attack detection alone would have let it pass: as many live frames as a
    /// match needs.
    pub fn passed_as_live(&self) -> bool {
        let count = |live| {
            self.judged
                .iter()
                .filter(|judged| judged.liveness == live)
                .count()
        };
        count(Liveness::Live) >= 2 && count(Liveness::Live) > count(Liveness::Attack)
    }

    pub fn best(&self) -> Option<f32> {
        self.judged
            .iter()
            .map(|judged| judged.score)
            .max_by(f32::total_cmp)
    }
}

/// What one frame shows to the pipeline, at its place in a sequence that began then.
pub fn judge(
    judge: &mut FrameJudge,
    frame: &Frame,
    limits: &QualityLimits,
    captured: Instant,
) -> Result<FrameOutcome> {
    let mut frame = frame.clone();
    frame.captured = captured;
    let mut times = FrameTimes::default();
    Ok(judge.judge(&frame, Spectrum::Color, limits, &mut times)?)
}

/// Plays frames to the pipeline until there is a verdict or the time is over.
pub fn attempt(
    frame_judge: &mut FrameJudge,
    frames: impl Iterator<Item = Result<Frame>>,
    person: &Enrolled,
) -> Result<Course> {
    frame_judge.reset();
    frame_judge.expect(person.own());
    let (begun, rules) = (Instant::now(), DecisionRules::default());
    let threshold = frame_judge.threshold(Spectrum::Color);
    let mut evidence = Evidence::default();
    let mut course = Course {
        decision: Decision::Undecided,
        judged: Vec::new(),
        motion: Vec::new(),
    };
    for (n, frame) in frames.take(FRAMES).enumerate() {
        let at = STEP * n as u32;
        match judge(frame_judge, &frame?, &QualityLimits::VERIFY, begun + at)? {
            FrameOutcome::Judged(face) => {
                evidence.last_hint = None;
                let motion = face.evidence.of("motion");
                course.motion.extend(motion.map(|word| word.live));
                let score = frame_judge
                    .weights()
                    .compare(&face.embedding, &person.templates);
                let judged = Judged {
                    at,
                    liveness: face.liveness,
                    score: score.unwrap_or(-1.0),
                    threshold,
                    turned: false,
                };
                evidence.add(judged, face.eyes_shut);
            }
            FrameOutcome::Hint(hint, _) => evidence.last_hint = Some(hint),
            FrameOutcome::Unlit => evidence.last_hint = Some(Hint::NoFace),
        }
        course.decision = decide(&evidence, &rules);
        if course.decision != Decision::Undecided {
            break;
        }
    }
    if course.decision == Decision::Undecided {
        evidence.ended = Some(Ended::Deadline);
        course.decision = decide(&evidence, &rules);
    }
    course.judged = evidence.judged;
    Ok(course)
}

/// The samples that enrollment keeps of the frames, without asking for poses.
pub fn enroll(frame_judge: &mut FrameJudge, frames: &[Frame]) -> Result<Enrolled> {
    let mut samples = Samples::default();
    each(frame_judge, frames, &QualityLimits::ENROLL, |face| {
        if samples.len() < SAMPLES {
            samples.offer(face);
        }
    })?;
    let mut enrolled = Enrolled::default();
    for sample in samples.take() {
        enrolled.templates.push(sample.embedding);
        enrolled.margins.extend(sample.margin);
    }
    Ok(enrolled)
}

/// Every face of the frames that can be judged, one after the other, no matter whose.
pub fn each(
    frame_judge: &mut FrameJudge,
    frames: &[Frame],
    limits: &QualityLimits,
    mut take: impl FnMut(JudgedFace),
) -> Result<()> {
    frame_judge.reset();
    frame_judge.expect(None);
    let begun = Instant::now();
    for (n, frame) in frames.iter().enumerate() {
        let outcome = judge(frame_judge, frame, limits, begun + STEP * n as u32)?;
        if let FrameOutcome::Judged(face) = outcome {
            take(*face);
        }
    }
    Ok(())
}

/// The face in a frame, good or not; where none is, one without size.
pub fn face(frame_judge: &mut FrameJudge, frame: &Frame) -> Result<Detection> {
    Ok(
        match judge(frame_judge, frame, &QualityLimits::VERIFY, Instant::now())? {
            FrameOutcome::Judged(judged) => judged.face,
            FrameOutcome::Hint(_, face) => face.unwrap_or_default(),
            FrameOutcome::Unlit => Detection::default(),
        },
    )
}
