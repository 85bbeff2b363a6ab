//! Comparison of single frames: all pairs of labelled pictures.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use facelock::face::{Engine, Networks, Weights};
use facelock::onnx::ModelDirs;
use facelock::types::{Embedding, Frame};

use crate::stats::Scores;

/// A picture's features, and whose they are.
pub struct Labelled {
    person: usize,
    embedding: Embedding,
}

pub struct Set {
    weights: Weights,
    pub found: Vec<Labelled>,
    pub missed: usize,
    pub people: usize,
}

type Read = fn(&Path) -> Result<Frame>;

/// Embeds every picture in the folders' folders, on two threads; features are kept in `cache`.
pub fn embed(dirs: &ModelDirs, files: &[PathBuf], (cache, read): (&Path, Read)) -> Result<Set> {
    let mut people = HashMap::new();
    let mut person = |path: &PathBuf| {
        let next = people.len();
        *people
            .entry(path.parent().map(Path::to_owned))
            .or_insert(next)
    };
    let labels: Vec<usize> = files.iter().map(&mut person).collect();
    let values = match load(cache, files.len()) {
        Some(values) => values,
        None => {
            let values = run(dirs, files, read)?;
            save(cache, &values)?;
            values
        }
    };
    let mut set = Set {
        weights: Networks::installed(dirs)?.weights,
        found: Vec::new(),
        missed: 0,
        people: people.len(),
    };
    for (person, values) in labels.into_iter().zip(values) {
        match Embedding::normalized(values) {
            Some(embedding) => set.found.push(Labelled { person, embedding }),
            None => set.missed += 1,
        }
    }
    Ok(set)
}

fn run(dirs: &ModelDirs, files: &[PathBuf], read: Read) -> Result<Vec<Vec<f32>>> {
    let work = |part: &[PathBuf]| -> Result<Vec<Vec<f32>>> {
        let mut engine = Engine::load(dirs)?;
        let mut all = Vec::new();
        for path in part {
            let frame = read(path)?;
            let middle = (frame.width() as f32 / 2.0, frame.height() as f32 / 2.0);
            // These sets put the labelled person in the middle.
            let off = |face: &facelock::types::Detection| {
                let b = face.bounds;
                (b.x + b.width / 2.0 - middle.0).hypot(b.y + b.height / 2.0 - middle.1)
            };
            let face = engine
                .detect(&frame)?
                .into_iter()
                .min_by(|a, b| off(a).total_cmp(&off(b)));
            let embedding = face
                .map(|face| engine.embed(&frame, &face))
                .transpose()?
                .flatten();
            all.push(embedding.map_or_else(Vec::new, |embedding| embedding.values().to_vec()));
        }
        Ok(all)
    };
    let (first, second) = files.split_at(files.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| work(second));
        let mut all = work(first)?;
        all.extend(
            other
                .join()
                .map_err(|_| anyhow::anyhow!("a worker panicked"))??,
        );
        Ok(all)
    })
}

fn load(cache: &Path, count: usize) -> Option<Vec<Vec<f32>>> {
    postcard::from_bytes::<Vec<Vec<f32>>>(&std::fs::read(cache).ok()?)
        .ok()
        .filter(|values| values.len() == count)
}

fn save(cache: &Path, values: &[Vec<f32>]) -> Result<()> {
    if let Some(folder) = cache.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(cache, postcard::to_allocvec(values)?)?)
}

/// Genuine and impostor scores of every picture of one set with every one of the other; of each
/// pair once, where they are the same set.
pub fn pairs(templates: &Set, probes: &Set) -> (Scores, Scores, Option<Alike>) {
    let same = std::ptr::eq(templates, probes);
    let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
    for (i, template) in templates.found.iter().enumerate() {
        for (j, probe) in probes.found.iter().enumerate() {
            if same && j <= i || i == j {
                continue;
            }
            let scores = if template.person == probe.person {
                &mut genuine
            } else {
                &mut impostor
            };
            let template = std::slice::from_ref(&template.embedding);
            scores.extend(templates.weights.compare(&probe.embedding, template));
        }
    }
    (Scores::of(genuine), Scores::of(impostor), None)
}

