//! Models that are not what they should be, and everything around them that could be wrong.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "onnx/prepared.rs"]
mod prepared;
mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use facelock::models::{Dimension, IrError, ir_to_onnx, prepare_model, set_input_dimensions};
use facelock::onnx::{Manifest, ModelDirs, ModelEntry, ModelError, Runtime, Session};
use facelock::types::Digest;
use proptest::prelude::*;

/// `Parameter [1,2,4,4] → Convolution 1x1 → Add (bias) → PReLU → AvgPool 2x2 → Result`, weights as
/// 16-bit floats: out = prelu(2 a + b + 1) for the first channel, prelu(-a + 0.5) for the second,
/// averaged over 2x2.
const NETWORK: &str = r#"<net name="small" version="11"><layers>
<layer id="0" name="x" type="Parameter"><data shape="1,2,4,4" element_type="f32"/></layer>
<layer id="1" name="w" type="Const"><data element_type="f16" shape="2, 2, 1, 1" offset="0" size="8"/></layer>
<layer id="2" name="w32" type="Convert"><data destination_type="f32"/></layer>
<layer id="3" name="conv" type="Convolution"><data strides="1, 1" dilations="1, 1" pads_begin="0, 0" pads_end="0, 0" auto_pad="explicit"/></layer>
<layer id="4" name="b" type="Const"><data element_type="f16" shape="1, 2, 1, 1" offset="8" size="4"/></layer>
<layer id="5" name="add" type="Add"><data auto_broadcast="numpy"/></layer>
<layer id="6" name="s" type="Const"><data element_type="f16" shape="2" offset="12" size="4"/></layer>
<layer id="7" name="prelu" type="PReLU"/>
<layer id="8" name="pool" type="AvgPool"><data kernel="2, 2" strides="2, 2" pads_begin="0, 0" pads_end="0, 0" exclude-pad="true" auto_pad="explicit" rounding_type="floor"/>
<output><port id="1"><dim>1</dim><dim>2</dim><dim>2</dim><dim>2</dim></port></output></layer>
<layer id="9" name="out" type="Result"/>
</layers><edges>
<edge from-layer="0" from-port="0" to-layer="3" to-port="0"/><edge from-layer="1" from-port="0" to-layer="2" to-port="0"/>
<edge from-layer="2" from-port="1" to-layer="3" to-port="1"/><edge from-layer="3" from-port="2" to-layer="5" to-port="0"/>
<edge from-layer="4" from-port="0" to-layer="5" to-port="1"/><edge from-layer="5" from-port="2" to-layer="7" to-port="0"/>
<edge from-layer="6" from-port="0" to-layer="7" to-port="1"/><edge from-layer="7" from-port="2" to-layer="8" to-port="0"/>
<edge from-layer="8" from-port="1" to-layer="9" to-port="0"/>
</edges></net>"#;

/// As 16-bit floats: 2, 1, -1, 0 (weights); 1, 0.5 (bias); 0.25, 0.5 (slopes).
const WEIGHTS: [u16; 8] = [0x4000, 0x3c00, 0xbc00, 0, 0x3c00, 0x3800, 0x3400, 0x3800];

fn weights() -> Vec<u8> {
    WEIGHTS.iter().flat_map(|half| half.to_le_bytes()).collect()
}

/// A folder with one pinned model, and where its prepared form goes.
struct Folder {
    dirs: ModelDirs,
    entry: ModelEntry,
    _folder: tempfile::TempDir,
}

fn folder(model: &[u8]) -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let dirs = ModelDirs {
        models: folder.path().into(),
        cache: folder.path().join("cache"),
        runtime: support::models().runtime,
    };
    let text = entry(
        "small",
        "small.onnx",
        &Digest::of(model).to_string(),
        "sources = []",
    );
    std::fs::write(folder.path().join("manifest.toml"), &text).unwrap();
    std::fs::write(folder.path().join("small.onnx"), model).unwrap();
    let entry = Manifest::parse(&text).unwrap().model.remove(0);
    Folder {
        dirs,
        entry,
        _folder: folder,
    }
}

