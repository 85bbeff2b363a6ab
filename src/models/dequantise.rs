//! Block-quantised ONNX networks with their weights as 32-bit floats again.
//!
//! opencv_zoo publishes weights as 8-bit integers with a scale and a zero point for each block of
//! an axis. Each `DequantizeLinear` with a block size becomes the tensor that it computes
//! (onnx/onnx `Operators.md`, DequantizeLinear-21), and so does each `Reshape` of a constant.
//! Inputs of the graph that are constants, and constants that no node reads, are dropped. The same
//! file gives the same bytes, so that the result can be pinned by digest.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::graph::tensor;
use super::protobuf::{Message, Value, edit, fields, rebuild};
use super::tensor::{Blocks, Tensor};

/// Why a network could not be de-quantised.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum DequantiseError {
    #[error("is not an ONNX model")]
    Malformed,
    #[error("{node}: {detail}")]
    Node { node: String, detail: &'static str },
}

// Field numbers of onnx.proto3.
const MODEL_GRAPH: u64 = 7;
const GRAPH_NODE: u64 = 1;
const GRAPH_INITIALIZER: u64 = 5;
const GRAPH_INPUT: u64 = 11;
const GRAPH_OUTPUT: u64 = 12;
const GRAPH_VALUE_INFO: u64 = 13;
const VALUE_INFO_NAME: u64 = 1;

/// Values computed and stored at most for each byte of the model: each quantised value is a byte,
/// and is computed once and stored once.
const WORK: usize = 2;

/// The model with its block-quantised weights as 32-bit floats.
///
/// # Errors
/// [`DequantiseError`]: not a model, or quantised in a way that is not in the subset.
pub fn dequantise(model: &[u8]) -> Result<Vec<u8>, DequantiseError> {
    let mut failure = None;
    let edited = edit(model, MODEL_GRAPH, |graph| match fold(graph, model.len()) {
        Ok(graph) => Some(graph),
        Err(error) => {
            failure = Some(error);
            None
        }
    });
    match failure {
        Some(error) => Err(error),
        None => edited.ok_or(DequantiseError::Malformed),
    }
}

fn fold(graph: &[u8], bytes: usize) -> Result<Vec<u8>, DequantiseError> {
    let fields = fields(graph).ok_or(DequantiseError::Malformed)?;
    let mut constants = Constants::read(&fields, bytes.saturating_mul(WORK))?;
    // Which of the graph's nodes stay, in its order.
    let mut stays = Vec::new();
    let mut read = BTreeSet::new();
    for bytes in all(&fields, GRAPH_NODE) {
        let node = Node::read(bytes).ok_or(DequantiseError::Malformed)?;
        let folded = constants.fold(&node)?;
        stays.push(!folded);
        if !folded {
            read.extend(node.inputs);
        }
    }
    for output in all(&fields, GRAPH_OUTPUT) {
        read.insert(name_of(output).ok_or(DequantiseError::Malformed)?);
    }
    let made = constants.stored(&read)?;
    let mut stays = stays.into_iter();
    let mut kept = Vec::with_capacity(fields.len());
    for (field, value) in &fields {
        let keep = match (*field, value) {
            (GRAPH_NODE, Value::Bytes(_)) => stays.next().unwrap_or(true),
            (GRAPH_INITIALIZER, Value::Bytes(bytes)) => {
                Tensor::read(bytes).is_some_and(|tensor| read.contains(tensor.name))
            }
            (GRAPH_INPUT, Value::Bytes(bytes)) => {
                name_of(bytes).is_some_and(|name| read.contains(name) && !constants.known(name))
            }
            // The types of tensors that may be gone: the runtime works them out again.
            (GRAPH_VALUE_INFO, _) => false,
            _ => true,
        };
        if keep {
            kept.push((*field, *value));
        }
    }
    Ok(rebuild(kept).messages(GRAPH_INITIALIZER, made).into_bytes())
}

fn all<'a>(fields: &[(u64, Value<'a>)], number: u64) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter_map(move |(field, value)| match value {
        Value::Bytes(bytes) if *field == number => Some(*bytes),
        _ => None,
    })
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The name of a `ValueInfoProto`.
fn name_of(bytes: &[u8]) -> Option<&str> {
    text(all(&fields(bytes)?, VALUE_INFO_NAME).next()?)
}

/// The parts of a `NodeProto` that folding looks at.
struct Node<'a> {
    inputs: Vec<&'a str>,
    outputs: Vec<&'a str>,
    kind: &'a str,
    /// Whole-number attributes.
    numbers: BTreeMap<&'a str, i64>,
}

impl<'a> Node<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let parts = fields(bytes)?;
        let mut numbers = BTreeMap::new();
        for attribute in all(&parts, 5) {
            let attribute = fields(attribute)?;
            let number = attribute.iter().find_map(|(field, value)| match value {
                Value::Varint(number) if *field == 3 => Some(*number as i64),
                _ => None,
            });
            if let Some(number) = number {
                numbers.insert(text(all(&attribute, 1).next()?)?, number);
            }
        }
        Some(Self {
            inputs: all(&parts, 1).map(text).collect::<Option<_>>()?,
            outputs: all(&parts, 2).map(text).collect::<Option<_>>()?,
            kind: text(all(&parts, 4).next()?)?,
            numbers,
        })
    }

    fn refuse(&self, detail: &'static str) -> DequantiseError {
        DequantiseError::Node {
            node: self.outputs.first().copied().unwrap_or("?").into(),
            detail,
        }
    }
}

