//! The converter of OpenVINO networks: XML up to a zero byte, weights after it. Refused, or a
//! network of bounded size, the same each time, and readable by our own reader of ONNX.
#![no_main]

use facelock::models::{Dimension, ir_to_onnx, set_input_dimensions};
use facelock_fuzz::{Front, bounded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut front = Front(data);
    let Ok(xml) = std::str::from_utf8(front.until_zero()) else {
        return;
    };
    let weights = front.0;
    let convert = || ir_to_onnx(xml, weights, "x", "y");
    let Ok(model) = bounded(512 * data.len() + 64 * 1024, convert) else {
        return;
    };
    // Each value of the weights may be stored four times, as four bytes; each word of the XML a few
    // times.
    assert!(
        model.len() <= 16 * weights.len() + 64 * xml.len() + 1024,
        "{} bytes of {}",
        model.len(),
        data.len()
    );
    assert_eq!(convert().expect("what was converted once"), model);
    let _ = set_input_dimensions(&model, Dimension::Fixed(1), Dimension::Named("w"));
});
