//! Presentation attack detection with the real models, against numbers recorded from a reference
//! implementation.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use facelock::face::Engine;
use facelock::onnx::ModelError;
use facelock::pad::{Judgement, Pad, PadOptions};
use facelock::types::{Detection, Frame, Liveness, PixelFormat, Point, Rect, Spectrum};

const CNN: PadOptions = PadOptions {
    cnn: true,
    infrared: true,
    motion: false,
};

fn face_of(row: &[f32]) -> Detection {
    let landmarks = std::array::from_fn(|n| Point {
        x: row[4 + 2 * n],
        y: row[5 + 2 * n],
    });
    let bounds = Rect {
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

/// How far the class "real" is ahead, from recorded probabilities.
fn margin(classes: &serde_json::Value) -> f32 {
    let real = classes[1].as_f64().unwrap();
    (real / (1.0 - real)).ln() as f32
}

fn first(pad: &mut Pad, frame: &Frame, face: &Detection) -> Judgement {
    pad.begin_face();
    judge(pad, frame, face)
}

fn judge(pad: &mut Pad, frame: &Frame, face: &Detection) -> Judgement {
    let evidence = pad.examine(frame, face, Spectrum::Color).unwrap();
    pad.fuse(&evidence)
}

#[test]
fn needs_reference_data_needs_liveness_networks_margins_are_the_reference_s() {
    let folder = support::data("golden");
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("golden.json")).unwrap())
            .unwrap();
    let mut pad = Pad::load(&support::models(), CNN).unwrap();
    let mut judged = 0;
    for case in json.as_array().unwrap() {
        // Four decimals of a probability near 1 say nothing of its margin.
        let expected = (margin(&case["minifas_v2_2p7"]) + margin(&case["minifas_v1se_4p0"])) / 2.0;
        if !expected.is_finite() || expected.abs() > 6.5 {
            continue;
        }
        let frame = support::png(
            &folder
                .parent()
                .unwrap()
                .join(case["image"].as_str().unwrap()),
        );
        let row: Vec<f32> = case["yunet_rows"][case["best"].as_u64().unwrap() as usize]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap() as f32)
            .collect();
        pad.begin_face();
        let evidence = pad
            .examine(&frame, &face_of(&row), Spectrum::Color)
            .unwrap();
        let reading = evidence.of("cnn").unwrap().reading.unwrap();
        assert!((reading - expected).abs() < 0.25, "{reading} {expected}");
        judged += 1;
    }
    assert!(judged >= 5, "{judged} cases with a reference");
}

fn frames(name: &str) -> Frame {
    let folder = support::root().join("target/samples").join(name);
    support::png(&folder)
}

#[test]
fn needs_liveness_networks_the_recorded_portraits_are_live_often_enough_for_a_match() {
    let mut pad = Pad::load(&support::models(), CNN).unwrap();
    let mut engine = Engine::load(&support::models()).unwrap();
    for name in ["astronaut", "astronaut-later", "hopper", "hopper-later"] {
        pad.begin_face();
        let mut live = 0;
        for n in (0..45).step_by(3) {
            let frame = frames(&format!("{name}/{n:03}.png"));
            let face = engine.detect(&frame).unwrap()[0];
            live += u32::from(judge(&mut pad, &frame, &face).live == Liveness::Live);
        }
        assert!(live >= 2, "{name}: {live} of 15");
    }
}

/// The frame with so much grain.
fn grainy(frame: &Frame, sigma: f32) -> Frame {
    let mut state = 1_u32;
    let mut roll = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let grain = |v: &u8| (f32::from(*v) + 3.5 * sigma * roll()).round() as u8;
    let pixels = frame.pixels().iter().map(grain).collect();
    Frame::new(frame.width(), frame.height(), frame.format(), pixels).unwrap()
}

#[test]
fn needs_liveness_networks_a_face_near_the_bound_is_live_but_where_the_enrollment_was_surer() {
    let mut pad = Pad::load(&support::models(), CNN).unwrap();
    let clear = frames("astronaut/000.png");
    let face = Engine::load(&support::models())
        .unwrap()
        .detect(&clear)
        .unwrap()[0];
    let reading = |pad: &mut Pad, frame: &Frame| {
        pad.begin_face();
        let evidence = pad.examine(frame, &face, Spectrum::Color).unwrap();
        evidence.margin().unwrap()
    };
    let mut grains = (0..60).map(|sigma| grainy(&clear, sigma as f32));
    let near = grains.find(|frame| (-3.0..-0.5).contains(&reading(&mut pad, frame)));
    let near = near.expect("some grain brings the face near the bound");
    let mut fifth = |own| {
        pad.begin_face();
        pad.expect(own);
        let judged = (0..5).map(|_| judge(&mut pad, &near, &face).live);
        judged.last().unwrap()
    };
    assert_eq!(fifth(None), Liveness::Live);
    assert_eq!(fifth(Some(12.0)), Liveness::Undecided);
    assert_eq!(fifth(Some(3.0)), Liveness::Live);
    assert_eq!(fifth(None), Liveness::Live, "the next one's is another's");
}

