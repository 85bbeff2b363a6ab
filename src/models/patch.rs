//! Changes the declared size of a model's images; the weights stay as they are.
#![forbid(unsafe_code)]

use super::protobuf::{Message, edit};

/// A dimension of an ONNX shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension<'a> {
    Fixed(i64),
    Named(&'a str),
}

// Field numbers of onnx.proto3.
const MODEL_GRAPH: u64 = 7;
const GRAPH_INPUT: u64 = 11;
const GRAPH_OUTPUT: u64 = 12;
const VALUE_TYPE: u64 = 2;
const TYPE_TENSOR: u64 = 1;
const TENSOR_SHAPE: u64 = 2;
const SHAPE_DIM: u64 = 1;
const DIM_VALUE: u64 = 1;
const DIM_PARAM: u64 = 2;

/// The model with its inputs' dimensions 2 and 3 (height, width of NCHW) replaced, and its outputs'
/// dimension 1 (as many cells as the size makes) left free. `None` where the bytes are not such a
/// model.
pub fn set_input_dimensions(model: &[u8], height: Dimension, width: Dimension) -> Option<Vec<u8>> {
    edit(model, MODEL_GRAPH, |graph| {
        let graph = edit(graph, GRAPH_INPUT, |input| {
            let input = edit_dimension(input, 2, height)?;
            edit_dimension(&input, 3, width)
        })?;
        let mut n = 0;
        edit(&graph, GRAPH_OUTPUT, |output| {
            n += 1;
            edit_dimension(output, 1, Dimension::Named(&format!("cells_{n}")))
        })
    })
}

fn edit_dimension(value_info: &[u8], index: usize, to: Dimension) -> Option<Vec<u8>> {
    edit(value_info, VALUE_TYPE, |kind| {
        edit(kind, TYPE_TENSOR, |tensor| {
            edit(tensor, TENSOR_SHAPE, |shape| {
                let mut i = 0;
                edit(shape, SHAPE_DIM, |dimension| {
                    i += 1;
                    Some(match to {
                        _ if i != index + 1 => dimension.to_vec(),
                        Dimension::Fixed(n) => Message::default().int(DIM_VALUE, n).into_bytes(),
                        Dimension::Named(name) => {
                            Message::default().text(DIM_PARAM, name).into_bytes()
                        }
                    })
                })
            })
        })
    })
}
