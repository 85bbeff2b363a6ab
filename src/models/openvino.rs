//! OpenVINO IR (version 11, convolutional networks) to ONNX (opset 13, IR version 8).
//!
//! Weights stored as 16-bit floats become 32-bit floats, which loses nothing. The same input gives
//! the same bytes, so that the result can be pinned by digest. Operation semantics: OpenVINO opset
//! specifications; onnx/onnx `Operators.md`.
#![forbid(unsafe_code)]

mod operations;

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::constant::Constant;
use super::graph::{int_attribute, tensor, value_info};
use super::protobuf::Message;

/// Why an IR could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum IrError {
    #[error("the XML cannot be read: {0}")]
    Xml(#[from] roxmltree::Error),
    #[error("layer {layer}: {detail}")]
    Layer { layer: String, detail: String },
    #[error("the network has no input or no output")]
    Incomplete,
}

struct Converter<'a, 'x> {
    weights: &'a [u8],
    layers: BTreeMap<&'a str, Node<'a, 'x>>,
    /// Layers feeding a layer, by the port they feed.
    inputs: BTreeMap<&'a str, BTreeMap<u32, &'a str>>,
    consumers: BTreeMap<&'a str, Vec<&'a str>>,
    constants: BTreeMap<&'a str, Constant<'a>>,
    /// The tensor that holds a layer's result.
    names: BTreeMap<&'a str, String>,
    /// Additions that became the bias of a convolution.
    folded: Vec<&'a str>,
    nodes: Vec<Message>,
    initializers: BTreeMap<String, Message>,
    /// Values that may still be stored, so that a small file cannot ask for an endless one.
    budget: i64,
}

/// Values stored at most for each byte of the weights; published networks use each value once.
const REUSE: i64 = 4;

/// Converts a network with one input and one output; the output is flattened to `[1, n]`.
///
/// # Errors
/// [`IrError`]: an operation or a shape outside the subset, or weights that end too early.
pub fn ir_to_onnx(
    xml: &str,
    weights: &[u8],
    input: &str,
    output: &str,
) -> Result<Vec<u8>, IrError> {
    let document = Document::parse(xml)?;
    let mut converter = Converter::new(&document, weights);
    let (mut input_shape, mut result) = (None, None);
    for layer in document
        .descendants()
        .filter(|node| node.has_tag_name("layer"))
    {
        let id = layer.attribute("id").unwrap_or_default();
        match layer.attribute("type").unwrap_or_default() {
            "Parameter" => {
                input_shape = Some(converter.list(layer, "shape")?);
                converter.names.insert(id, input.into());
            }
            "Result" => result = converter.sources(layer)?.first().copied(),
            _ => converter.layer(id, layer)?,
        }
    }
    let (Some(input_shape), Some(result)) = (input_shape, result) else {
        return Err(IrError::Incomplete);
    };
    let last = *converter.layers.get(result).ok_or(IrError::Incomplete)?;
    let width = output_shape(last)
        .iter()
        .try_fold(1_i64, |n, side| n.checked_mul(*side).filter(|n| *n > 0));
    let width = width.ok_or_else(|| refuse(last, "has no fixed size"))?;
    let last = converter.tensor(result, last)?;
    converter.node(
        "Flatten",
        &[last],
        output.into(),
        vec![int_attribute("axis", 1)],
    );
    let graph = Message::default()
        .messages(1, converter.nodes)
        .text(2, "network")
        .messages(5, converter.initializers.into_values())
        .message(11, value_info(input, &input_shape))
        .message(12, value_info(output, &[1, width]));
    let opset = Message::default().text(1, "").int(2, 13);
    Ok(Message::default()
        .int(1, 8)
        .text(2, "facelock")
        .message(7, graph)
        .message(8, opset)
        .into_bytes())
}

impl<'a, 'x> Converter<'a, 'x> {
    fn new(document: &'a Document<'x>, weights: &'a [u8]) -> Self
    where
        'a: 'x,
        'x: 'a,
    {
        let tagged = |tag: &'static str| {
            document
                .descendants()
                .filter(move |node| node.has_tag_name(tag))
        };
        let layers = tagged("layer")
            .filter_map(|node| Some((node.attribute("id")?, node)))
            .collect();
        let mut inputs: BTreeMap<&str, BTreeMap<u32, &str>> = BTreeMap::new();
        let mut consumers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for edge in tagged("edge") {
            let (Some(from), Some(to)) = (edge.attribute("from-layer"), edge.attribute("to-layer"))
            else {
                continue;
            };
            let port = edge
                .attribute("to-port")
                .and_then(|port| port.parse().ok())
                .unwrap_or(0);
            inputs.entry(to).or_default().insert(port, from);
            consumers.entry(from).or_default().push(to);
        }
        Self {
            weights,
            layers,
            inputs,
            consumers,
            constants: BTreeMap::new(),
            names: BTreeMap::new(),
            folded: Vec::new(),
            nodes: Vec::new(),
            initializers: BTreeMap::new(),
            budget: (weights.len() as i64).saturating_mul(REUSE),
        }
    }

