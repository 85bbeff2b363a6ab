//! Liveness by person, worst first: living people and real prints, as filmed and under what a worse
//! camera makes of the same pictures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use facelock::face::QualityLimits;
use facelock::onnx::ModelDirs;
use facelock::pipeline::frame::FrameJudge;
use facelock::types::{Frame, Liveness};

use crate::attempts;
use crate::clips::{Clip, shared};
use crate::pictures::{self, Dice};
use crate::plot;
use crate::stats::Rate;

/// Frames of one attempt.
const SHOWN: usize = 15;
/// Live frames that a match needs.
const MATCHES: usize = 2;
/// Frames of the median, as `pad` has it.
const MEDIAN: usize = 5;

type Change = fn(&Frame, &mut Dice) -> Result<Frame>;

/// What a camera makes of a picture, the first as it is.
const CONDITIONS: [(&str, Change); 6] = [
    ("as filmed", |frame, _| Ok(frame.clone())),
    ("noise, sigma 4", |frame, dice| {
        pictures::noisy(frame, 4.0, dice)
    }),
    ("noise, sigma 8", |frame, dice| {
        pictures::noisy(frame, 8.0, dice)
    }),
    ("out of focus", |frame, _| pictures::blurred(frame)),
    ("gamma 0.7", |frame, _| pictures::gamma(frame, 0.7)),
    ("gamma 1.5", |frame, _| pictures::gamma(frame, 1.5)),
];

/// Where an attempt's frames come from.
enum Shown<'a> {
    Files(Vec<PathBuf>),
    Frames(&'a [Frame]),
}

struct Job<'a> {
    person: String,
    genuine: bool,
    condition: usize,
    shown: Shown<'a>,
}

/// What came of one attempt.
struct Trial {
    person: String,
    genuine: bool,
    condition: usize,
    /// Margins of the frames that were judged.
    margins: Vec<f32>,
    taken_for_live: bool,
    /// Frames that motion calls flat, of those judged.
    flat: Rate,
    /// Frames in which both eyes read as shut.
    shut: Rate,
}

impl Trial {
    /// The best median that `pad`'s window came to; of fewer frames, theirs.
    fn best(&self) -> Option<f32> {
        let median = |margins: &[f32]| {
            let mut margins = margins.to_vec();
            margins.sort_by(f32::total_cmp);
            margins.get(margins.len().saturating_sub(1) / 2).copied()
        };
        let length = MEDIAN.min(self.margins.len().max(1));
        let medians = self.margins.windows(length).filter_map(median);
        medians.max_by(f32::total_cmp)
    }
}

/// The files of NUAA's people, by person and recording.
fn recordings(folder: &Path) -> Result<BTreeMap<(String, String), Vec<PathBuf>>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for path in pictures::files(folder, "jpg")? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let fields: Vec<&str> = name.split('_').collect();
        let person = format!("NUAA {}", fields[0]);
        let recording = fields[..fields.len().saturating_sub(1)].join("_");
        found.entry((person, recording)).or_default().push(path);
    }
    Ok(found)
}

fn jobs<'a>(nuaa: &Path, clips: &'a [Clip], quick: bool) -> Result<Vec<Job<'a>>> {
    let mut all = Vec::new();
    let every = if quick { 4 } else { 1 };
    for condition in 0..CONDITIONS.len() {
        for (genuine, kind) in [(true, "live"), (false, "print")] {
            for ((person, _), files) in recordings(&nuaa.join(kind))? {
                let chunks = files.chunks(SHOWN).filter(|chunk| chunk.len() >= MEDIAN);
                all.extend(chunks.step_by(every).map(|chunk| Job {
                    person: person.clone(),
                    genuine,
                    condition,
                    shown: Shown::Files(chunk.to_vec()),
                }));
            }
        }
        for clip in clips {
            let chunks = clip
                .probes
                .chunks(SHOWN)
                .filter(|chunk| chunk.len() >= MEDIAN);
            all.extend(chunks.step_by(every).map(|chunk| Job {
                person: clip.name.clone(),
                genuine: true,
                condition,
                shown: Shown::Frames(chunk),
            }));
        }
    }
    Ok(all)
}

