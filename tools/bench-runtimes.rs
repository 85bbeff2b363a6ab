//! Times each installed network under one ONNX Runtime library, and prints its outputs' difference
//! from what another library gave. scripts/bench-runtimes runs it once for each release.
//!
//!     bench-runtimes LIBRARY REFERENCE [OPTION...]
//!
//!     bench-runtimes digests
//!
//! The second form times the digests of the prepared models. REFERENCE is a file of outputs,
//! written if it is not there. Options change one setting of a login's sessions: threads=2,
//! no-pattern, spin, level1.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use facelock::onnx::{Manifest, ModelEntry, Role};
use facelock::types::Digest;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::Tensor;

/// Results after the first whose shortest time counts: on a machine that others share, the one that
/// was disturbed least.
const WARM: usize = 40;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if std::env::args().nth(1).as_deref() == Some("digests") {
        return digests();
    }
    let library = PathBuf::from(arguments.next().expect("a library"));
    let reference = PathBuf::from(arguments.next().expect("a file of outputs"));
    let options: Vec<String> = arguments.collect();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/models");
    let manifest = Manifest::load(&models.join("manifest.toml")).unwrap();
    let builder = ort::init_from(&library).unwrap();
    let environment = builder.with_telemetry(false).build().unwrap();
    let (mut cells, mut outputs) = (Vec::new(), Vec::new());
    for entry in manifest
        .model
        .iter()
        .filter(|entry| models.join(&entry.file).exists())
    {
        let begun = Instant::now();
        let mut session = open(&environment, &models.join(&entry.file), &options);
        let opened = milliseconds(begun);
        let shape = shape(entry);
        let length = shape.iter().product::<i64>();
        let values: Vec<f32> = (0..length).map(|i| (i * 37 % 256) as f32).collect();
        let mut times = Vec::new();
        for _ in 0..=WARM {
            let input = Tensor::from_array((shape, values.clone())).unwrap();
            let begun = Instant::now();
            let result = session.run(ort::inputs![input]).unwrap();
            times.push(milliseconds(begun));
            if times.len() == 1 {
                let (_, values) = result[0].try_extract_tensor::<f32>().unwrap();
                outputs.extend_from_slice(values);
            }
        }
        times[1..].sort_by(f64::total_cmp);
        cells.push(format!("{} {opened:.1} {:.2}", entry.name, times[1]));
        std::mem::forget(session);
    }
    std::mem::forget(environment);
    println!(
        "{} difference {:e} peak {:.1}",
        cells.join(" "),
        difference(&reference, &outputs),
        peak()
    );
    // Destructors of the library have crashed at exit.
    facelock::sandbox::leave(0);
}

/// The shortest times of both digests over each prepared model, mapped anew as a login maps it.
fn digests() {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/models/cache");
    for file in std::fs::read_dir(cache).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "ort") {
            continue;
        }
        let time = |digest: fn(&[u8]) -> Digest| {
            let times = (0..WARM).map(|_| {
                // SAFETY: nothing writes the models while they are timed.
                #[allow(unsafe_code)]
                let map = unsafe { memmap2::Mmap::map(&std::fs::File::open(&path).unwrap()) };
                let (map, begun) = (map.unwrap(), Instant::now());
                std::hint::black_box(digest(&map));
                milliseconds(begun)
            });
            times.fold(f64::MAX, f64::min)
        };
        let name = path.file_stem().unwrap().to_string_lossy();
        let (sha256, blake3) = (time(Digest::of), time(Digest::blake3));
        println!("{name}: SHA-256 {sha256:.2} ms, BLAKE3 {blake3:.2} ms");
    }
}

/// As a login opens a network, but for the options that say otherwise.
fn open(
    environment: &ort::environment::Environment,
    file: &Path,
    options: &[String],
) -> ort::session::Session {
    let has = |option: &str| options.iter().any(|other| other == option);
    let level = match has("level1") {
        true => GraphOptimizationLevel::Level1,
        false => GraphOptimizationLevel::All,
    };
    let mut builder = ort::session::Session::builder(environment)
        .unwrap()
        .with_optimization_level(level)
        .unwrap()
        .with_intra_threads(if has("threads=2") { 2 } else { 1 })
        .unwrap()
        .with_inter_threads(1)
        .unwrap()
        .with_intra_op_spinning(has("spin"))
        .unwrap()
        .with_memory_pattern(!has("no-pattern"))
        .unwrap();
    for (name, size) in [("height", 256), ("width", 320)] {
        builder = builder.with_dimension_override(name, size).unwrap();
    }
    builder.commit_from_file(file).unwrap()
}

fn shape(entry: &ModelEntry) -> [i64; 4] {
    let [height, width] = match (entry.role, entry.name.as_str()) {
        (Role::Detector, _) => [256, 320],
        (Role::Pad, _) => [80, 80],
        (Role::Eyes, _) => [32, 32],
        (_, "reid-0095") => [128, 128],
        _ => [112, 112],
    };
    [1, 3, height, width]
}

fn difference(reference: &Path, outputs: &[f32]) -> f32 {
    let bytes: Vec<u8> = outputs.iter().flat_map(|v| v.to_le_bytes()).collect();
    let Ok(known) = std::fs::read(reference) else {
        std::fs::write(reference, bytes).unwrap();
        return 0.0;
    };
    assert_eq!(
        known.len(),
        bytes.len(),
        "other models than when the reference was made"
    );
    let (known, _) = known.as_chunks();
    let pairs = known.iter().zip(outputs);
    pairs
        .map(|(a, b)| (f32::from_le_bytes(*a) - b).abs())
        .fold(0.0, f32::max)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
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
