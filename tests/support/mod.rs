//! What the tests stand on: the fetched models, the made samples, the evaluation data.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use facelock::onnx::ModelDirs;
use facelock::types::{Frame, PixelFormat};

pub mod onnx;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The models, as scripts/fetch-models leaves them.
pub fn models() -> ModelDirs {
    let target = root().join("target");
    let dirs = ModelDirs {
        models: target.join("models"),
        cache: target.join("models/cache"),
        runtime: target.join("onnxruntime/libonnxruntime.so"),
    };
    assert!(
        dirs.models.join("manifest.toml").exists(),
        "no models: run scripts/fetch-models"
    );
    dirs
}

fn outside(variable: &str, default: &str) -> PathBuf {
    let path =
        std::env::var_os(variable).map_or_else(|| root().join("..").join(default), PathBuf::from);
    assert!(
        path.exists(),
        "{} is not there; {variable} names another folder",
        path.display()
    );
    path
}

/// The folder with the published model files and reference conversions.
pub fn model_mirror() -> PathBuf {
    outside("FACELOCK_MODEL_MIRROR", "shared/models")
}

/// Evaluation data, which is not part of the repository.
pub fn data(name: &str) -> PathBuf {
    outside("FACELOCK_TEST_DATA", "shared/data").join(name)
}

/// A recorded frame, as scripts/sample-faces makes them.
pub fn sample(name: &str) -> PathBuf {
    let path = root().join("target/samples").join(name);
    assert!(
        path.exists(),
        "{} is not there: run scripts/sample-faces",
        path.display()
    );
    path
}

/// A color frame as a PNG.
pub fn write_png(path: &Path, frame: &Frame) {
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, frame.width(), frame.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let rgb: Vec<u8> = frame
        .pixels()
        .chunks_exact(3)
        .flat_map(|p| [p[2], p[1], p[0]])
        .collect();
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&rgb)
        .unwrap();
}

/// A PNG as a color frame.
pub fn png(path: &Path) -> Frame {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let bgr = match info.color_type {
        png::ColorType::Rgb => pixels
            .chunks_exact(3)
            .flat_map(|p| [p[2], p[1], p[0]])
            .collect(),
        png::ColorType::Grayscale => pixels.iter().flat_map(|v| [*v; 3]).collect(),
        other => panic!("{other:?}"),
    };
    Frame::new(info.width, info.height, PixelFormat::Bgr8, bgr).unwrap()
}