fn run(judge: &mut FrameJudge, job: &Job) -> Result<Trial> {
    let (change, mut dice) = (CONDITIONS[job.condition].1, Dice::new(11));
    let frames: Result<Vec<Frame>> = match &job.shown {
        Shown::Files(files) => files
            .iter()
            .map(|path| change(&pictures::jpeg(path)?, &mut dice))
            .collect(),
        Shown::Frames(frames) => frames.iter().map(|f| change(f, &mut dice)).collect(),
    };
    let mut trial = Trial {
        person: job.person.clone(),
        genuine: job.genuine,
        condition: job.condition,
        margins: Vec::new(),
        taken_for_live: false,
        flat: Rate::default(),
        shut: Rate::default(),
    };
    let (mut live, mut attack) = (0, 0);
    attempts::each(judge, &frames?, &QualityLimits::VERIFY, |face| {
        let cnn = face.evidence.of("cnn").and_then(|word| word.reading);
        trial.margins.extend(cnn);
        if let Some(motion) = face.evidence.of("motion") {
            trial.flat.add(motion.live == Liveness::Attack);
        }
        trial.shut.add(face.eyes_shut == Some(true));
        live += usize::from(face.liveness == Liveness::Live);
        attack += usize::from(face.liveness == Liveness::Attack);
        trial.taken_for_live |= live >= MATCHES && live > attack;
    })?;
    Ok(trial)
}

/// All tables, and the plot beside them.
pub fn table(
    dirs: &ModelDirs,
    nuaa: &Path,
    clips: &[Clip],
    quick: bool,
) -> Result<(String, String)> {
    let jobs = jobs(nuaa, clips, quick)?;
    let trials = shared(dirs, &jobs, run)?;
    // A frame without a face says nothing about liveness.
    let trials: Vec<Trial> = trials
        .into_iter()
        .filter(|t| !t.margins.is_empty())
        .collect();
    let mut text = conditions(&trials)?;
    text += &people(&trials)?;
    text += &left_out(&trials)?;
    text += &eyes(&trials)?;
    let margins = |genuine| {
        let of = trials
            .iter()
            .filter(move |t| t.genuine == genuine && t.condition == 0);
        of.flat_map(|t| t.margins.clone()).collect::<Vec<f32>>()
    };
    let best = |genuine| {
        let of = trials.iter().filter(move |t| t.genuine == genuine);
        of.filter_map(Trial::best).collect::<Vec<f32>>()
    };
    let drawn = plot::margins(
        (&margins(true), &margins(false)),
        (&best(true), &best(false)),
    );
    Ok((text, drawn))
}

fn conditions(trials: &[Trial]) -> Result<String> {
    let mut text = String::from(
        "| pictures | genuine attempts not taken for live | worst person | real prints taken for live | frames motion calls flat: people | prints |\n|---|---|---|---|---|---|\n",
    );
    for (n, (name, _)) in CONDITIONS.iter().enumerate() {
        let of = |genuine| {
            trials
                .iter()
                .filter(move |t| t.genuine == genuine && t.condition == n)
        };
        let (mut refused, mut taken) = (Rate::default(), Rate::default());
        let (mut flat, mut flat_prints) = (Rate::default(), Rate::default());
        let mut people: BTreeMap<&str, Rate> = BTreeMap::new();
        for trial in of(true) {
            refused.add(!trial.taken_for_live);
            people
                .entry(&trial.person)
                .or_default()
                .add(!trial.taken_for_live);
            flat.join(trial.flat);
        }
        for trial in of(false) {
            taken.add(trial.taken_for_live);
            flat_prints.join(trial.flat);
        }
        let worst = people
            .iter()
            .max_by(|a, b| a.1.value().total_cmp(&b.1.value()));
        let worst = worst.map_or("-".to_owned(), |(person, rate)| {
            format!("{person}: {}/{}", rate.k, rate.n)
        });
        writeln!(
            text,
            "| {name} | {refused} | {worst} | {taken} | {flat} | {flat_prints} |"
        )?;
    }
    Ok(text)
}

