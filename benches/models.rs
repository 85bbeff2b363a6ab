//! `cargo bench --bench models`: how long a cold process needs from nothing to its first result,
//! stage by stage, as the models are used (`prepared`), without their prepared forms (`portable`),
//! and as a program that just loads them would (`naive`); and how much memory that takes. Every
//! number is a median over fresh processes with warm file caches.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use facelock::face::{Engine, Networks, Quality};
use facelock::onnx::{ModelDirs, Runtime};
use facelock::types::{Frame, PixelFormat};

/// Set in the measured processes: what they shall do.
const VARIANT: &str = "FACELOCK_BENCH";
const VARIANTS: [&str; 3] = ["naive", "portable", "prepared"];
const STAGES: [&str; 5] = ["library", "sessions", "detect", "embed", "total"];
const PROCESSES: usize = 15;
/// Results after the first whose median is the warm time.
const WARM: usize = 20;

fn main() {
    if let Ok(variant) = std::env::var(VARIANT) {
        let report = if variant == "naive" {
            naive()
        } else {
            engine(variant == "prepared")
        };
        println!(
            "{}",
            report
                .iter()
                .map(|(name, value)| format!("{name}={value:.3}"))
                .collect::<Vec<_>>()
                .join(" ")
        );
        facelock::sandbox::leave(0);
    }
    let only = std::env::args()
        .nth(1)
        .filter(|argument| !argument.starts_with("--"));
    let mut all: BTreeMap<&str, Vec<BTreeMap<String, f64>>> = BTreeMap::new();
    for _ in 0..PROCESSES {
        for variant in VARIANTS
            .into_iter()
            .filter(|variant| only.as_ref().is_none_or(|only| variant == only))
        {
            all.entry(variant).or_default().push(measured(variant));
        }
    }
    println!(
        "cold processes, {PROCESSES} of each, median milliseconds (90th percentile of the total)\n"
    );
    println!(
        "| variant | library | sessions | first detect | first embed | total | p90 | warm detect | warm embed | quality | peak MB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for variant in VARIANTS
        .into_iter()
        .filter(|variant| all.contains_key(variant))
    {
        let runs = &all[variant];
        let at = |name: &str, part: f64| {
            let mut values: Vec<f64> = runs
                .iter()
                .filter_map(|run| run.get(name).copied())
                .collect();
            values.sort_by(f64::total_cmp);
            values
                .get(((values.len() as f64 - 1.0) * part).round() as usize)
                .copied()
                .unwrap_or(f64::NAN)
        };
        let cells = STAGES.map(|stage| format!("{:.1}", at(stage, 0.5)));
        let rest =
            ["warm_detect", "warm_embed", "quality"].map(|stage| format!("{:.2}", at(stage, 0.5)));
        println!(
            "| {variant} | {} | {:.1} | {} | {:.0} |",
            cells.join(" | "),
            at("total", 0.9),
            rest.join(" | "),
            at("peak_mb", 0.5)
        );
    }
}

fn measured(variant: &str) -> BTreeMap<String, f64> {
    let output = Command::new(std::env::current_exe().unwrap())
        .env(VARIANT, variant)
        .env("ORT_DISABLE_TELEMETRY", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{variant}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let pairs = text
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A 640x480 frame with a face.
fn frame() -> Frame {
    let path = root().join("target/samples/astronaut/000.png");
    let file = std::fs::File::open(path).expect("scripts/sample-faces makes the frames");
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let bgr = pixels
        .chunks_exact(3)
        .flat_map(|p| [p[2], p[1], p[0]])
        .collect();
    Frame::new(info.width, info.height, PixelFormat::Bgr8, bgr).unwrap()
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn warm(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..WARM)
        .map(|_| {
            let begun = Instant::now();
            work();
            milliseconds(begun)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[WARM / 2]
}

/// Most memory this process has had resident, in MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

fn dirs(cache: &str) -> ModelDirs {
    let models = root().join("target/models");
    ModelDirs {
        cache: models.join(cache),
        models,
        runtime: root().join("target/onnxruntime/libonnxruntime.so"),
    }
}

fn engine(prepared: bool) -> Vec<(&'static str, f64)> {
    let dirs = dirs(if prepared { "cache" } else { "none" });
    let frame = frame();
    let begun = Instant::now();
    Runtime::load(&dirs.runtime).unwrap();
    let library = milliseconds(begun);
    let at = Instant::now();
    let mut engine = Engine::load(&dirs).unwrap();
    let sessions = milliseconds(at);
    let at = Instant::now();
    let face = engine.detect(&frame).unwrap()[0];
    let detect = milliseconds(at);
    let at = Instant::now();
    assert!(engine.embed(&frame, &face).unwrap().is_some());
    let embed = milliseconds(at);
    let total = milliseconds(begun);
    let peak_mb = peak();
    let warm_detect = warm(|| assert!(!engine.detect(&frame).unwrap().is_empty()));
    let warm_embed = warm(|| assert!(engine.embed(&frame, &face).unwrap().is_some()));
    let quality = warm(|| assert!(Quality::of(&frame, &face).sharpness > 0.0));
    vec![
        ("library", library),
        ("sessions", sessions),
        ("detect", detect),
        ("embed", embed),
        ("total", total),
        ("warm_detect", warm_detect),
        ("warm_embed", warm_embed),
        ("quality", quality),
        ("peak_mb", peak_mb),
    ]
}

/// ONNX Runtime's defaults, the published detector at 640x640, one model after the other. Only the
/// networks are run: no alignment, no decoding.
fn naive() -> Vec<(&'static str, f64)> {
    let dirs = dirs("none");
    let networks = Networks::installed(&dirs).unwrap();
    let begun = Instant::now();
    let environment = ort::init_from(&dirs.runtime).unwrap().build().unwrap();
    let library = milliseconds(begun);
    let at = Instant::now();
    let open = |file: &str| {
        ort::session::Session::builder(&environment)
            .unwrap()
            .commit_from_file(dirs.models.join(file))
            .unwrap()
    };
    let mut detector = open(&networks.detector.file);
    let mut embedders: Vec<_> = networks
        .embedders
        .iter()
        .map(|entry| (open(&entry.file), entry.embedding.unwrap().side))
        .collect();
    let sessions = milliseconds(at);
    let run = |session: &mut ort::session::Session, height: usize, width: usize| {
        let input = ort::value::Tensor::from_array((
            [1, 3, height, width],
            vec![100.0_f32; 3 * height * width],
        ))
        .unwrap();
        session.run(ort::inputs![input]).unwrap();
    };
    let at = Instant::now();
    run(&mut detector, 640, 640);
    let detect = milliseconds(at);
    let at = Instant::now();
    embedders
        .iter_mut()
        .for_each(|(session, side)| run(session, *side, *side));
    let embed = milliseconds(at);
    let total = milliseconds(begun);
    let peak_mb = peak();
    let warm_detect = warm(|| run(&mut detector, 640, 640));
    let warm_embed = warm(|| {
        embedders
            .iter_mut()
            .for_each(|(session, side)| run(session, *side, *side))
    });
    std::mem::forget((detector, embedders, environment));
    vec![
        ("library", library),
        ("sessions", sessions),
        ("detect", detect),
        ("embed", embed),
        ("total", total),
        ("warm_detect", warm_detect),
        ("warm_embed", warm_embed),
        ("peak_mb", peak_mb),
    ]
}
