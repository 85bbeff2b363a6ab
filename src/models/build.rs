//! An installed file from its published ones.
#![forbid(unsafe_code)]

use super::dequantise::dequantise;
use super::openvino::ir_to_onnx;
use super::patch::{Dimension, set_input_dimensions};
use crate::onnx::Conversion;

/// The file that a conversion makes of its sources.
///
/// # Errors
/// What is wrong with them.
pub fn build(conversion: Conversion, sources: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    match (conversion, sources) {
        (Conversion::None, [file]) => Ok(file.clone()),
        (Conversion::FreeSize, [file]) => free_size(file),
        (Conversion::Dequantise, [file]) => dequantise(file).map_err(|error| error.to_string()),
        (Conversion::DequantiseFreeSize, [file]) => {
            free_size(&dequantise(file).map_err(|error| error.to_string())?)
        }
        (Conversion::OpenvinoIr, [xml, weights]) => {
            let xml = std::str::from_utf8(xml).map_err(|error| error.to_string())?;
            ir_to_onnx(xml, weights, "data", "embedding").map_err(|error| error.to_string())
        }
        _ => Err("the manifest names the wrong number of sources".into()),
    }
}

fn free_size(model: &[u8]) -> Result<Vec<u8>, String> {
    let (height, width) = (Dimension::Named("height"), Dimension::Named("width"));
    set_input_dimensions(model, height, width).ok_or_else(|| "is not an ONNX model".into())
}
