//! What an install runs: fetching models, converting them, preparing them for this CPU. A login
//! only reads what this room made ([`crate::onnx`]).
#![forbid(unsafe_code)]

mod build;
mod constant;
mod dequantise;
mod fetch;
mod graph;
mod install;
mod openvino;
mod patch;
mod prepare;
mod protobuf;
mod tensor;

pub use dequantise::{DequantiseError, dequantise};
pub use fetch::{Event, Programs, Tried};
pub use install::{InstallError, InstallOptions, Installed, Missing, install};
pub use openvino::{IrError, ir_to_onnx};
pub use patch::{Dimension, set_input_dimensions};
pub use prepare::{prepare, prepare_model};
