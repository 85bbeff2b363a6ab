//! The pipeline with the real models, against numbers recorded from a reference implementation
//! (OpenCV 5 and ONNX Runtime).

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use facelock::camera::decode::{Encoding, Layout, to_bgr};
use facelock::face::align::{REFERENCE, Similarity};
use facelock::face::{Detector, Embedder, Engine, compare};
use facelock::onnx::{Manifest, ModelError, Runtime};
use facelock::types::{Detection, Embedding, Frame, PixelFormat, Point};
use support::models;

struct Golden {
    frame: Frame,
    rows: Vec<Vec<f32>>,
    best: usize,
    matrix: Vec<Vec<f64>>,
    reid: Vec<f32>,
}

fn golden() -> Vec<Golden> {
    let folder = support::data("golden");
    let text = std::fs::read_to_string(folder.join("golden.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let numbers = |v: &serde_json::Value| -> Vec<f32> {
        v.as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_f64().unwrap() as f32)
            .collect()
    };
    let cases: Vec<Golden> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|case| Golden {
            frame: support::png(
                &folder
                    .parent()
                    .unwrap()
                    .join(case["image"].as_str().unwrap()),
            ),
            rows: case["yunet_rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(numbers)
                .collect(),
            best: case["best"].as_u64().unwrap() as usize,
            matrix: case["align_M"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    row.as_array()
                        .unwrap()
                        .iter()
                        .map(|n| n.as_f64().unwrap())
                        .collect()
                })
                .collect(),
            reid: numbers(&case["reid0095_256"]),
        })
        .collect();
    assert!(cases.len() >= 5);
    cases
}

fn face_of(row: &[f32]) -> Detection {
    let landmarks = std::array::from_fn(|n| Point {
        x: row[4 + 2 * n],
        y: row[5 + 2 * n],
    });
    let bounds = facelock::types::Rect {
        x: row[0],
        y: row[1],
        width: row[2],
        height: row[3],
    };
    Detection {
        bounds,
        landmarks,
        score: row[14],
    }
}

#[test]
fn needs_reference_data_needs_every_model_detections_are_the_reference_s() {
    let dirs = models();
    let manifest = Manifest::load(&dirs.models.join("manifest.toml")).unwrap();
    let runtime = Runtime::load(&dirs.runtime).unwrap();
    let mut detector =
        Detector::open(&runtime, &dirs, manifest.named("yunet").unwrap(), None).unwrap();
    for (n, case) in golden().into_iter().enumerate() {
        let faces = detector.detect(&case.frame).unwrap();
        let expected: Vec<_> = case
            .rows
            .iter()
            .map(|row| face_of(row))
            .filter(|face| face.score >= 0.7)
            .collect();
        assert_eq!(faces.len(), expected.len(), "image {n}");
        for want in &expected {
            let found = faces.iter().any(|face| {
                let points = face.landmarks.iter().zip(&want.landmarks);
                let near = |a: f32, b: f32| (a - b).abs() < 1e-2;
                near(face.bounds.x, want.bounds.x)
                    && near(face.bounds.height, want.bounds.height)
                    && (face.score - want.score).abs() < 1e-4
                    && points
                        .clone()
                        .all(|(a, b)| near(a.x, b.x) && near(a.y, b.y))
            });
            assert!(found, "image {n}: {want:?} not in {faces:?}");
        }
    }
}

#[test]
fn needs_reference_data_needs_every_model_alignment_is_the_reference_s() {
    for case in golden() {
        let m = Similarity::to_reference(&face_of(&case.rows[case.best]).landmarks, 112).unwrap();
        let ours = [[m.a, -m.b, m.tx], [m.b, m.a, m.ty]];
        for (row, want) in ours.iter().zip(&case.matrix) {
            for (value, want) in row.iter().zip(want) {
                assert!((value - want).abs() < 2e-3, "{value} {want}");
            }
        }
    }
}

