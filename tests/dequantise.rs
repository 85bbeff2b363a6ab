//! Block-quantised networks become what their publisher's format says they compute, or are refused.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use facelock::models::{DequantiseError, dequantise};
use facelock::onnx::{Manifest, ModelDirs, ModelEntry, Runtime, Session};
use facelock::types::Digest;
use proptest::prelude::*;
use support::onnx::{
    BLOCK, INT8, Network, SCALES, UINT8, WEIGHTS, ZEROS, floats, node, numbers, tensor,
};

/// Runs a model on one input and gives its only output.
fn run(model: &[u8], shape: [usize; 4], values: &[f32]) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[[model]]\nname = \"a\"\nrole = \"pad\"\nfile = \"a.onnx\"\nsha256 = \"{}\"\nlicence = \"\"\n\
         licence_url = \"\"\nconversion = \"none\"\ninput = \"\"\ntraining_data = \"\"\noptional = false\n\
         sources = []\n",
        Digest::of(model)
    );
    std::fs::write(folder.path().join("a.onnx"), model).unwrap();
    let dirs = ModelDirs {
        models: folder.path().into(),
        cache: folder.path().join("none"),
        runtime: support::models().runtime,
    };
    let entry = &Manifest::parse(&text).unwrap().model[0];
    open(&dirs, entry)
        .run(shape, values)
        .unwrap()
        .remove(0)
        .values
}

fn open(dirs: &ModelDirs, entry: &ModelEntry) -> Session {
    let runtime = Runtime::load(&dirs.runtime).unwrap();
    Session::open(&runtime, dirs, entry, &[]).unwrap()
}

/// (x − zero point) · scale, written out once more.
fn weight(row: usize, column: usize) -> f32 {
    let block = row * 3 + column / BLOCK as usize;
    (f32::from(WEIGHTS[row * 5 + column]) - f32::from(ZEROS[block])) * SCALES[block]
}

#[test]
fn a_dequantised_network_computes_what_its_blocks_say() {
    let model = dequantise(&Network::default().file()).unwrap();
    assert_eq!(model, dequantise(&Network::default().file()).unwrap());
    // Each column of the weights by itself.
    for column in 0..5 {
        let mut x = [0.0; 5];
        x[column] = 1.0;
        let y = run(&model, [1, 5, 1, 1], &x);
        assert_eq!(y, [weight(0, column), weight(1, column)], "{column}");
    }
}

#[test]
fn nothing_of_the_quantised_form_is_left() {
    let model = dequantise(&Network::default().file()).unwrap();
    let holds = |text: &str| {
        model
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("Conv"));
    for gone in [
        "Quantize",
        "DequantizeLinear",
        "Reshape",
        "w_flat",
        "w_scales",
        "w_quantized",
    ] {
        assert!(!holds(gone), "{gone}");
    }
    // There is nothing to do a second time.
    assert_eq!(dequantise(&model).unwrap(), model);
}

#[test]
fn zero_points_may_be_left_out_and_blocks_may_run_down_the_columns() {
    let network = Network {
        zeros: None,
        scales: Some(floats("w_scales", &[1, 5], &[1.0, 2.0, 4.0, 8.0, 16.0])),
        blocks: vec![("block_size", 64), ("axis", -2)],
        ..Network::default()
    };
    let y = run(
        &dequantise(&network.file()).unwrap(),
        [1, 5, 1, 1],
        &[0.0, 0.0, 0.0, 0.0, 1.0],
    );
    assert_eq!(y, [0.0, -1600.0]);
    let unsigned = Network {
        weights: tensor("w_quantized", UINT8, &[2, 5], &[255; 10]),
        zeros: Some(tensor("w_zeros", UINT8, &[2, 3], &[128; 6])),
        ..Network::default()
    };
    let y = run(
        &dequantise(&unsigned.file()).unwrap(),
        [1, 5, 1, 1],
        &[1.0, 0.0, 0.0, 0.0, 0.0],
    );
    assert_eq!(y, [127.0 * SCALES[0], 127.0 * SCALES[3]]);
}

/// The network that `change` makes, and why it was refused.
fn refusal(change: impl FnOnce(&mut Network)) -> String {
    let mut network = Network::default();
    change(&mut network);
    match dequantise(&network.file()) {
        Err(DequantiseError::Node { detail, .. }) => detail.into(),
        other => panic!("{:?}", other.map(|model| model.len())),
    }
}

