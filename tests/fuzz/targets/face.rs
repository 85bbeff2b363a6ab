//! From a frame and a detector's numbers, whatever they are, to quality and liveness: bounded, and
//! nothing that is no number is ever good or live.
#![no_main]

use facelock::camera::exposure;
use facelock::face::align::{Similarity, warp};
use facelock::face::{Quality, QualityLimits};
use facelock::onnx::ModelDirs;
use facelock::pad::{Pad, PadOptions};
use facelock::types::{
    Detection, Frame, Illumination, Liveness, PixelFormat, Point, Rect, Spectrum,
};
use facelock_fuzz::{Front, bounded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut front = Front(data);
    let kinds = front.byte();
    let (width, height) = (
        u32::from(front.byte() % 128) + 1,
        u32::from(front.byte() % 128) + 1,
    );
    let format = if kinds & 1 == 0 {
        PixelFormat::Gray8
    } else {
        PixelFormat::Bgr8
    };
    let face = detection(&mut front, kinds & 2 == 0);
    let length = (width * height) as usize * format.channels();
    let pattern = if front.0.is_empty() {
        &[128][..]
    } else {
        front.0
    };
    let pixels = pattern.iter().copied().cycle().take(length).collect();
    let mut frame = Frame::new(width, height, format, pixels).expect("as many bytes");
    let exposure = exposure::judge(&frame);
    assert!((0.0..=255.0).contains(&exposure.mean));
    let quality = bounded(1 << 20, || Quality::of(&frame, &face));
    assert!((0.0..=1.0).contains(&quality.overall()));
    let numbers = [
        quality.width,
        quality.fill,
        quality.brightness,
        quality.yaw,
        quality.pitch,
        quality.roll,
    ];
    if quality.hint(&QualityLimits::VERIFY).is_none() {
        assert!(
            numbers.iter().all(|number| number.is_finite()),
            "{quality:?}"
        );
    }
    if let Some(similarity) = Similarity::to_reference(&face.landmarks, 112) {
        assert_eq!(warp(&frame, &similarity, 112).len(), 112 * 112 * 3);
    }
    let nowhere = ModelDirs {
        models: "/".into(),
        cache: "/".into(),
        runtime: "/".into(),
    };
    let options = PadOptions {
        cnn: false,
        infrared: true,
        motion: true,
    };
    let mut pad = Pad::load(&nowhere, options).expect("no model is wanted");
    let spectrum = if kinds & 4 == 0 {
        Spectrum::Color
    } else {
        Spectrum::Infrared
    };
    if kinds & 8 != 0 {
        frame.illumination = Illumination::Unlit;
        pad.glance(&frame);
        frame.illumination = Illumination::Lit;
    }
    let sound = [
        face.bounds.x,
        face.bounds.y,
        face.bounds.width,
        face.bounds.height,
    ]
    .into_iter()
    .chain(face.landmarks.iter().flat_map(|point| [point.x, point.y]))
    .all(f32::is_finite);
    for _ in 0..2 {
        let evidence = pad.examine(&frame, &face, spectrum).expect("no model runs");
        let judged = pad.fuse(&evidence);
        assert!(
            judged
                .score
                .is_none_or(|score| (0.0..=1.0).contains(&score))
        );
        assert!(sound || judged.live == Liveness::Failed);
    }
});

/// Numbers in the range of pixels, or any at all.
fn detection(front: &mut Front, near: bool) -> Detection {
    let mut number = || {
        if near {
            f32::from(front.half().cast_signed()) / 64.0
        } else {
            front.float()
        }
    };
    let bounds = Rect {
        x: number(),
        y: number(),
        width: number(),
        height: number(),
    };
    let landmarks = std::array::from_fn(|_| Point {
        x: number(),
        y: number(),
    });
    Detection {
        bounds,
        landmarks,
        score: number(),
    }
}
