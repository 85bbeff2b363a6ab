//! Frames of every size, color and quality, with the real models.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use facelock::face::{Embedder, Engine, Quality, QualityLimits, compare};
use facelock::onnx::{Manifest, Runtime};
use facelock::types::{Detection, Frame, Hint, PixelFormat, Point};

fn engine() -> Engine {
    Engine::load(&support::models()).unwrap()
}

/// 640x480, one face.
fn astronaut() -> Frame {
    support::png(&support::sample("astronaut/000.png"))
}

/// A frame of another shape, each pixel taken from where `from` says; black where that is outside.
fn reshaped(frame: &Frame, (w, h): (u32, u32), from: impl Fn(f32, f32) -> (f32, f32)) -> Frame {
    let mut pixels = Vec::with_capacity((w * h * 3) as usize);
    for y in 0..h {
        for x in 0..w {
            let (sx, sy) = from(x as f32, y as f32);
            let inside =
                sx >= 0.0 && sy >= 0.0 && sx < frame.width() as f32 && sy < frame.height() as f32;
            let at = (sy as usize * frame.width() as usize + sx as usize) * 3;
            pixels.extend(if inside {
                frame.pixels()[at..at + 3].to_vec()
            } else {
                vec![0; 3]
            });
        }
    }
    Frame::new(w, h, PixelFormat::Bgr8, pixels).unwrap()
}

fn with_light(frame: &Frame, light: impl Fn(f32) -> f32) -> Frame {
    let pixels = frame
        .pixels()
        .iter()
        .map(|v| light(f32::from(*v)).clamp(0.0, 255.0) as u8)
        .collect();
    Frame::new(frame.width(), frame.height(), frame.format(), pixels).unwrap()
}

fn gray(frame: &Frame) -> (Frame, Frame) {
    let light: Vec<u8> = frame
        .pixels()
        .chunks_exact(3)
        .map(|p| {
            (0.114 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.299 * f32::from(p[2])) as u8
        })
        .collect();
    let replicated = light.iter().flat_map(|v| [*v; 3]).collect();
    let (w, h) = (frame.width(), frame.height());
    (
        Frame::new(w, h, PixelFormat::Gray8, light).unwrap(),
        Frame::new(w, h, PixelFormat::Bgr8, replicated).unwrap(),
    )
}

/// Mean of a square around each pixel.
fn blurred(frame: &Frame, reach: i64) -> Frame {
    let (w, h) = (i64::from(frame.width()), i64::from(frame.height()));
    let mut pixels = Vec::with_capacity(frame.pixels().len());
    for y in 0..h {
        for x in 0..w {
            for c in 0..3 {
                let (mut sum, mut n) = (0_u32, 0);
                for sy in (y - reach).max(0)..=(y + reach).min(h - 1) {
                    for sx in (x - reach).max(0)..=(x + reach).min(w - 1) {
                        sum += u32::from(frame.pixels()[((sy * w + sx) * 3 + c) as usize]);
                        n += 1;
                    }
                }
                pixels.push((sum / n) as u8);
            }
        }
    }
    Frame::new(frame.width(), frame.height(), PixelFormat::Bgr8, pixels).unwrap()
}

#[test]
fn a_face_is_found_and_known_in_frames_of_any_size() {
    let mut engine = engine();
    let frame = astronaut();
    let face = engine.detect(&frame).unwrap()[0];
    let known = [engine.embed(&frame, &face).unwrap().unwrap()];
    let (fw, fh) = (frame.width() as f32, frame.height() as f32);
    for (w, h) in [
        (320, 240),
        (640, 360),
        (800, 600),
        (480, 640),
        (1280, 720),
        (1280, 960),
        (1920, 1080),
        (641, 479),
    ] {
        // The whole of the frame, as large as fits.
        let scale = (w as f32 / fw).min(h as f32 / fh);
        let other = reshaped(&frame, (w, h), |x, y| (x / scale, y / scale));
        let faces = engine.detect(&other).unwrap();
        assert_eq!(faces.len(), 1, "{w}x{h}");
        let middle = |face: &Detection, scale: f32| {
            let b = face.bounds;
            (
                (b.x + b.width / 2.0) / scale,
                (b.y + b.height / 2.0) / scale,
            )
        };
        let (a, b) = (middle(&face, 1.0), middle(&faces[0], scale));
        assert!(
            (a.0 - b.0).hypot(a.1 - b.1) < face.bounds.width * 0.1,
            "{w}x{h}: {a:?} {b:?}"
        );
        let score = compare(&engine.embed(&other, &faces[0]).unwrap().unwrap(), &known).unwrap();
        assert!(score > 0.8, "{w}x{h}: {score}");
    }
}

#[test]
fn a_gray_frame_is_the_same_plane_three_times() {
    let mut engine = engine();
    let (one, three) = gray(&astronaut());
    let (a, b) = (engine.detect(&one).unwrap(), engine.detect(&three).unwrap());
    assert_eq!(a, b);
    let (a, b) = (
        engine.embed(&one, &a[0]).unwrap().unwrap(),
        engine.embed(&three, &b[0]).unwrap().unwrap(),
    );
    assert_eq!(a.values(), b.values());
    let color = astronaut();
    let face = engine.detect(&color).unwrap()[0];
    let known = [engine.embed(&color, &face).unwrap().unwrap()];
    assert!(compare(&a, &known).unwrap() > 0.7);
}

#[test]
fn extreme_frames_hold_no_face_and_break_nothing() {
    let mut engine = engine();
    for (w, h) in [(1, 1), (1, 480), (4096, 1), (31, 33), (4096, 16)] {
        for value in [0, 128, 255] {
            for format in [PixelFormat::Bgr8, PixelFormat::Gray8] {
                let pixels = vec![value; w as usize * h as usize * format.channels()];
                let frame = Frame::new(w, h, format, pixels).unwrap();
                assert!(engine.detect(&frame).unwrap().is_empty(), "{w}x{h} {value}");
            }
        }
    }
}