/// Cosines to the reference's, of frames as they are and with blue and red exchanged.
fn embeddings(name: &str, reference: fn(&Golden) -> &[f32]) -> Vec<(f32, f32)> {
    let dirs = models();
    let manifest = Manifest::load(&dirs.models.join("manifest.toml")).unwrap();
    let runtime = Runtime::load(&dirs.runtime).unwrap();
    let mut embedder = Embedder::open(&runtime, &dirs, manifest.named(name).unwrap()).unwrap();
    let swapped = |frame: &Frame| {
        let pixels = frame
            .pixels()
            .chunks_exact(3)
            .flat_map(|p| [p[2], p[1], p[0]])
            .collect();
        Frame::new(frame.width(), frame.height(), PixelFormat::Bgr8, pixels).unwrap()
    };
    let mut cosines = Vec::new();
    for case in golden() {
        let face = face_of(&case.rows[case.best]);
        let want = [Embedding::normalized(reference(&case).to_vec()).unwrap()];
        let mut cosine = |frame: &Frame| {
            compare(&embedder.embed(frame, &face).unwrap().unwrap(), &want).unwrap()
        };
        cosines.push((cosine(&case.frame), cosine(&swapped(&case.frame))));
    }
    cosines
}

#[test]
fn needs_reference_data_needs_every_model_embeddings_are_the_reference_s_and_color_order_matters() {
    let cosines = embeddings("reid-0095", |case| &case.reid);
    assert!(
        cosines.iter().all(|(right, _)| *right > 0.9999),
        "{cosines:?}"
    );
    assert!(
        cosines.iter().any(|(_, swapped)| *swapped < 0.999),
        "{cosines:?}"
    );
}

#[test]
fn people_are_told_apart_on_the_small_canvas() {
    let mut engine = Engine::load(&models()).unwrap();
    let mut embedding = |name: &str| {
        let frame = support::png(&support::sample(name));
        let face = engine.detect(&frame).unwrap()[0];
        engine.embed(&frame, &face).unwrap().unwrap()
    };
    let astronaut = [
        embedding("astronaut/000.png"),
        embedding("astronaut/020.png"),
    ];
    let again = compare(&embedding("astronaut-later/030.png"), &astronaut).unwrap();
    let other = compare(&embedding("hopper/010.png"), &astronaut).unwrap();
    assert!(again > 0.55, "{again}");
    assert!(other < 0.45, "{other}");
    let empty = support::png(&support::sample("empty/010.png"));
    assert!(engine.detect(&empty).unwrap().is_empty());
}

#[test]
fn a_first_run_on_nothing_changes_no_embedding() {
    let frame = support::png(&support::sample("astronaut/000.png"));
    let mut engine = Engine::load(&models()).unwrap();
    let face = engine.detect(&frame).unwrap()[0];
    let before = engine.embed(&frame, &face).unwrap().unwrap();
    engine.warm_up().unwrap();
    assert_eq!(engine.detect(&frame).unwrap()[0], face);
    assert_eq!(
        engine.embed(&frame, &face).unwrap().unwrap().values(),
        before.values()
    );
}

#[test]
fn needs_every_model_a_model_that_is_not_the_pinned_one_is_refused() {
    let dirs = models();
    let folder = tempfile::tempdir().unwrap();
    let mut moved = dirs.clone();
    moved.models = folder.path().into();
    moved.cache = folder.path().join("none");
    let copy =
        |name: &str| std::fs::copy(dirs.models.join(name), folder.path().join(name)).unwrap();
    let load = || Engine::load(&moved).err();
    assert!(matches!(load(), Some(ModelError::Missing(_))));
    copy("manifest.toml");
    copy("face_detection_yunet.onnx");
    assert!(matches!(load(), Some(ModelError::Missing(_))));

    // The first of the comparisons that is whole; the second embedder makes it another.
    let sface = "face_recognition_sface.onnx";
    copy(sface);
    let digest = || Engine::load(&moved).unwrap().digest();
    let alone = digest();
    copy("face_reidentification_retail_0095.onnx");
    assert_ne!(digest(), alone);
    let bytes = std::fs::read(dirs.models.join(sface)).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    for damaged in [&flipped, &bytes[..bytes.len() - 1], &bytes[..0]] {
        std::fs::write(folder.path().join(sface), damaged).unwrap();
        let error = load();
        assert!(
            matches!(error, Some(ModelError::Digest(_) | ModelError::Missing(_))),
            "{error:?}"
        );
    }
}

