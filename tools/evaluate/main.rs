//! Measures what Facelock's rooms are worth, by the code that is shipped: `scripts/evaluate
//! [--quick] [--only SECTION | --set nuaa]… [--markdown FILE]`.
#![allow(clippy::print_stdout)]

mod attacks;
mod attempts;
mod blinks;
mod clips;
mod days;
mod det;
mod eyes;
mod halves;
mod identities;
mod liveness;
mod own;
mod pictures;
mod plot;
mod stats;
mod trace;
mod turns;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use facelock::face::Networks;
use facelock::onnx::ModelDirs;

const BEGIN: &str = "<!-- scripts/evaluate writes from here -->\n";
const END: &str = "<!-- to here -->\n";

struct Arguments {
    quick: bool,
    /// Sections to measure; all where none is named.
    only: Vec<String>,
    markdown: Option<PathBuf>,
}

fn arguments() -> Result<Arguments> {
    let mut parsed = Arguments {
        quick: false,
        only: Vec::new(),
        markdown: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--quick" => parsed.quick = true,
            "--only" | "--set" => parsed.only.push(given.next().context("--only SECTION")?),
            "--markdown" => parsed.markdown = Some(given.next().context("--markdown FILE")?.into()),
            other => bail!("{other} is not understood; --quick, --only SECTION, --markdown FILE"),
        }
    }
    Ok(parsed)
}

fn main() -> Result<()> {
    let arguments = arguments()?;
    stats::check()?;
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target");
    let dirs = ModelDirs {
        models: target.join("models"),
        cache: target.join("models/cache"),
        runtime: target.join("onnxruntime/libonnxruntime.so"),
    };
    let data = std::env::var_os("FACELOCK_TEST_DATA")
        .map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let mut report = Report::default();
    let begun = Instant::now();
    let quick = arguments.quick;
    let wants = |key: &str| arguments.only.is_empty() || arguments.only.iter().any(|o| o == key);
    if wants("singles") {
        let (table, plot) = singles(&dirs, &data, &target.join("eval"), quick)?;
        report.say("Single frames", &table);
        if let Some(folder) = arguments.markdown.as_deref().and_then(Path::parent) {
            std::fs::write(folder.join("comparison.svg"), plot)?;
        }
    }
    if wants("liveness") {
        let clips = clips::load(&data.join("clips"), quick)?;
        let (table, plot) = liveness::table(&dirs, &data.join("nuaa"), &clips, quick)?;
        report.say("Liveness by person", &table);
        if let Some(folder) = arguments.markdown.as_deref().and_then(Path::parent) {
            std::fs::write(folder.join("liveness.svg"), plot)?;
        }
    }
    if wants("nuaa") {
        let table = days::table(&dirs, &data.join("nuaa"))?;
        report.say("Days apart, one webcam", &table);
    }
    if wants("own") {
        let clips = clips::load(&data.join("clips"), quick)?;
        let loose = trace::bounds(&dirs)?;
        let strictest = own::strictest(&loose);
        let sets = (data.join("nuaa"), clips);
        let people = trace::people(&dirs, (&sets.0, &sets.1), &strictest, &target.join("eval"))?;
        let replay = trace::Replay::new(&dirs, Networks::installed(&dirs)?.threshold.color)?;
        report.say("Own margins", &own::table(&people, &replay, &loose)?);
    }
    if wants("eyes") {
        let clips = clips::load(&data.join("clips"), quick)?;
        let table = eyes::table(&dirs, &data.join("lfw"), &clips)?;
        report.say("Eyes that read as shut", &table);
    }
    if wants("blinks") {
        let clips = clips::load(&data.join("clips"), quick)?;
        let table = blinks::table(&dirs, &data.join("nuaa"), &clips)?;
        report.say("Blinks", &table);
    }
    if wants("samples") {
        let table = clips::samples(&dirs, &data.join("spoof_samples"))?;
        report.say("Published samples of attacks", &table);
    }
    if ["attempts", "attacks", "turns"]
        .iter()
        .any(|key| wants(key))
    {
        let clips = clips::load(&data.join("clips"), quick)?;
        let (clips, people, table) = clips::enroll(&dirs, clips)?;
        if wants("attempts") {
            report.say("Enrollment", &table);
            report.say("Whole attempts", &clips::genuine(&dirs, &clips, &people)?);
        }
        if wants("attacks") {
            let table = clips::attacks(&dirs, &clips, &people, quick)?;
            report.say("Attacks made from the clips", &table);
        }
        if wants("turns") {
            let table = turns::table(&dirs, &clips, &people)?;
            report.say("Turns that are asked for", &table);
        }
    }
    println!("{:.0} s", begun.elapsed().as_secs_f32());
    let written = arguments.markdown.map(|path| report.write(&path));
    written.unwrap_or(Ok(()))
}

