//! What a blink would be worth as evidence of a living person: how long people who talk to a camera
//! take for one, and how often a picture seems to blink that cannot.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use facelock::face::{Engine, Eyes};
use facelock::onnx::ModelDirs;
use facelock::pipeline::frame::SHUT;
use facelock::types::{Frame, Spectrum};

use crate::attacks::{SPECIES, Species, present};
use crate::clips::{ATTACK, Clip};
use crate::days;
use crate::stats::Rate;

/// Below this eyes are open.
const OPEN: f32 = 0.5;
/// Frames of a blink, a tenth of a second each, from the last open one to the next: a blink takes
/// 0.1 to 0.4 s (Caffier et al., European Journal of Applied Physiology 89, 2003).
const LONGEST: usize = 6;
/// Seconds after which a blink is asked whether it was there.
const WAITS: [usize; 4] = [1, 2, 3, 5];

struct Reader {
    engine: Engine,
    eyes: Eyes,
}

impl Reader {
    /// How shut the eyes of the largest face are, 0 to 1; `None` where there is no face, or its
    /// eyes are too small.
    fn read(&mut self, frame: &Frame) -> Result<Option<f32>> {
        match self.engine.detect(frame)?.first() {
            Some(face) => Ok(self.eyes.shut(frame, face, Spectrum::Color)?),
            None => Ok(None),
        }
    }

    fn all(&mut self, frames: impl IntoIterator<Item = Result<Frame>>) -> Result<Vec<Option<f32>>> {
        let frames = frames.into_iter();
        frames.map(|frame| self.read(&frame?)).collect()
    }
}

/// Whether a blink is there: eyes open, shut, and open again.
fn blinks(shut: &[Option<f32>]) -> bool {
    let is_open = |n: &usize| shut[*n].is_some_and(|shut| shut < OPEN);
    (0..shut.len()).filter(is_open).any(|begin| {
        let mut later = begin + 1..shut.len().min(begin + LONGEST);
        later.find(is_open).is_some_and(|end| {
            let between = &shut[begin + 1..end];
            let seen = between.iter().all(Option::is_some);
            seen && between.iter().flatten().any(|shut| *shut >= SHUT)
        })
    })
}

/// # Errors
/// A picture cannot be read, or a model does not do its work.
pub fn table(dirs: &ModelDirs, nuaa: &Path, clips: &[Clip]) -> Result<String> {
    let mut reader = Reader {
        engine: Engine::load(dirs)?,
        eyes: Eyes::load(dirs)?.context("the model for eyes is not installed")?,
    };
    Ok(people(&mut reader, clips)? + &pictures(&mut reader, nuaa, clips)?)
}

/// By person: of the starts half a second apart, how many have a blink within each time.
fn people(reader: &mut Reader, clips: &[Clip]) -> Result<String> {
    let mut text = String::from(
        "| person, as filmed | within 1 s | 2 s | 3 s | 5 s |\n|---|---|---|---|---|\n",
    );
    let mut all = [Rate::default(); 4];
    for clip in clips {
        let frames = clip.enrolled.iter().chain(&clip.probes);
        let shut = reader.all(frames.map(|frame| Ok(frame.clone())))?;
        let rates = WAITS.map(|wait| {
            let mut rate = Rate::default();
            let windows = shut.windows(10 * wait).step_by(5);
            windows.for_each(|window| rate.add(blinks(window)));
            rate
        });
        all.iter_mut()
            .zip(rates)
            .for_each(|(all, rate)| all.join(rate));
        writeln!(text, "| {} |{}", clip.name, cells(rates))?;
    }
    writeln!(text, "| all |{}", cells(all))?;
    Ok(text)
}

fn cells(rates: [Rate; 4]) -> String {
    rates.iter().map(|rate| format!(" {rate} |")).collect()
}

/// What cannot blink, each shown for as long as an attempt may take, and real prints and people of
/// NUAA beside it.
fn pictures(reader: &mut Reader, nuaa: &Path, clips: &[Clip]) -> Result<String> {
    let mut text = String::from("\n| shown | seems to blink |\n|---|---|\n");
    let still = |species: &Species| {
        !matches!(
            species,
            Species::CutOut | Species::ReplaySharp | Species::ReplayScreen
        )
    };
    for (species, name) in SPECIES.iter().filter(|(species, _)| still(species)) {
        let mut rate = Rate::default();
        for clip in clips {
            let shut = reader.all(present(*species, &clip.probes, &[]).take(ATTACK))?;
            rate.add(blinks(&shut));
        }
        writeln!(text, "| {name}, {} s (made here) | {rate} |", ATTACK / 10)?;
    }
    for (kind, name) in [("print", "real paper"), ("live", "people")] {
        let mut rate = Rate::default();
        for recordings in days::recordings(&nuaa.join(kind))?.values() {
            for files in recordings.values() {
                let shut = reader.all(days::read(files)?.into_iter().map(Ok))?;
                let attempts = shut.chunks(days::SHOWN);
                let long = attempts.filter(|shown| shown.len() >= days::FEWEST_SHOWN);
                long.for_each(|shown| rate.add(blinks(shown)));
            }
        }
        let shown = days::SHOWN;
        writeln!(text, "| {name} (NUAA), {shown} frames | {rate} |")?;
    }
    Ok(text)
}
