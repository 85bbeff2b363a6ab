//! One webcam, people of one university, days weeks apart (NUAA): whole attempts and single frames
//! of people enrolled on their first day, by person, worst first.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use facelock::face::{QualityLimits, Weights};
use facelock::onnx::ModelDirs;
use facelock::pipeline::enrollment::FEWEST;
use facelock::pipeline::frame::{FrameJudge, JudgeFrames as _};
use facelock::types::{Embedding, Frame, Spectrum};

use crate::attempts::{self, Enrolled};
use crate::clips::shared;
use crate::pictures;
use crate::stats::{Rate, Scores};

/// Frames of one attempt: at ten a second, half of what an instance would look at.
pub const SHOWN: usize = 15;
/// Fewer frames than a median takes are no attempt.
pub const FEWEST_SHOWN: usize = 5;

/// What one person's pictures gave.
struct Person {
    name: String,
    enrolled: Enrolled,
    /// On the day of the enrollment, and on others.
    days: [Day; 2],
    /// Of the person on paper.
    prints: Rate,
    prints_match: Rate,
    prints_score: f32,
    frames: Vec<Embedding>,
    threshold: f32,
    weights: Weights,
}

#[derive(Default)]
struct Day {
    refused: Rate,
    not_live: Rate,
    scores: Vec<f32>,
}

/// A person's recordings, in the order of days.
pub type Recordings = BTreeMap<String, Vec<PathBuf>>;

/// By person, by session and recording.
pub fn recordings(folder: &Path) -> Result<BTreeMap<String, Recordings>> {
    let mut found: BTreeMap<String, Recordings> = BTreeMap::new();
    for path in pictures::files(folder, "jpg")? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let fields: Vec<&str> = name.split('_').collect();
        if let [person, glasses, light, session, _] = fields[..] {
            let recordings = found.entry(person.to_owned()).or_default();
            let recording = format!("{session} {glasses} {light}");
            recordings.entry(recording).or_default().push(path.clone());
        }
    }
    Ok(found)
}

pub fn read(files: &[PathBuf]) -> Result<Vec<Frame>> {
    files.iter().map(|path| pictures::jpeg(path)).collect()
}

/// Enrolls the first third of the first recording, as enrollment takes samples, and plays the rest.
fn play(
    judge: &mut FrameJudge,
    name: &str,
    live: &Recordings,
    print: &Recordings,
) -> Result<Person> {
    let mut person = Person {
        name: name.to_owned(),
        enrolled: Enrolled::default(),
        days: Default::default(),
        prints: Rate::default(),
        prints_match: Rate::default(),
        prints_score: -1.0,
        frames: Vec::new(),
        threshold: judge.threshold(Spectrum::Color),
        weights: judge.weights().clone(),
    };
    let first = live.keys().next().cloned().unwrap_or_default();
    for (recording, files) in live {
        let mut frames = read(files)?;
        if *recording == first {
            let probes = frames.split_off(frames.len() / 3);
            person.enrolled = attempts::enroll(judge, &frames)?;
            frames = probes;
        }
        if person.enrolled.templates.len() < FEWEST {
            return Ok(person);
        }
        let other = recording.split(' ').next() != first.split(' ').next();
        let day = &mut person.days[usize::from(other)];
        attempts::each(judge, &frames, &QualityLimits::VERIFY, |face| {
            let score = person
                .weights
                .compare(&face.embedding, &person.enrolled.templates);
            day.scores.extend(score);
            person.frames.push(face.embedding);
        })?;
        for shown in frames.chunks(SHOWN).filter(|s| s.len() >= FEWEST_SHOWN) {
            let frames = shown.iter().map(|frame| Ok(frame.clone()));
            let course = attempts::attempt(judge, frames, &person.enrolled)?;
            day.refused.add(!course.matched());
            day.not_live.add(!course.passed_as_live());
        }
    }
    for files in print.values() {
        let frames = read(files)?;
        for shown in frames.chunks(SHOWN).filter(|s| s.len() >= FEWEST_SHOWN) {
            let frames = shown.iter().map(|frame| Ok(frame.clone()));
            let course = attempts::attempt(judge, frames, &person.enrolled)?;
            person.prints.add(course.passed_as_live());
            person.prints_match.add(course.matched());
            person.prints_score = person.prints_score.max(course.best().unwrap_or(-1.0));
        }
    }
    Ok(person)
}

