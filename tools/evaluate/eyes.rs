//! How often eyes read as shut, single pictures: by how far the face is turned, how large its eyes
//! are, and by person. LFW's people look at a photographer, so nearly all of what reads as shut is
//! open.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use facelock::face::{Engine, Eyes, Quality};
use facelock::onnx::ModelDirs;
use facelock::pipeline::frame::SHUT;
use facelock::types::{Frame, Spectrum};

use crate::clips::Clip;
use crate::pictures;
use crate::stats::Rate;

/// One face's eyes.
struct Reading {
    person: String,
    /// Distance between the eyes, in pixels.
    apart: f32,
    yaw: f32,
    pitch: f32,
    shut: bool,
}

struct Reader {
    engine: Engine,
    eyes: Eyes,
}

impl Reader {
    fn load(dirs: &ModelDirs) -> Result<Self> {
        Ok(Self {
            engine: Engine::load(dirs)?,
            eyes: Eyes::load(dirs)?.context("the model for eyes is not installed")?,
        })
    }

    fn read(&mut self, person: &str, frame: &Frame) -> Result<Option<Reading>> {
        let Some(face) = self.engine.detect(frame)?.first().copied() else {
            return Ok(None);
        };
        let shut = self.eyes.shut(frame, &face, Spectrum::Color)?;
        let quality = Quality::of(frame, &face);
        let [right, left, ..] = face.landmarks;
        Ok(shut.map(|shut| Reading {
            person: person.to_owned(),
            apart: (left.x - right.x).hypot(left.y - right.y),
            yaw: quality.yaw.abs(),
            pitch: quality.pitch,
            shut: shut >= SHUT,
        }))
    }
}

/// # Errors
/// A picture cannot be read, or a model does not do its work.
pub fn table(dirs: &ModelDirs, lfw: &Path, clips: &[Clip]) -> Result<String> {
    let mut reader = Reader::load(dirs)?;
    let (mut pictures, mut filmed) = (Vec::new(), Vec::new());
    for path in pictures::files(lfw, "jpg")? {
        pictures.extend(reader.read(&person(&path), &pictures::jpeg(&path)?)?);
    }
    for clip in clips {
        for frame in clip.enrolled.iter().chain(&clip.probes) {
            filmed.extend(reader.read(&clip.name, frame)?);
        }
    }
    let mut text = ranges(&pictures, &filmed)?;
    text += &people("LFW, people with three pictures and more", &pictures)?;
    text += &people("clips", &filmed)?;
    Ok(text)
}

fn person(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    folder.unwrap_or_default().to_string_lossy().into_owned()
}

type Measure = fn(&Reading) -> f32;

fn ranges(pictures: &[Reading], filmed: &[Reading]) -> Result<String> {
    const YAW: &[f32] = &[0.0, 10.0, 20.0, 30.0, 90.0];
    const PITCH: &[f32] = &[-90.0, 0.0, 10.0, 90.0];
    const APART: &[f32] = &[0.0, 25.0, 38.0, 60.0, 300.0];
    let measures: [(&str, Measure, &[f32]); 3] = [
        ("turned to a side by", |r| r.yaw, YAW),
        ("turned downwards by", |r| r.pitch, PITCH),
        ("pixels between the eyes", |r| r.apart, APART),
    ];
    let mut text = String::from(
        "| both eyes read as shut | from | to | LFW | clips |\n|---|---|---|---|---|\n",
    );
    for (name, measure, bounds) in measures {
        for range in bounds.windows(2) {
            let rate = |readings: &[Reading]| {
                let mut rate = Rate::default();
                let within = |r: &&Reading| (range[0]..range[1]).contains(&measure(r));
                let found = readings.iter().filter(within);
                found.for_each(|reading| rate.add(reading.shut));
                rate
            };
            writeln!(
                text,
                "| {name} | {} | {} | {} | {} |",
                range[0],
                range[1],
                rate(pictures),
                rate(filmed)
            )?;
        }
    }
    Ok(text)
}

/// How many people read as shut in how many of their pictures; of no one should it be all.
fn people(title: &str, readings: &[Reading]) -> Result<String> {
    let mut people: BTreeMap<&str, Rate> = BTreeMap::new();
    for reading in readings {
        people.entry(&reading.person).or_default().add(reading.shut);
    }
    people.retain(|_, rate| rate.n >= 3);
    let mut rates: Vec<Rate> = people.into_values().collect();
    rates.sort_by(|a, b| b.value().total_cmp(&a.value()));
    let worst: Vec<String> = rates
        .iter()
        .take(5)
        .map(|rate| format!("{}/{}", rate.k, rate.n))
        .collect();
    let mut text = String::new();
    writeln!(
        text,
        "\n{title}: {} people, {} of them in half of their pictures or more, {} in all; the worst {}.",
        rates.len(),
        rates.iter().filter(|rate| rate.value() >= 0.5).count(),
        rates.iter().filter(|rate| rate.k == rate.n).count(),
        worst.join(", ")
    )?;
    Ok(text)
}
