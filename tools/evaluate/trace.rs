//! Whole attempts, frame by frame, with all that is decided on but for the cut between living
//! people and pictures: played once and kept on disk, they are decided again by any cut.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use facelock::decision::verdict::{Decision, DecisionRules, Ended, Evidence, Judged, decide};
use facelock::face::QualityLimits;
use facelock::onnx::{Manifest, ModelDirs, Role};
use facelock::pad::{Bounds, Judgement, Pad, PadEvidence, PadOptions, Part, Window, Word};
use facelock::pipeline::enrollment::FEWEST;
use facelock::pipeline::frame::{FrameJudge, FrameOutcome, JudgeFrames as _};
use facelock::types::{Digest, Embedding, Frame, Liveness, Spectrum};
use serde::{Deserialize, Serialize};

use crate::attacks::{SPECIES, present};
use crate::attempts::{self, Course, FRAMES, STEP};
use crate::clips::{self, ATTACK, Clip, shared};
use crate::days::{self, FEWEST_SHOWN, Recordings, SHOWN};
use crate::pictures::{self, Dice};

/// Deviations of the noise that is added to genuine attempts.
pub const SIGMAS: [f32; 3] = [0.0, 4.0, 8.0];

/// What a judged face showed.
#[derive(Serialize, Deserialize)]
pub struct Seen {
    /// Frames since the attempt began.
    n: u32,
    /// The networks' reading.
    margin: f32,
    /// Whether motion called it flat.
    flat: bool,
    /// Another face than the one before: nothing seen so far counts for it.
    anew: bool,
    score: f32,
    eyes_shut: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// By the person: whether on another day than the enrollment, and which of [`SIGMAS`].
    Genuine(bool, usize),
    /// A picture made from the person's clip.
    Rendered,
    /// The person on paper.
    Print,
}

/// One person's enrollment, and the attempts by the person and by pictures of the person.
#[derive(Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    /// Readings of the frames that samples were taken of.
    pub enrolled: Vec<f32>,
    pub attempts: Vec<(Kind, Vec<Seen>)>,
}

/// Decides what was seen by other bounds, with the shipped window, fusion and decision.
pub struct Replay {
    /// Fuses; measures nothing.
    pad: Pad,
    threshold: f32,
}

impl Replay {
    pub fn new(dirs: &ModelDirs, threshold: f32) -> Result<Self> {
        let motion = PadOptions {
            cnn: false,
            infrared: false,
            motion: true,
        };
        let pad = Pad::load(dirs, motion)?;
        Ok(Self { pad, threshold })
    }

    /// What the detectors say of one face, as the pipeline fuses it.
    fn liveness(
        &self,
        (seen, at): (&Seen, Instant),
        window: &mut Window,
        bounds: &Bounds,
    ) -> Liveness {
        if seen.anew {
            *window = Window::default();
            return Liveness::Undecided;
        }
        let word = |detector, part, judgement| Word {
            detector,
            part,
            judgement,
        };
        let flat = Judgement {
            live: if seen.flat {
                Liveness::Attack
            } else {
                Liveness::Undecided
            },
            ..Judgement::UNDECIDED
        };
        let cnn = window.judge((at, seen.margin), bounds, |_| 0.5);
        let words = vec![
            word("cnn", Part::Decides, cnn),
            word("motion", Part::Vetoes, flat),
        ];
        self.pad.fuse(&PadEvidence(words)).live
    }

    pub fn run(&self, seen: &[Seen], bounds: &Bounds) -> Course {
        let (begun, rules, mut window) =
            (Instant::now(), DecisionRules::default(), Window::default());
        let mut evidence = Evidence::default();
        let mut decision = Decision::Undecided;
        for face in seen {
            let at = STEP * face.n;
            let judged = Judged {
                at,
                liveness: self.liveness((face, begun + at), &mut window, bounds),
                score: face.score,
                threshold: self.threshold,
                turned: false,
            };
            evidence.add(judged, face.eyes_shut);
            decision = decide(&evidence, &rules);
            if decision != Decision::Undecided {
                break;
            }
        }
        if decision == Decision::Undecided {
            evidence.ended = Some(Ended::Deadline);
            decision = decide(&evidence, &rules);
        }
        Course {
            decision,
            judged: evidence.judged,
            motion: Vec::new(),
        }
    }
}

/// The common bounds: the strictest of the networks'.
pub fn bounds(dirs: &ModelDirs) -> Result<Bounds> {
    let manifest = Manifest::load(&dirs.models.join("manifest.toml"))?;
    let each = manifest
        .of(Role::Pad)
        .filter_map(|entry| entry.liveness.as_ref());
    let each = each.map(|liveness| Bounds {
        sure: liveness.sure,
        live: liveness.live,
        floor: liveness.attack,
        attack: liveness.attack,
    });
    each.reduce(|a, b| a.strictest(&b)).context("no bounds")
}

/// Plays attempts: each until the strictest bounds that are asked about let it pass. Looser ones
/// let it pass no later.
struct Player<'a> {
    judge: &'a mut FrameJudge,
    replay: Replay,
    strictest: Bounds,
    person: Person,
    templates: Vec<Embedding>,
}