fn entry(name: &str, file: &str, sha256: &str, rest: &str) -> String {
    format!(
        "[[model]]\nname = \"{name}\"\nrole = \"pad\"\nfile = \"{file}\"\nsha256 = \"{sha256}\"\nlicence = \"\"\n\
         licence_url = \"\"\nconversion = \"none\"\ninput = \"\"\ntraining_data = \"\"\noptional = false\n{rest}\n"
    )
}

fn run(folder: &Folder) -> Result<Vec<f32>, ModelError> {
    let runtime = Runtime::load(&folder.dirs.runtime)?;
    let mut session = Session::open(&runtime, &folder.dirs, &folder.entry, &[])?;
    let input: Vec<f32> = (0..32).map(|n| n as f32 - 16.0).collect();
    Ok(session.run([1, 2, 4, 4], &input)?.remove(0).values)
}

fn expected() -> Vec<f32> {
    let at = |channel: usize, y: usize, x: usize| (channel * 16 + y * 4 + x) as f32 - 16.0;
    let prelu = |v: f32, slope: f32| if v < 0.0 { v * slope } else { v };
    let cell = |c: usize, y: usize, x: usize| match c {
        0 => prelu(2.0 * at(0, y, x) + at(1, y, x) + 1.0, 0.25),
        _ => prelu(-at(0, y, x) + 0.5, 0.5),
    };
    let mean = |c: usize, y: usize, x: usize| {
        (cell(c, y, x) + cell(c, y, x + 1) + cell(c, y + 1, x) + cell(c, y + 1, x + 1)) / 4.0
    };
    (0..2)
        .flat_map(|c| [(0, 0), (0, 2), (2, 0), (2, 2)].map(|(y, x)| mean(c, y, x)))
        .collect()
}

fn near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
}

fn small() -> Vec<u8> {
    ir_to_onnx(NETWORK, &weights(), "x", "y").unwrap()
}

#[test]
fn a_converted_network_computes_what_the_ir_says() {
    assert_eq!(small(), small());
    let values = run(&folder(&small())).unwrap();
    assert!(near(&values, &expected()), "{values:?}\n{:?}", expected());
}

#[test]
fn grouped_convolutions_and_padded_pools_convert() {
    let grouped = NETWORK
        .replace("type=\"Convolution\"", "type=\"GroupConvolution\"")
        .replace(
            "shape=\"2, 2, 1, 1\" offset=\"0\" size=\"8\"",
            "shape=\"2, 1, 1, 1, 1\" offset=\"0\" size=\"4\"",
        );
    let values = run(&folder(
        &ir_to_onnx(&grouped, &weights(), "x", "y").unwrap(),
    ))
    .unwrap();
    // First channel: 2 a + 1, negative for a < -0.5; the mean of a over the first window is -13.5.
    assert!(
        (values[0] - (2.0 * -13.5 + 1.0) * 0.25).abs() < 1e-4,
        "{values:?}"
    );
    // Second: b + 0.5; the mean of b over its first window is 2.5.
    assert!((values[4] - 3.0).abs() < 1e-4, "{values:?}");
}