#[test]
fn needs_every_model_a_pinned_model_of_the_wrong_shape_is_refused() {
    let dirs = models();
    let folder = tempfile::tempdir().unwrap();
    let mut moved = dirs.clone();
    moved.models = folder.path().into();
    moved.cache = folder.path().join("none");
    let other = std::fs::read(dirs.models.join("face_detection_yunet.onnx")).unwrap();
    let text = std::fs::read_to_string(dirs.models.join("manifest.toml")).unwrap();
    let manifest = Manifest::parse(&text).unwrap();
    let reid = manifest.named("reid-0095").unwrap();
    let digest = facelock::types::Digest::of(&other).to_string();
    std::fs::write(
        folder.path().join("manifest.toml"),
        text.replace(&reid.sha256.0.to_string(), &digest),
    )
    .unwrap();
    std::fs::write(folder.path().join(&reid.file), &other).unwrap();
    for name in ["face_detection_yunet.onnx", "face_recognition_sface.onnx"] {
        std::fs::copy(dirs.models.join(name), folder.path().join(name)).unwrap();
    }
    let mut engine = Engine::load(&moved).unwrap();
    let frame = support::png(&support::sample("astronaut/000.png"));
    let face = engine.detect(&frame).unwrap()[0];
    assert!(matches!(
        engine.embed(&frame, &face),
        Err(ModelError::Shape { .. })
    ));
}

#[test]
fn needs_published_models_needs_reference_data_our_conversion_is_the_reference_s_network() {
    let reference = support::model_mirror().join("face_reid_retail_0095_fp32.onnx");
    let dirs = models();
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(&reference).unwrap();
    let text = std::fs::read_to_string(dirs.models.join("manifest.toml")).unwrap();
    let mut manifest = Manifest::parse(&text).unwrap();
    let ours = manifest.named("reid-0095").unwrap().clone();
    let entry = manifest
        .model
        .iter_mut()
        .find(|entry| entry.name == "reid-0095")
        .unwrap();
    entry.sha256.0 = facelock::types::Digest::of(&bytes);
    std::fs::write(folder.path().join(&entry.file), &bytes).unwrap();
    let mut theirs = dirs.clone();
    theirs.models = folder.path().into();
    theirs.cache = folder.path().join("none");
    let runtime = Runtime::load(&dirs.runtime).unwrap();
    let mut plain = dirs.clone();
    plain.cache = folder.path().join("none");
    let mut ours = Embedder::open(&runtime, &plain, &ours).unwrap();
    let mut theirs = Embedder::open(&runtime, &theirs, entry).unwrap();
    let mut faces: Vec<(Frame, Detection)> = golden()
        .into_iter()
        .map(|case| (case.frame, face_of(&case.rows[case.best])))
        .collect();
    faces.extend(portraits(60));
    // Our slopes are LeakyRelu's, the reference's PRelu's: the same function, so the same bits.
    for (frame, face) in &faces {
        let a = ours.embed(frame, face).unwrap().unwrap();
        let b = theirs.embed(frame, face).unwrap().unwrap();
        assert_eq!(a.values(), b.values());
    }
}

/// Photographs of as many people, each with its face in the middle.
fn portraits(count: usize) -> Vec<(Frame, Detection)> {
    let people = std::fs::read_dir(support::data("lfw")).unwrap();
    let mut people: Vec<_> = people.map(|person| person.unwrap().path()).collect();
    people.sort();
    let mut found = Vec::new();
    for person in &people[..count] {
        let photograph = std::fs::read_dir(person).unwrap().next().unwrap().unwrap();
        let bytes = std::fs::read(photograph.path()).unwrap();
        let frame = to_bgr(&bytes, Encoding::Mjpeg, Layout::packed(250, 250)).unwrap();
        let mut row: Vec<f32> = [69.0, 69.0, 112.0, 112.0].into();
        row.extend(REFERENCE.iter().flat_map(|p| [69.0 + p.x, 69.0 + p.y]));
        row.push(0.9);
        found.push((frame, face_of(&row)));
    }
    found
}