impl Player<'_> {
    /// Takes samples as an enrollment does; whether they suffice.
    fn enroll(&mut self, frames: &[Frame]) -> Result<bool> {
        let enrolled = attempts::enroll(self.judge, frames)?;
        (self.templates, self.person.enrolled) = (enrolled.templates, enrolled.margins);
        Ok(self.templates.len() >= FEWEST)
    }

    fn attempt(&mut self, kind: Kind, frames: impl Iterator<Item = Result<Frame>>) -> Result<()> {
        self.judge.reset();
        self.judge.expect(None);
        let (begun, mut seen) = (Instant::now(), Vec::new());
        for (n, frame) in (0..).zip(frames.take(FRAMES)) {
            let captured = begun + STEP * n;
            let limits = &QualityLimits::VERIFY;
            let FrameOutcome::Judged(face) =
                attempts::judge(self.judge, &frame?, limits, captured)?
            else {
                continue;
            };
            let word = |detector| face.evidence.of(detector);
            let weights = self.judge.weights();
            seen.push(Seen {
                n,
                margin: word("cnn")
                    .and_then(|word| word.reading)
                    .unwrap_or(f32::NAN),
                flat: word("motion").is_some_and(|word| word.live == Liveness::Attack),
                anew: face.live_score.is_none(),
                score: weights
                    .compare(&face.embedding, &self.templates)
                    .unwrap_or(-1.0),
                eyes_shut: face.eyes_shut,
            });
            if self.replay.run(&seen, &self.strictest).matched() {
                break;
            }
        }
        self.person.attempts.push((kind, seen));
        Ok(())
    }

    fn genuine(&mut self, frames: &[Frame], other_day: bool, seed: u64) -> Result<()> {
        for (n, sigma) in SIGMAS.into_iter().enumerate() {
            let mut dice = Dice::new(seed);
            let noisy = frames
                .iter()
                .map(|frame| pictures::noisy(frame, sigma, &mut dice));
            self.attempt(Kind::Genuine(other_day, n), noisy)?;
        }
        Ok(())
    }

    fn clip(&mut self, clip: &Clip) -> Result<()> {
        if !self.enroll(&clip.enrolled)? {
            return Ok(());
        }
        for start in (0..clip.probes.len().saturating_sub(10)).step_by(10) {
            self.genuine(&clip.probes[start..], false, start as u64 + 1)?;
        }
        for (species, _) in SPECIES {
            for start in clips::moments(clip, false) {
                let shown = &clip.probes[start..];
                let eyes = clips::eyes(self.judge, &shown[0])?;
                self.attempt(Kind::Rendered, present(species, shown, &eyes).take(ATTACK))?;
            }
        }
        Ok(())
    }

    fn nuaa(&mut self, live: &Recordings, print: Option<&Recordings>) -> Result<()> {
        let day = |recording: &str| recording.split(' ').next().map(str::to_owned);
        let first = live.keys().next().context("no recording")?;
        for (recording, files) in live {
            let mut frames = days::read(files)?;
            if recording == first {
                let probes = frames.split_off(frames.len() / 3);
                if !self.enroll(&frames)? {
                    return Ok(());
                }
                frames = probes;
            }
            let other_day = day(recording) != day(first);
            for shown in frames.chunks(SHOWN).filter(|s| s.len() >= FEWEST_SHOWN) {
                self.genuine(shown, other_day, 11)?;
            }
        }
        for files in print.into_iter().flat_map(Recordings::values) {
            let shown = files.chunks(SHOWN).filter(|s| s.len() >= FEWEST_SHOWN);
            for files in shown {
                self.attempt(Kind::Print, files.iter().map(|file| pictures::jpeg(file)))?;
            }
        }
        Ok(())
    }
}

/// Every person of the clips and of NUAA who can be enrolled.
pub fn people(
    dirs: &ModelDirs,
    (nuaa, clips): (&Path, &[Clip]),
    strictest: &Bounds,
    kept: &Path,
) -> Result<Vec<Person>> {
    let kept = file(dirs, kept, clips.len())?;
    let known = std::fs::read(&kept).ok();
    if let Some(people) = known.and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
        return Ok(people);
    }
    let live = days::recordings(&nuaa.join("live"))?;
    let print = days::recordings(&nuaa.join("print"))?;
    let of_clips = clips.iter().map(|clip| (clip.name.clone(), Some(clip)));
    let of_nuaa = live.keys().map(|name| (name.clone(), None));
    let jobs: Vec<(String, Option<&Clip>)> = of_clips.chain(of_nuaa).collect();
    let mut people = shared(dirs, &jobs, |judge, (name, clip)| {
        let mut player = Player {
            replay: Replay::new(dirs, judge.threshold(Spectrum::Color))?,
            judge,
            strictest: *strictest,
            person: Person {
                name: clip.map_or_else(|| format!("NUAA {name}"), |clip| clip.name.clone()),
                enrolled: Vec::new(),
                attempts: Vec::new(),
            },
            templates: Vec::new(),
        };
        match clip {
            Some(clip) => player.clip(clip)?,
            None => player.nuaa(&live[name], print.get(name))?,
        }
        Ok(player.person)
    })?;
    people.retain(|person| !person.attempts.is_empty());
    if let Some(folder) = kept.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&kept, postcard::to_allocvec(&people)?)?;
    Ok(people)
}

/// Kept under what made it: the models and this very program.
fn file(dirs: &ModelDirs, folder: &Path, clips: usize) -> Result<PathBuf> {
    let made_by = [
        std::fs::read(std::env::current_exe()?)?,
        std::fs::read(dirs.models.join("manifest.toml"))?,
    ];
    let made_by = Digest::of(&made_by.concat()).to_string();
    Ok(folder.join(format!("attempts-{clips}-{}", &made_by[..16])))
}