/// # Errors
/// A picture cannot be read, or a model does not do its work.
pub fn table(dirs: &ModelDirs, nuaa: &Path) -> Result<String> {
    let live = recordings(&nuaa.join("live"))?;
    let print = recordings(&nuaa.join("print"))?;
    let jobs: Vec<_> = live.iter().collect();
    let none = Recordings::new();
    let people = shared(dirs, &jobs, |judge, (name, live)| {
        play(judge, name, live, print.get(*name).unwrap_or(&none))
    })?;
    let mut text = failures(&people);
    let people: Vec<Person> = people
        .into_iter()
        .filter(|person| person.enrolled.templates.len() >= FEWEST)
        .collect();
    text += &in_all(&people)?;
    text += &by_person(&people)?;
    Ok(text)
}

fn failures(people: &[Person]) -> String {
    let mut failed = Rate::default();
    people
        .iter()
        .for_each(|person| failed.add(person.enrolled.templates.len() < FEWEST));
    format!(
        "Enrolled from the first third of the first recording, as an enrollment takes samples. Failure to enroll: {failed}.\n\n"
    )
}

fn in_all(people: &[Person]) -> Result<String> {
    let mut text = String::from("| what | rate |\n|---|---|\n");
    for (n, when) in ["the same day", "another day"].into_iter().enumerate() {
        let (mut refused, mut not_live, mut below) =
            (Rate::default(), Rate::default(), Rate::default());
        for person in people {
            refused.join(person.days[n].refused);
            not_live.join(person.days[n].not_live);
            let scores = Scores::of(person.days[n].scores.clone());
            below.join(scores.missing(person.threshold));
        }
        writeln!(text, "| genuine attempts refused, {when} | {refused} |")?;
        writeln!(
            text,
            "| genuine attempts not taken for live, {when} | {not_live} |"
        )?;
        writeln!(text, "| FNMR, one frame, {when} | {below} |")?;
    }
    let (mut live, mut matched) = (Rate::default(), Rate::default());
    for person in people {
        live.join(person.prints);
        matched.join(person.prints_match);
    }
    writeln!(
        text,
        "| attempts with real prints taken for live | {live} |"
    )?;
    writeln!(text, "| attempts with real prints let in | {matched} |")?;
    let mut strangers = Vec::new();
    for person in people {
        let others = people.iter().filter(|other| other.name != person.name);
        let frames = others.flat_map(|other| &other.frames);
        let score = |frame| person.weights.compare(frame, &person.enrolled.templates);
        strangers.extend(frames.filter_map(score));
    }
    let threshold = people.first().map_or(1.0, |person| person.threshold);
    let strangers = Scores::of(strangers);
    writeln!(
        text,
        "| FMR, same camera, same group of people, at {threshold} | {} |",
        strangers.reaching(threshold)
    )?;
    writeln!(
        text,
        "| their strongest score; one in a thousand | {:.3}; {:.3} |",
        strangers.percentile(1.0),
        strangers.percentile(0.999)
    )?;
    Ok(text)
}

fn by_person(people: &[Person]) -> Result<String> {
    let mut text = String::from(
        "\n| person | templates | attempts refused: same day | another day | frames below the threshold: same day | another day | weakest frame | best score of a print |\n|---|---|---|---|---|---|---|---|\n",
    );
    let least = |person: &Person| {
        let scores = person.days.iter().flat_map(|day| &day.scores);
        scores.copied().fold(f32::INFINITY, f32::min)
    };
    let mut order: Vec<&Person> = people.iter().collect();
    order.sort_by(|a, b| least(a).total_cmp(&least(b)));
    for person in order {
        let [same, other] = &person.days;
        let below = |day: &Day| Scores::of(day.scores.clone()).missing(person.threshold);
        let (below_same, below_other) = (below(same), below(other));
        writeln!(
            text,
            "| {} | {} | {}/{} | {}/{} | {}/{} | {}/{} | {:.3} | {} |",
            person.name,
            person.enrolled.templates.len(),
            same.refused.k,
            same.refused.n,
            other.refused.k,
            other.refused.n,
            below_same.k,
            below_same.n,
            below_other.k,
            below_other.n,
            least(person),
            if person.prints.n == 0 {
                "-".to_owned()
            } else {
                format!("{:.3}", person.prints_score)
            }
        )?;
    }
    Ok(text)
}