#[test]
fn degenerate_landmarks_have_no_embedding() {
    let mut engine = engine();
    let frame = astronaut();
    let face = engine.detect(&frame).unwrap()[0];
    for landmarks in [
        [Point { x: 9.0, y: 9.0 }; 5],
        [Point {
            x: f32::NAN,
            y: 1.0,
        }; 5],
        [Point { x: 1e38, y: -1e38 }; 5],
    ] {
        let broken = Detection { landmarks, ..face };
        assert!(engine.embed(&frame, &broken).unwrap().is_none());
        assert!(
            Quality::of(&frame, &broken)
                .hint(&QualityLimits::VERIFY)
                .is_some()
        );
    }
}

/// What is said of a face, and that it is said of nothing less.
#[test]
fn each_fault_has_its_hint() {
    let mut engine = engine();
    let frame = astronaut();
    let face = engine.detect(&frame).unwrap()[0];
    let good = Quality::of(&frame, &face);
    for limits in [QualityLimits::VERIFY, QualityLimits::ENROLL] {
        assert_eq!(good.hint(&limits), None, "{good:?}");
        let hint = |frame: &Frame, face: &Detection| {
            let quality = Quality::of(frame, face);
            assert!(quality.overall() < good.overall(), "{quality:?}");
            quality.hint(&limits)
        };
        assert_eq!(
            hint(&with_light(&frame, |v| v * 0.1), &face),
            Some(Hint::TooDark)
        );
        assert_eq!(
            hint(&with_light(&frame, |v| 245.0 + v * 0.04), &face),
            Some(Hint::TooBright)
        );
        assert_eq!(
            hint(&with_light(&frame, |v| 120.0 + v * 0.02), &face),
            Some(Hint::TooDark),
            "no contrast"
        );
        assert_eq!(hint(&blurred(&frame, 12), &face), Some(Hint::HoldStill));
        let far = reshaped(&frame, (640, 480), |x, y| {
            (x * 2.5 - 500.0, y * 2.5 - 300.0)
        });
        let far_face = engine.detect(&far).unwrap()[0];
        assert_eq!(hint(&far, &far_face), Some(Hint::TooFar));

        let mut turned = face;
        turned.landmarks[2].x += face.bounds.width * 0.4;
        assert_eq!(
            Quality::of(&frame, &turned).hint(&limits),
            Some(Hint::LookAtCamera)
        );
        turned.landmarks[2].x = f32::NAN;
        assert!(Quality::of(&frame, &turned).hint(&limits).is_some());
        let mut close = face;
        close.bounds.height = 479.0;
        assert_eq!(
            Quality::of(&frame, &close).hint(&limits),
            Some(Hint::TooClose)
        );
        let mut aside = face;
        aside.bounds.x = 640.0 - face.bounds.width / 2.0;
        assert_eq!(
            Quality::of(&frame, &aside).hint(&limits),
            Some(Hint::OffCenter)
        );
    }
}

/// Turning the frame turns the roll to the same side. By much less: on the small canvas the
/// detector sees a sixth of a tilt.
#[test]
fn roll_follows_the_frame() {
    let mut engine = engine();
    let mut roll = |degrees: f32| {
        let turned = turned(&mut engine, degrees);
        let found = engine.detect(&turned).unwrap()[0];
        Quality::of(&turned, &found).roll
    };
    let [left, straight, right] = [-20.0, 0.0, 20.0].map(&mut roll);
    assert!(
        left + 1.5 < straight && straight + 1.5 < right,
        "{left} {straight} {right}"
    );
}

/// The astronaut, turned about the middle of the face.
fn turned(engine: &mut Engine, degrees: f32) -> Frame {
    let frame = astronaut();
    let face = engine.detect(&frame).unwrap()[0];
    let (cx, cy) = (
        face.bounds.x + face.bounds.width / 2.0,
        face.bounds.y + face.bounds.height / 2.0,
    );
    let (sin, cos) = degrees.to_radians().sin_cos();
    reshaped(&frame, (640, 480), |x, y| {
        let (dx, dy) = (x - cx, y - cy);
        (cx + dx * cos + dy * sin, cy - dx * sin + dy * cos)
    })
}

/// What the second look is for: the same face, tilted, compares as itself; better than by the first
/// look's landmarks.
#[test]
fn needs_every_model_a_tilted_face_is_still_known() {
    let mut engine = engine();
    let dirs = support::models();
    let manifest = Manifest::load(&dirs.models.join("manifest.toml")).unwrap();
    let runtime = Runtime::load(&dirs.runtime).unwrap();
    let mut plain = Embedder::open(&runtime, &dirs, manifest.named("reid-0095").unwrap()).unwrap();
    let upright = astronaut();
    let face = engine.detect(&upright).unwrap()[0];
    let known = [engine.embed(&upright, &face).unwrap().unwrap()];
    let known_plain = [plain.embed(&upright, &face).unwrap().unwrap()];
    let (mut with, mut without) = (0.0, 0.0);
    for degrees in [-30.0, -20.0, 20.0, 30.0] {
        let frame = turned(&mut engine, degrees);
        let face = engine.detect(&frame).unwrap()[0];
        let score = compare(&engine.embed(&frame, &face).unwrap().unwrap(), &known).unwrap();
        assert!(score > 0.75, "{degrees}: {score}");
        with += score / 4.0;
        without +=
            compare(&plain.embed(&frame, &face).unwrap().unwrap(), &known_plain).unwrap() / 4.0;
    }
    assert!(with > without + 0.01, "{with} {without}");
}