#[test]
fn what_the_ir_does_not_say_is_not_guessed() {
    let refused = |from: &str, to: &str| {
        assert_eq!(NETWORK.matches(from).count(), 1, "{from}");
        let error =
            ir_to_onnx(&NETWORK.replace(from, to), &weights(), "x", "y").map(|model| model.len());
        assert!(
            matches!(error, Err(IrError::Layer { .. } | IrError::Incomplete)),
            "{to}: {error:?}"
        );
    };
    refused("offset=\"0\" size=\"8\"", "offset=\"12\" size=\"8\"");
    refused(
        "offset=\"0\" size=\"8\"",
        "offset=\"18446744073709551615\" size=\"8\"",
    );
    refused("offset=\"0\" size=\"8\"", "offset=\"0\" size=\"6\"");
    refused("shape=\"2, 2, 1, 1\"", "shape=\"\"");
    refused("shape=\"2, 2, 1, 1\"", "shape=\"-2, -2, 1, 1\"");
    refused(
        "shape=\"2, 2, 1, 1\"",
        "shape=\"4611686018427387904, 4, 1, 1\"",
    );
    refused("shape=\"1, 2, 1, 1\"", "shape=\"1, 3, 1, 1\"");
    refused("type=\"Convolution\"", "type=\"GroupConvolution\"");
    refused("type=\"PReLU\"", "type=\"Swish\"");
    refused("rounding_type=\"floor\"", "rounding_type=\"ceil\"");
    refused("<dim>1</dim>", "<dim>-1</dim>");
    refused(
        "from-layer=\"8\" from-port=\"1\" to-layer=\"9\"",
        "from-layer=\"77\" from-port=\"1\" to-layer=\"9\"",
    );
    refused(
        "from-layer=\"7\" from-port=\"2\" to-layer=\"8\"",
        "from-layer=\"8\" from-port=\"2\" to-layer=\"8\"",
    );
    refused("<layer id=\"9\" name=\"out\" type=\"Result\"/>", "");
}

#[test]
fn a_small_network_cannot_ask_for_endless_weights() {
    let uses = |n: usize| {
        let (mut layers, mut edges) = (String::new(), String::new());
        for id in 100..100 + n {
            layers += &format!(
                "<layer id=\"{id}\" name=\"c\" type=\"Const\"><data element_type=\"f16\" shape=\"8\" offset=\"0\" size=\"16\"/></layer>\
                 <layer id=\"{}\" name=\"a\" type=\"Multiply\"/>",
                id + 100_000
            );
            edges += &format!(
                "<edge from-layer=\"7\" to-layer=\"{0}\" to-port=\"0\"/><edge from-layer=\"{id}\" to-layer=\"{0}\" to-port=\"1\"/>",
                id + 100_000
            );
        }
        let result = "<layer id=\"9\" name=\"out\" type=\"Result\"/>";
        let xml = NETWORK
            .replace(result, &(layers + result))
            .replace("</edges>", &(edges + "</edges>"));
        ir_to_onnx(&xml, &weights(), "x", "y")
    };
    assert!(uses(4).is_ok());
    assert!(matches!(uses(1000), Err(IrError::Layer { .. })));
}

#[test]
fn deep_and_swollen_xml_is_refused() {
    let deep = "<net>".repeat(100_000);
    assert!(ir_to_onnx(&deep, &[], "x", "y").is_err());
    let laughs = r#"<!DOCTYPE net [<!ENTITY a "aaaaaaaaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
        <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><net>&c;&c;</net>"#;
    assert!(ir_to_onnx(laughs, &[], "x", "y").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Tokens replaced by hostile ones, bytes removed: an error or a network, never a panic.
    #[test]
    fn conversion_survives_any_damage(
        at in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..9), 1..4),
        cut in 0_usize..17,
    ) {
        let hostile = ["-1", "0", "9223372036854775807", "18446744073709551616", "", "x", "3", "8", "1, 1, 1, 1"];
        let mut parts: Vec<String> = NETWORK.split('"').map(Into::into).collect();
        for (index, with) in at {
            let value = index.index(parts.len() / 2) * 2 + 1;
            parts[value] = hostile[with].into();
        }
        let mut weights = weights();
        weights.truncate(cut);
        if let Ok(model) = ir_to_onnx(&parts.join("\""), &weights, "x", "y") {
            prop_assert!(model.len() < 100_000);
        }
    }

    #[test]
    fn resizing_survives_any_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        flip in any::<prop::sample::Index>(),
    ) {
        let _ = set_input_dimensions(&bytes, Dimension::Fixed(1), Dimension::Named("w"));
        let mut model = small();
        let at = flip.index(model.len());
        model[at] ^= 0x55;
        let _ = set_input_dimensions(&model, Dimension::Fixed(1), Dimension::Named("w"));
    }
}