#[allow(
    clippy::too_many_lines,
    reason = "a report, written from top to bottom"
)]
fn singles(
    dirs: &ModelDirs,
    data: &std::path::Path,
    kept: &std::path::Path,
    quick: bool,
) -> Result<(String, String)> {
    let networks = Networks::installed(dirs)?;
    let threshold = &networks.threshold;
    let mut files = pictures::files(&data.join("lfw"), "jpg")?;
    if quick {
        files.truncate(400);
    }
    // Features are kept under what made them: the models and this very program, for detection and
    // alignment count as well.
    let made_by = [
        std::fs::read(std::env::current_exe()?)?,
        std::fs::read(dirs.models.join("manifest.toml"))?,
    ]
    .concat();
    let made_by = facelock::types::Digest::of(&made_by).to_string();
    let name = |kind: &str| kept.join(format!("{kind}-{}-{}", files.len(), &made_by[..16]));
    let color = identities::embed(dirs, &files, (&name("color"), pictures::jpeg))?;
    let gray = identities::embed(
        dirs,
        &files,
        (&name("gray"), |path| pictures::gray(&pictures::jpeg(path)?)),
    )?;
    let orl_files = pictures::files(&data.join("orl"), "pgm")?;
    let orl = identities::embed(dirs, &orl_files, (&name("orl"), pictures::pgm))?;
    let missed = |set: &identities::Set| {
        format!(
            "{} people, {} pictures, {} without a face found",
            set.people,
            set.found.len() + set.missed,
            set.missed
        )
    };
    let mut text = format!(
        "LFW color: {}; LFW gray: {}; ORL: {}.\n",
        missed(&color),
        missed(&gray),
        missed(&orl)
    );
    let aligned = color.missed == gray.missed;
    let compared = [
        (
            "LFW color, one template",
            threshold.color,
            identities::pairs(&color, &color),
        ),
        (
            "LFW gray, one template",
            threshold.gray,
            identities::pairs(&gray, &gray),
        ),
        (
            "ORL gray, one template",
            threshold.gray,
            identities::pairs(&orl, &orl),
        ),
        (
            "LFW color, best of 5 templates",
            threshold.color,
            identities::galleries(&color, 5),
        ),
        (
            "LFW color, best of 10 templates",
            threshold.color,
            identities::galleries(&color, 10),
        ),
        (
            "LFW gray, best of 5 templates",
            threshold.gray,
            identities::galleries(&gray, 5),
        ),
    ];
    for (title, threshold, scores) in &compared {
        text += &identities::table(title, *threshold, scores)?;
    }
    let of_lfw = compared
        .iter()
        .filter(|(title, ..)| title.starts_with("LFW"));
    let curves: Vec<_> = of_lfw
        .map(|(title, threshold, (genuine, impostor, _))| det::Curve {
            title,
            threshold: *threshold,
            genuine,
            impostor,
        })
        .filter(|curve| !curve.title.contains("10"))
        .collect();
    if aligned {
        let scores = identities::pairs(&color, &gray);
        text += &identities::table("LFW color template, gray probe", threshold.gray, &scores)?;
    }
    if networks.embedders.len() > 1 {
        text += &halves::table(&networks, &color)?;
    }
    Ok((text, det::plot(&curves)))
}

/// Sections, each printed as it is measured.
#[derive(Default)]
struct Report(Vec<(&'static str, String)>);

impl Report {
    fn say(&mut self, title: &'static str, section: &str) {
        let section = format!("### {title}\n\n{}\n", section.trim());
        println!("\n{section}");
        self.0.push((title, section));
    }

    /// Replaces the sections measured, between the marks; the others stay.
    fn write(&self, path: &Path) -> Result<()> {
        let old = std::fs::read_to_string(path)?;
        let (before, rest) = old.split_once(BEGIN).context("no mark where to begin")?;
        let (kept, after) = rest.split_once(END).context("no mark where to end")?;
        let mut sections: Vec<(String, String)> = Vec::new();
        for section in kept.split("\n### ").skip(1) {
            let title = section.lines().next().unwrap_or_default().to_owned();
            sections.push((title, format!("### {}\n", section.trim_end())));
        }
        for (title, section) in &self.0 {
            match sections.iter_mut().find(|(old, _)| old == title) {
                Some((_, old)) => old.clone_from(section),
                None => sections.push(((*title).to_owned(), section.clone())),
            }
        }
        let text: String = sections
            .iter()
            .map(|(_, text)| format!("\n{text}"))
            .collect();
        Ok(std::fs::write(
            path,
            format!("{before}{BEGIN}{text}\n{END}{after}"),
        )?)
    }
}