/// The impostor pairs of the two people who come out most alike, and all others' scores.
pub struct Alike {
    /// Of the pairs that decide at FMR 1e-5, those of these two people.
    deciding: (usize, usize),
    /// All impostor scores but theirs.
    rest: Scores,
}

fn alike(mut impostor: Vec<(f32, [usize; 2])>) -> Option<Alike> {
    impostor.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let deciding = &impostor[..(impostor.len() as f64 * 1e-5) as usize];
    let mut counts: HashMap<[usize; 2], usize> = HashMap::new();
    for (_, people) in deciding {
        *counts.entry(*people).or_default() += 1;
    }
    let (people, count) = counts
        .into_iter()
        .max_by_key(|(people, count)| (*count, *people))?;
    let deciding = (count, deciding.len());
    let others = impostor.into_iter().filter(|(_, pair)| *pair != people);
    let rest = Scores::of(others.map(|(score, _)| score).collect());
    Some(Alike { deciding, rest })
}

/// Scores, and whose they are.
#[derive(Default)]
pub struct Trials {
    pub genuine: Vec<(f32, usize)>,
    pub impostor: Vec<(f32, [usize; 2])>,
}

/// The best of some templates, as the instance compares, for everybody with more pictures than
/// that.
pub fn trials(set: &Set, size: usize, weights: &Weights) -> Trials {
    let mut of: HashMap<usize, Vec<&Labelled>> = HashMap::new();
    for labelled in &set.found {
        of.entry(labelled.person).or_default().push(labelled);
    }
    let mut trials = Trials::default();
    for (person, pictures) in of.iter().filter(|(_, pictures)| pictures.len() > size) {
        let templates: Vec<Embedding> = pictures[..size]
            .iter()
            .map(|p| p.embedding.clone())
            .collect();
        let score = |probe: &Labelled| weights.compare(&probe.embedding, &templates);
        let own = pictures[size..].iter().filter_map(|probe| score(probe));
        trials.genuine.extend(own.map(|score| (score, *person)));
        for other in set.found.iter().filter(|other| other.person != *person) {
            let mut pair = [*person, other.person];
            pair.sort_unstable();
            let scores = score(other).map(|score| (score, pair));
            trials.impostor.extend(scores);
        }
    }
    trials
}

/// The scores of [`trials`], by the weights in force.
pub fn galleries(set: &Set, size: usize) -> (Scores, Scores, Option<Alike>) {
    let Trials { genuine, impostor } = trials(set, size, &set.weights);
    let genuine = genuine.into_iter().map(|(score, _)| score).collect();
    let scores = impostor.iter().map(|(score, _)| *score).collect();
    (Scores::of(genuine), Scores::of(scores), alike(impostor))
}

/// A detection error trade-off as a table, and the rates at the threshold that is in force.
pub fn table(
    title: &str,
    threshold: f32,
    (genuine, impostor, alike): &(Scores, Scores, Option<Alike>),
) -> Result<String> {
    let mut text = format!(
        "\n**{title}**: {} genuine, {} impostor pairs\n\n",
        genuine.len(),
        impostor.len()
    );
    writeln!(text, "| at | threshold | FMR | FNMR |\n|---|---|---|---|")?;
    let mut row = |name: &str, threshold: f32, impostor: &Scores| {
        let (fmr, fnmr) = (impostor.reaching(threshold), genuine.missing(threshold));
        writeln!(text, "| {name} | {threshold:.3} | {fmr} | {fnmr} |")
    };
    for rate in [1e-3, 1e-4, 1e-5] {
        if impostor.len() as f64 * rate >= 3.0 {
            let name = format!("FMR {rate:.0e}");
            row(&name, impostor.threshold(rate), impostor)?;
        }
    }
    if let Some(Alike {
        deciding: (k, n),
        rest,
    }) = alike
    {
        let name =
            format!("FMR 1e-5 without the two people of {k} of the {n} pairs that decide it");
        row(&name, rest.threshold(1e-5), rest)?;
    }
    row("**in force**", threshold, impostor)?;
    Ok(text)
}

pub fn spread(name: &str, scores: &Scores) -> String {
    let p = |p| scores.percentile(p);
    format!(
        "| {name} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} |\n",
        scores.len(),
        p(0.0),
        p(0.01),
        p(0.5),
        p(0.99),
        p(1.0)
    )
}