#[test]
fn needs_liveness_networks_gray_frames_and_boxes_that_hold_nothing_are_never_live() {
    let mut pad = Pad::load(&support::models(), CNN).unwrap();
    let frame = frames("astronaut/000.png");
    let mut engine = Engine::load(&support::models()).unwrap();
    let face = engine.detect(&frame).unwrap()[0];
    let gray = frame.pixels().chunks_exact(3).map(|p| p[1]).collect();
    let gray = Frame::new(frame.width(), frame.height(), PixelFormat::Gray8, gray).unwrap();
    assert_eq!(first(&mut pad, &gray, &face), Judgement::UNDECIDED);

    let at = |x, y, width, height| Detection {
        bounds: Rect {
            x,
            y,
            width,
            height,
        },
        ..face
    };
    let numbers = [
        0.0,
        -5.0,
        1e9,
        -1e9,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
    ];
    for a in numbers {
        for b in numbers {
            for odd in [at(a, b, 100.0, 100.0), at(10.0, 10.0, a, b), at(a, a, b, b)] {
                let word = first(&mut pad, &frame, &odd);
                assert!(
                    word.score.is_none_or(|s| (0.0..=1.0).contains(&s)),
                    "{odd:?} {word:?}"
                );
                let holds = odd.bounds.width >= 1.0 && odd.bounds.height >= 1.0;
                assert!(holds || word.live != Liveness::Live, "{odd:?} {word:?}");
            }
        }
    }
    let mut broken = face;
    broken.landmarks[3].y = f32::NAN;
    assert_eq!(first(&mut pad, &frame, &broken).live, Liveness::Failed);
    let tiny = Frame::new(4, 4, PixelFormat::Bgr8, vec![9; 48]).unwrap();
    assert!(pad.examine(&tiny, &face, Spectrum::Color).is_ok());
}

#[test]
fn needs_liveness_networks_infrared_and_color_take_no_word_of_the_other_s_network() {
    let mut pad = Pad::load(&support::models(), CNN).unwrap();
    let frame = frames("astronaut/000.png");
    let mut engine = Engine::load(&support::models()).unwrap();
    let face = engine.detect(&frame).unwrap()[0];
    let infrared = pad.examine(&frame, &face, Spectrum::Infrared).unwrap();
    assert!(infrared.of("cnn").is_none() && infrared.of("infrared").is_some());
    let color = pad.examine(&frame, &face, Spectrum::Color).unwrap();
    assert!(color.of("cnn").is_some() && color.of("infrared").is_none());
}

#[test]
fn without_its_model_the_detector_does_not_load() {
    let dirs = support::models();
    let folder = tempfile::tempdir().unwrap();
    let mut moved = dirs.clone();
    moved.models = folder.path().into();
    moved.cache = folder.path().join("none");
    std::fs::copy(
        dirs.models.join("manifest.toml"),
        folder.path().join("manifest.toml"),
    )
    .unwrap();
    assert!(matches!(
        Pad::load(&moved, CNN).err(),
        Some(ModelError::Missing(_))
    ));
}

/// A network of the infrared detector's shape: the brighter its input, the surer it says fake.
fn brightness_network() -> Vec<u8> {
    use support::onnx::{Message, floats, node, value};
    let nodes = [
        node("GlobalAveragePool", &["x"], "mean", &[]),
        node("Flatten", &["mean"], "flat", &[("axis", 1)]),
        node("MatMul", &["flat", "w"], "y", &[]),
    ];
    let graph = nodes
        .iter()
        .fold(Message::default(), |graph, node| graph.message(1, node))
        .text(2, "network")
        .message(5, &floats("w", &[3, 2], &[9.0, 0.0, 9.0, 0.0, 9.0, 0.0]))
        .message(11, &value("x", &[1, 3, 112, 112]))
        .message(12, &value("y", &[1, 2]));
    let opset = Message::default().text(1, "").int(2, 13);
    let model = Message::default().int(1, 8).message(7, &graph);
    model.message(8, &opset).0
}

#[test]
fn an_installed_infrared_network_can_only_veto_and_one_that_is_damaged_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let dirs = facelock::onnx::ModelDirs {
        models: folder.path().into(),
        cache: folder.path().join("cache"),
        runtime: support::models().runtime,
    };
    let file = brightness_network();
    let digest = facelock::types::Digest::of(&file);
    let manifest = format!(
        "[[model]]\nname = \"flir\"\nrole = \"infrared_pad\"\nfile = \"flir.onnx\"\n\
         sha256 = \"{digest}\"\nlicence = \"\"\nlicence_url = \"\"\nconversion = \"none\"\nsources = []\ninput = \"\"\n\
         training_data = \"\"\noptional = true\non_request = true\n"
    );
    std::fs::write(folder.path().join("manifest.toml"), manifest).unwrap();
    let options = PadOptions { cnn: false, ..CNN };
    let face = Detection {
        bounds: Rect {
            x: 100.0,
            y: 60.0,
            width: 80.0,
            height: 100.0,
        },
        ..Detection::default()
    };
    let frame = |light| Frame::new(320, 240, PixelFormat::Gray8, vec![light; 320 * 240]).unwrap();
    let said = |pad: &mut Pad, light| {
        let evidence = pad
            .examine(&frame(light), &face, Spectrum::Infrared)
            .unwrap();
        evidence.of("flir").map(|word| word.live)
    };
    let mut without = Pad::load(&dirs, options).unwrap();
    assert_eq!(said(&mut without, 250), None);
    std::fs::write(folder.path().join("flir.onnx"), &file).unwrap();
    let mut pad = Pad::load(&dirs, options).unwrap();
    assert_eq!(said(&mut pad, 250), Some(Liveness::Attack));
    assert_eq!(said(&mut pad, 20), Some(Liveness::Undecided));
    let color = pad.examine(&frame(250), &face, Spectrum::Color).unwrap();
    assert_eq!(color.of("flir"), None);
    std::fs::write(folder.path().join("flir.onnx"), [&file[..], b" "].concat()).unwrap();
    assert!(Pad::load(&dirs, options).is_err());
}