    /// Stores a constant under a name, in another shape of as many values.
    fn store(
        &mut self,
        name: String,
        id: &str,
        shape: &[i64],
        layer: Node,
    ) -> Result<String, IrError> {
        let constant = self
            .constants
            .get(id)
            .ok_or_else(|| refuse(layer, "needs a constant"))?;
        let n = constant
            .len()
            .ok_or_else(|| refuse(layer, "has a constant that is not as long as its shape"))?;
        if !self.initializers.contains_key(&name) {
            self.budget -= n;
            if self.budget < 0 {
                return Err(refuse(layer, "uses the weights too often"));
            }
            self.initializers
                .insert(name.clone(), tensor(&name, shape, constant.values()));
        }
        Ok(name)
    }

    /// A constant with one value a channel, shaped to be broadcast over height and width.
    fn channels(&mut self, id: &str, layer: Node, suffix: &str) -> Result<String, IrError> {
        let constant = self
            .constants
            .get(id)
            .ok_or_else(|| refuse(layer, "needs a constant"))?;
        let n = constant.len().unwrap_or_default();
        self.store(format!("c{id}{suffix}"), id, &[n, 1, 1], layer)
    }

    /// The tensor that holds a layer's result; a constant becomes an initializer.
    fn tensor(&mut self, id: &str, layer: Node) -> Result<String, IrError> {
        if let Some(constant) = self.constants.get(id) {
            let shape = constant.shape.clone();
            return self.store(format!("c{id}"), id, &shape, layer);
        }
        self.names
            .get(id)
            .cloned()
            .ok_or_else(|| refuse(layer, "reads a layer that comes later"))
    }

    fn node(&mut self, kind: &str, inputs: &[String], output: String, attributes: Vec<Message>) {
        let node = inputs
            .iter()
            .fold(Message::default(), |node, input| node.text(1, input));
        let node = node
            .text(2, &output)
            .text(3, &format!("n{}", self.nodes.len()))
            .text(4, kind)
            .messages(5, attributes);
        self.nodes.push(node);
    }

    fn sources(&self, layer: Node) -> Result<Vec<&'a str>, IrError> {
        let id = layer.attribute("id").unwrap_or_default();
        let inputs = self
            .inputs
            .get(id)
            .ok_or_else(|| refuse(layer, "has no input"))?;
        Ok(inputs.values().copied().collect())
    }

    fn source(&self, layer: Node, index: usize) -> Result<&'a str, IrError> {
        self.sources(layer)?
            .get(index)
            .copied()
            .ok_or_else(|| refuse(layer, "lacks an input"))
    }

    fn list(&self, layer: Node, name: &str) -> Result<Vec<i64>, IrError> {
        let text = data(layer, name).ok_or_else(|| refuse(layer, &format!("has no {name}")))?;
        let numbers = text
            .split(',')
            .map(str::trim)
            .filter(|number| !number.is_empty());
        numbers
            .map(|n| {
                n.parse()
                    .map_err(|_| refuse(layer, &format!("{name} is not a list of numbers")))
            })
            .collect()
    }
}

fn refuse(layer: Node, detail: &str) -> IrError {
    IrError::Layer {
        layer: layer.attribute("name").unwrap_or("?").into(),
        detail: detail.into(),
    }
}

fn data<'a>(layer: Node<'a, '_>, name: &str) -> Option<&'a str> {
    layer
        .children()
        .find(|node| node.has_tag_name("data"))?
        .attribute(name)
}

fn output_shape(layer: Node) -> Vec<i64> {
    let ports = layer.children().filter(|node| node.has_tag_name("output"));
    let dims = ports
        .flat_map(|port| port.descendants())
        .filter(|node| node.has_tag_name("dim"));
    dims.filter_map(|dim| dim.text()?.trim().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_outside_the_subset_is_refused() {
        let xml = r#"<net><layers><layer id="0" name="x" type="Swish"/></layers></net>"#;
        assert!(matches!(
            ir_to_onnx(xml, &[], "data", "out"),
            Err(IrError::Layer { .. })
        ));
        assert!(matches!(
            ir_to_onnx("<net/>", &[], "data", "out"),
            Err(IrError::Incomplete)
        ));
        assert!(matches!(
            ir_to_onnx("<net", &[], "data", "out"),
            Err(IrError::Xml(_))
        ));
    }
}