/// Every person under all conditions, the one nearest to the other side first.
fn people(trials: &[Trial]) -> Result<String> {
    let mut text = String::from(
        "\n| person | shown | attempts | decided wrongly | best medians: nearest to the other side | median |\n|---|---|---|---|---|---|\n",
    );
    for genuine in [true, false] {
        let mut people: BTreeMap<&str, (Rate, Vec<f32>)> = BTreeMap::new();
        for trial in trials.iter().filter(|t| t.genuine == genuine) {
            let (wrong, best) = people.entry(&trial.person).or_default();
            wrong.add(trial.taken_for_live != genuine);
            best.extend(trial.best());
        }
        let mut rows: Vec<_> = people.into_iter().collect();
        for (_, (_, best)) in &mut rows {
            best.sort_by(f32::total_cmp);
            if !genuine {
                best.reverse();
            }
        }
        rows.retain(|(_, (_, best))| !best.is_empty());
        rows.sort_by(|(_, (_, a)), (_, (_, b))| {
            let order = a[0].total_cmp(&b[0]);
            if genuine { order } else { order.reverse() }
        });
        for (person, (wrong, best)) in rows {
            writeln!(
                text,
                "| {person} | {} | {} | {} | {:.1} | {:.1} |",
                if genuine { "alive" } else { "on paper" },
                wrong.n,
                wrong.k,
                best[0],
                best[best.len() / 2]
            )?;
        }
    }
    Ok(text)
}

/// For each person, the middle between living people and prints that the others give, and what it
/// does to that person.
fn left_out(trials: &[Trial]) -> Result<String> {
    let mut text = String::from(
        "\n| left out | the others' cut | living attempts below it | prints at or above it |\n|---|---|---|---|\n",
    );
    let mut people: Vec<&str> = trials.iter().map(|t| t.person.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    for person in people {
        let side = |genuine, own: bool| {
            let of = trials.iter().filter(move |t| t.genuine == genuine);
            let of = of.filter(move |t| (t.person == person) == own);
            of.filter_map(Trial::best).collect::<Vec<f32>>()
        };
        let least = side(true, false).into_iter().fold(f32::INFINITY, f32::min);
        let most = side(false, false)
            .into_iter()
            .fold(f32::NEG_INFINITY, f32::max);
        let cut = f32::midpoint(least, most);
        let (mut refused, mut taken) = (Rate::default(), Rate::default());
        side(true, true)
            .iter()
            .for_each(|best| refused.add(*best < cut));
        side(false, true)
            .iter()
            .for_each(|best| taken.add(*best >= cut));
        writeln!(
            text,
            "| {person} | {cut:.2} | {}/{} | {}/{} |",
            refused.k, refused.n, taken.k, taken.n
        )?;
    }
    Ok(text)
}

/// Eyes that read as shut in what was filmed of people, the one most often so first.
fn eyes(trials: &[Trial]) -> Result<String> {
    let mut text = String::from(
        "\n| person | frames in which both eyes read as shut | attempts in which they do throughout |\n|---|---|---|\n",
    );
    let mut people: BTreeMap<&str, (Rate, Rate)> = BTreeMap::new();
    for trial in trials.iter().filter(|t| t.genuine && t.condition == 0) {
        let (frames, attempts) = people.entry(&trial.person).or_default();
        frames.join(trial.shut);
        attempts.add(trial.shut.k == trial.shut.n);
    }
    let mut rows: Vec<_> = people.into_iter().collect();
    rows.sort_by(|a, b| b.1.0.value().total_cmp(&a.1.0.value()));
    for (person, (frames, attempts)) in rows {
        writeln!(
            text,
            "| {person} | {frames} | {}/{} |",
            attempts.k, attempts.n
        )?;
    }
    Ok(text)
}
