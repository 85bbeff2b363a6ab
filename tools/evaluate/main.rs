//! Measures what Facelock's rooms are worth, by the code that is shipped: `scripts/evaluate
//! [--quick] [--markdown FILE]`.
#![allow(clippy::print_stdout)]

mod attacks;
mod attempts;
mod clips;
mod identities;
mod pictures;
mod stats;
mod turns;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use facelock::face::EngineOptions;
use facelock::onnx::{Manifest, ModelDirs, Role};

const BEGIN: &str = "<!-- scripts/evaluate writes from here -->\n";
const END: &str = "<!-- to here -->\n";

struct Arguments {
    quick: bool,
    markdown: Option<PathBuf>,
}

fn arguments() -> Result<Arguments> {
    let mut parsed = Arguments {
        quick: false,
        markdown: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--quick" => parsed.quick = true,
            "--markdown" => parsed.markdown = Some(given.next().context("--markdown FILE")?.into()),
            other => bail!("{other} is not understood; --quick, --markdown FILE"),
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
    let mut text = String::new();
    let begun = Instant::now();
    let mut say = |title: &str, section: String| {
        let section = format!("\n### {title}\n\n{}\n", section.trim());
        println!("{section}");
        text += &section;
    };
    let kept = target.join("eval");
    say(
        "Single frames",
        singles(&dirs, &data, &kept, arguments.quick)?,
    );
    let clips = clips::load(&data.join("clips"), arguments.quick)?;
    let (clips, templates, table) = clips::enroll(&dirs, clips)?;
    say("Enrollment", table);
    say("Whole attempts", clips::genuine(&dirs, &clips, &templates)?);
    say(
        "Published samples of attacks",
        clips::samples(&dirs, &data.join("spoof_samples"))?,
    );
    say(
        "Attacks made from the clips",
        clips::attacks(&dirs, &clips, &templates, arguments.quick)?,
    );
    say(
        "Turns that are asked for",
        turns::table(&dirs, &clips, &templates)?,
    );
    println!("{:.0} s", begun.elapsed().as_secs_f32());
    arguments
        .markdown
        .map_or(Ok(()), |path| write(&path, &text))
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
) -> Result<String> {
    let manifest = Manifest::load(&dirs.models.join("manifest.toml"))?;
    let threshold = manifest
        .only(Role::Embedder)?
        .threshold
        .as_ref()
        .context("no threshold")?;
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
    let plain = EngineOptions::default();
    let color = identities::embed(dirs, plain, &files, (&name("color"), pictures::jpeg))?;
    let grey = identities::embed(
        dirs,
        plain,
        &files,
        (&name("grey"), |path| pictures::grey(&pictures::jpeg(path)?)),
    )?;
    let orl_files = pictures::files(&data.join("orl"), "pgm")?;
    let orl = identities::embed(dirs, plain, &orl_files, (&name("orl"), pictures::pgm))?;
    let both = EngineOptions { fusion: true };
    let fused = identities::embed(dirs, both, &files, (&name("fused"), pictures::jpeg))?;
    let fusion = manifest
        .only(Role::Fusion)?
        .threshold
        .as_ref()
        .context("no threshold for fusion")?;
    let missed = |set: &identities::Set| {
        format!(
            "{} people, {} pictures, {} without a face found",
            set.people,
            set.found.len() + set.missed,
            set.missed
        )
    };
    let mut text = format!(
        "LFW colour: {}; LFW grey: {}; ORL: {}.\n",
        missed(&color),
        missed(&grey),
        missed(&orl)
    );
    let aligned = color.missed == grey.missed;
    for (title, threshold, scores) in [
        (
            "LFW colour, one template",
            threshold.color,
            identities::pairs(&color, &color),
        ),
        (
            "LFW grey, one template",
            threshold.gray,
            identities::pairs(&grey, &grey),
        ),
        (
            "ORL grey, one template",
            threshold.gray,
            identities::pairs(&orl, &orl),
        ),
        (
            "LFW colour, best of 5 templates",
            threshold.color,
            identities::galleries(&color, 5),
        ),
        (
            "LFW colour, best of 10 templates",
            threshold.color,
            identities::galleries(&color, 10),
        ),
        (
            "LFW grey, best of 5 templates",
            threshold.gray,
            identities::galleries(&grey, 5),
        ),
        (
            "LFW colour, fusion, one template",
            fusion.color,
            identities::pairs(&fused, &fused),
        ),
        (
            "LFW colour, fusion, best of 5 templates",
            fusion.color,
            identities::galleries(&fused, 5),
        ),
    ] {
        text += &identities::table(title, threshold, &scores)?;
    }
    if aligned {
        let scores = identities::pairs(&color, &grey);
        text += &identities::table("LFW colour template, grey probe", threshold.gray, &scores)?;
    }
    Ok(text)
}

/// Replaces what stands between the marks.
fn write(path: &std::path::Path, text: &str) -> Result<()> {
    let old = std::fs::read_to_string(path)?;
    let (before, rest) = old.split_once(BEGIN).context("no mark where to begin")?;
    let (_, after) = rest.split_once(END).context("no mark where to end")?;
    Ok(std::fs::write(
        path,
        format!("{before}{BEGIN}{text}\n{END}{after}"),
    )?)
}