/// A tensor that took the place of a node.
struct Made {
    shape: Vec<i64>,
    values: Rc<[f32]>,
}

/// What is known before any input is: the published constants, and those made of them.
struct Constants<'a> {
    published: BTreeMap<&'a str, Tensor<'a>>,
    made: BTreeMap<&'a str, Made>,
    /// The names of what was made, in the order of the nodes.
    order: Vec<&'a str>,
    /// Values that may still be computed or stored, so that a small file cannot ask for an endless
    /// one.
    budget: usize,
}

impl<'a> Constants<'a> {
    fn read(fields: &[(u64, Value<'a>)], budget: usize) -> Result<Self, DequantiseError> {
        let tensors = all(fields, GRAPH_INITIALIZER).map(Tensor::read);
        let published = tensors.map(|tensor| tensor.map(|tensor| (tensor.name, tensor)));
        Ok(Self {
            published: published
                .collect::<Option<_>>()
                .ok_or(DequantiseError::Malformed)?,
            made: BTreeMap::new(),
            order: Vec::new(),
            budget,
        })
    }

    fn known(&self, name: &str) -> bool {
        self.published.contains_key(name) || self.made.contains_key(name)
    }

    /// Whether the node's result is a constant, which is known from then on.
    fn fold(&mut self, node: &Node<'a>) -> Result<bool, DequantiseError> {
        let made = match node.kind {
            "DequantizeLinear" => self.dequantised(node)?,
            "Reshape" if node.inputs.first().is_some_and(|data| self.known(data)) => {
                self.reshaped(node)?
            }
            _ => return Ok(false),
        };
        let [output] = node.outputs[..] else {
            return Err(node.refuse("does not have one output"));
        };
        if self.known(output) {
            return Err(node.refuse("is computed twice"));
        }
        self.made.insert(output, made);
        self.order.push(output);
        Ok(true)
    }

    fn dequantised(&mut self, node: &Node<'a>) -> Result<Made, DequantiseError> {
        let published = |index: usize| node.inputs.get(index).map(|name| self.published.get(name));
        let (Some(Some(weights)), Some(Some(scales))) = (published(0), published(1)) else {
            return Err(node.refuse("its weights or scales are no constants"));
        };
        let zeros = match published(2) {
            Some(Some(zeros)) => Some(zeros),
            Some(None) => return Err(node.refuse("its zero points are no constant")),
            None => None,
        };
        let Some(size) = node.numbers.get("block_size").filter(|size| **size > 0) else {
            return Err(node.refuse("has no blocks"));
        };
        let axis = node.numbers.get("axis").copied().unwrap_or(1);
        let blocks = Blocks::new(&weights.shape, axis, *size)
            .ok_or_else(|| node.refuse("has an axis outside its weights"))?;
        self.budget = self
            .budget
            .checked_sub(blocks.count)
            .ok_or_else(|| node.refuse("asks for more than the file warrants"))?;
        let values = blocks
            .values(weights, scales, zeros)
            .map_err(|detail| node.refuse(detail))?;
        Ok(Made {
            shape: weights.shape.clone(),
            values,
        })
    }

    fn reshaped(&mut self, node: &Node<'a>) -> Result<Made, DequantiseError> {
        if node.numbers.get("allowzero").is_some_and(|zero| *zero != 0) {
            return Err(node.refuse("reshapes in a way that is not in the subset"));
        }
        let [data, shape] = node.inputs[..] else {
            return Err(node.refuse("does not have two inputs"));
        };
        let wanted = self.published.get(shape).and_then(Tensor::numbers);
        let wanted = wanted.ok_or_else(|| node.refuse("its shape is no constant"))?;
        let (from, values) = match (self.made.get(data), self.published.get(data)) {
            (Some(made), _) => (made.shape.clone(), Rc::clone(&made.values)),
            (None, Some(tensor)) => {
                let values: Rc<[f32]> = tensor
                    .floats()
                    .ok_or_else(|| node.refuse("reshapes no floats"))?
                    .into();
                self.budget = self
                    .budget
                    .checked_sub(values.len())
                    .ok_or_else(|| node.refuse("asks for more than the file warrants"))?;
                (tensor.shape.clone(), values)
            }
            (None, None) => return Err(node.refuse("reshapes no constant")),
        };
        let shape = super::tensor::reshape(&from, &wanted)
            .ok_or_else(|| node.refuse("its shape is not as large as what it reshapes"))?;
        Ok(Made { shape, values })
    }

    /// What was made and is still read, as initialisers.
    fn stored(&mut self, read: &BTreeSet<&str>) -> Result<Vec<Message>, DequantiseError> {
        let mut stored = Vec::new();
        for name in self.order.iter().filter(|name| read.contains(*name)) {
            let made = &self.made[name];
            self.budget = self.budget.checked_sub(made.values.len()).ok_or_else(|| {
                DequantiseError::Node {
                    node: (*name).into(),
                    detail: "asks for more than the file warrants",
                }
            })?;
            stored.push(tensor(name, &made.shape, made.values.iter().copied()));
        }
        Ok(stored)
    }
}
