//! Whole attempts: frames through the rooms as the instance takes them, to `decide`.

use std::time::{Duration, Instant};

use anyhow::Result;
use facelock::decision::verdict::{
    Decision, DecisionRules, Ended, Evidence, Judged, Liveness, decide,
};
use facelock::face::{Engine, Quality, QualityLimits, compare};
use facelock::pad::{Live, Pad};
use facelock::types::{Embedding, Frame, Hint, Spectrum, Verdict};

/// Time between frames: the clips are played at ten a second.
pub const STEP: Duration = Duration::from_millis(100);
/// Frames of an attempt: its deadline is six seconds, less half a second for opening the camera.
pub const FRAMES: usize = 55;
/// As enrollment has them.
const SAME_PERSON: f32 = 0.5;
const TOO_ALIKE: f32 = 0.97;
const LOOKS: usize = 5;

/// How an attempt went.
#[derive(Clone, Debug)]
pub struct Course {
    pub decision: Decision,
    pub judged: Vec<Judged>,
    /// The words of motion alone.
    pub motion: Vec<Live>,
    pub texture: Vec<f32>,
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

/// The models of one worker.
pub struct Rooms {
    pub engine: Engine,
    pub pad: Pad,
}

impl Rooms {
    /// Plays frames to the rooms until there is a verdict or the time is over.
    pub fn attempt(
        &mut self,
        frames: impl Iterator<Item = Result<Frame>>,
        templates: &[Embedding],
    ) -> Result<Course> {
        self.pad.reset();
        let (begun, rules, threshold) = (
            Instant::now(),
            DecisionRules::default(),
            self.engine.threshold(Spectrum::Color),
        );
        let mut evidence = Evidence::default();
        let mut course = Course {
            decision: Decision::Undecided,
            judged: Vec::new(),
            motion: Vec::new(),
            texture: Vec::new(),
        };
        for (n, frame) in frames.take(FRAMES).enumerate() {
            let at = STEP * n as u32;
            let mut frame = frame?;
            frame.captured = begun + at;
            if let Some((liveness, embedding)) =
                self.look(&frame, &QualityLimits::VERIFY, &mut course)?
            {
                let score = compare(&embedding, templates).unwrap_or(-1.0);
                evidence.judged.push(Judged {
                    at,
                    liveness,
                    score,
                    threshold,
                    turned: false,
                });
            } else {
                evidence.last_hint = Some(Hint::NoFace);
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

    /// What `service` does with one frame.
    fn look(
        &mut self,
        frame: &Frame,
        limits: &QualityLimits,
        course: &mut Course,
    ) -> Result<Option<(Liveness, Embedding)>> {
        let faces = self.engine.detect(frame)?;
        let Some(face) = faces.first().copied() else {
            return Ok(None);
        };
        if Quality::of(frame, &face).hint(limits).is_some() {
            return Ok(None);
        }
        let evidence = self.pad.examine(frame, &face, Spectrum::Color)?;
        course.motion.extend(evidence.motion.map(|word| word.live));
        course.texture.extend(facelock::pad::texture(frame, &face));
        let liveness = match self.pad.fuse(&evidence).live {
            Live::Yes => Liveness::Live,
            Live::No => Liveness::Attack,
            Live::Unknown => Liveness::Undecided,
            Live::Failed => Liveness::Failed,
        };
        Ok(self
            .engine
            .embed(frame, &face)?
            .map(|embedding| (liveness, embedding)))
    }

    /// Looks that differ, of one person, from the frames: as enrollment takes them, without asking
    /// for poses.
    pub fn enroll(&mut self, frames: &[Frame]) -> Result<Vec<Embedding>> {
        let mut looks: Vec<Embedding> = Vec::new();
        for frame in frames {
            let Some(face) = self.engine.detect(frame)?.first().copied() else {
                continue;
            };
            if Quality::of(frame, &face)
                .hint(&QualityLimits::ENROLL)
                .is_some()
            {
                continue;
            }
            let Some(embedding) = self.engine.embed(frame, &face)? else {
                continue;
            };
            let first = looks
                .first()
                .and_then(|first| compare(&embedding, std::slice::from_ref(first)));
            let alike = compare(&embedding, &looks);
            if first.is_none_or(|s| s >= SAME_PERSON) && alike.is_none_or(|s| s <= TOO_ALIKE) {
                looks.push(embedding);
            }
            if looks.len() == LOOKS {
                break;
            }
        }
        Ok(looks)
    }

    /// The features of every frame that verification would judge.
    pub fn features(&mut self, frames: &[Frame]) -> Result<Vec<Embedding>> {
        let mut all = Vec::new();
        for frame in frames {
            let Some(face) = self.engine.detect(frame)?.first().copied() else {
                continue;
            };
            if Quality::of(frame, &face)
                .hint(&QualityLimits::VERIFY)
                .is_none()
            {
                all.extend(self.engine.embed(frame, &face)?);
            }
        }
        Ok(all)
    }
}