#[test]
fn what_the_format_does_not_say_is_not_guessed() {
    let each = "its scales or zero points are not one for each block";
    assert_eq!(refusal(|n| n.blocks[0].1 = 3), each);
    assert_eq!(refusal(|n| n.blocks[0].1 = i64::MAX), each);
    assert_eq!(refusal(|n| n.blocks[1].1 = 0), each);
    assert_eq!(refusal(|n| n.blocks[0].1 = 0), "has no blocks");
    assert_eq!(refusal(|n| n.blocks[0].1 = -2), "has no blocks");
    assert_eq!(refusal(|n| n.blocks.truncate(0)), "has no blocks");
    for axis in [2, -3, i64::MIN, i64::MAX] {
        let refused = refusal(|n| n.blocks[1].1 = axis);
        assert_eq!(refused, "has an axis outside its weights");
    }
    let missing = "its weights or scales are no constants";
    assert_eq!(refusal(|n| n.scales = None), missing);
    let short = floats("w_scales", &[2, 3], &SCALES[..5]);
    assert_eq!(
        refusal(|n| n.scales = Some(short)),
        "its scales are no 32-bit floats"
    );
    let halves = tensor("w_scales", 10, &[2, 3], &[0; 12]);
    assert_eq!(
        refusal(|n| n.scales = Some(halves)),
        "its scales are no 32-bit floats"
    );
    let other = tensor("w_zeros", UINT8, &[2, 3], &[0; 6]);
    assert_eq!(
        refusal(|n| n.zeros = Some(other)),
        "its zero points are of another kind than its weights"
    );
    for (kind, shape, raw) in [
        (INT8, [2, 5], vec![0; 9]),
        (INT8, [2, 5], vec![]),
        (3 << 32, [2, 5], vec![0; 10]),
        (22, [2, 5], vec![0; 5]),
    ] {
        let weights = tensor("w_quantized", kind, &shape, &raw);
        let zeros = tensor("w_zeros", kind, &[2, 3], &[0; 6]);
        assert_eq!(
            refusal(|n| (n.weights, n.zeros) = (weights, Some(zeros))),
            if kind == INT8 {
                "its weights are not as many 8-bit integers as their shape says"
            } else {
                "its zero points are not as many as their shape says"
            },
        );
    }
}

#[test]
fn a_shape_that_does_not_hold_its_values_is_refused() {
    let large = "its shape is not as large as what it reshapes";
    for shape in [
        &[2, 5, 2][..],
        &[2, 5, 1, 2],
        &[-1, -1],
        &[-1, 3],
        &[3, 0],
        &[],
        &[-10],
        &[i64::MAX, 8],
    ] {
        assert_eq!(
            refusal(|n| n.shape = numbers("w_shape", shape)),
            large,
            "{shape:?}"
        );
    }
    assert_eq!(
        refusal(|n| n.shape = floats("w_shape", &[4], &[2.0, 5.0, 1.0, 1.0])),
        "its shape is no constant"
    );
    assert_eq!(
        refusal(|n| n.reshape.push(("allowzero", 1))),
        "reshapes in a way that is not in the subset"
    );
    let twice = node("Reshape", &["w_flat", "w_shape"], "w", &[]);
    assert_eq!(refusal(|n| n.nodes.push(twice)), "is computed twice");
}

#[test]
fn a_small_file_cannot_ask_for_endless_work() {
    let uses = |count: usize| {
        let mut network = Network::default();
        for i in 0..count {
            let (made, read) = (format!("d{i}"), format!("r{i}"));
            let inputs = ["w_quantized", "w_scales", "w_zeros"];
            network
                .nodes
                .push(node("DequantizeLinear", &inputs, &made, &network.blocks));
            network.nodes.push(node("Relu", &[&made], &read, &[]));
        }
        dequantise(&network.file())
    };
    assert!(uses(1).is_ok());
    // One tensor that is large for its file, read again and again.
    let mut network = Network {
        weights: tensor("w_quantized", INT8, &[2, 5000], &[1; 10_000]),
        scales: Some(floats("w_scales", &[2, 1], &[1.0; 2])),
        zeros: None,
        shape: numbers("w_shape", &[2, 5000, 1, 1]),
        blocks: vec![("block_size", 5000), ("axis", 1)],
        ..Network::default()
    };
    assert!(dequantise(&network.file()).is_ok());
    for i in 0..3 {
        let made = format!("d{i}");
        network.nodes.push(node(
            "DequantizeLinear",
            &["w_quantized", "w_scales"],
            &made,
            &network.blocks,
        ));
    }
    let refused = dequantise(&network.file()).unwrap_err();
    assert!(
        refused.to_string().contains("more than the file warrants"),
        "{refused}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Bytes replaced, the end cut off: an error or a model of bounded size, never a panic.
    #[test]
    fn damage_is_survived(
        at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(), whole in any::<bool>(),
    ) {
        let mut file = Network::default().file();
        for (index, byte) in at {
            let at = index.index(file.len());
            file[at] = byte;
        }
        if !whole {
            file.truncate(cut.index(file.len()));
        }
        if let Ok(model) = dequantise(&file) {
            prop_assert!(model.len() <= 16 * file.len() + 64);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = dequantise(&bytes);
    }
}

/// What tools/check-dequantised.py prints: the first values that the network gives for
/// x[i] = 37 i mod 256, by ONNX Runtime from PyPI, on weights that numpy de-quantised.
const SFACE: [f32; 8] = [
    -0.65821, -0.04089, 0.26888, -0.3026, 0.05042, 0.3645, -0.09537, -0.31451,
];

#[test]
fn the_installed_sface_gives_the_reference_s_numbers() {
    let dirs = support::models();
    let manifest = Manifest::load(&dirs.models.join("manifest.toml")).unwrap();
    let entry = manifest
        .model
        .iter()
        .find(|entry| entry.name == "sface")
        .unwrap();
    let input: Vec<f32> = (0..3 * 112 * 112).map(|i| (i * 37 % 256) as f32).collect();
    let output = open(&dirs, entry)
        .run([1, 3, 112, 112], &input)
        .unwrap()
        .remove(0);
    assert_eq!((output.name.as_str(), output.values.len()), ("fc1", 128));
    for (ours, reference) in output.values.iter().zip(SFACE) {
        assert!((ours - reference).abs() < 1e-4, "{:?}", &output.values[..8]);
    }
}
