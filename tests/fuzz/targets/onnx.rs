//! The editors of ONNX files. Sizes: refused, or a file that grows by the new dimensions alone and
//! that a second edit leaves alone. De-quantising: refused, or a file of bounded size in which
//! nothing is left to do.
#![no_main]

use facelock::models::{Dimension, dequantise, set_input_dimensions};
use facelock_fuzz::bounded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|model: &[u8]| {
    if let Ok(folded) = bounded(512 * model.len() + 4096, || dequantise(model)) {
        assert!(folded.len() <= 16 * model.len() + 64);
        assert_eq!(dequantise(&folded).as_deref(), Ok(&*folded));
    }
    let edit = |model: &[u8]| {
        set_input_dimensions(model, Dimension::Fixed(640), Dimension::Named("width"))
    };
    // A field of two bytes is read as a few words.
    let Some(edited) = bounded(256 * model.len() + 4096, || edit(model)) else {
        return;
    };
    assert!(edited.len() <= 32 * model.len() + 64);
    assert_eq!(edit(&edited).as_deref(), Some(&*edited));
});
