//! Block-quantised ONNX files, made by hand from `onnx.proto3`.

/// A message in the making.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn int(mut self, field: u64, value: i64) -> Self {
        self.varint(field << 3);
        self.varint(value as u64);
        self
    }

    pub fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    pub fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    pub fn message(self, field: u64, value: &Message) -> Self {
        self.bytes(field, &value.0)
    }
}

pub const FLOAT: i64 = 1;
pub const UINT8: i64 = 2;
pub const INT8: i64 = 3;
pub const INT64: i64 = 7;

pub fn tensor(name: &str, kind: i64, shape: &[i64], raw: &[u8]) -> Message {
    let shaped = shape
        .iter()
        .fold(Message::default(), |tensor, side| tensor.int(1, *side));
    shaped.int(2, kind).text(8, name).bytes(9, raw)
}

pub fn floats(name: &str, shape: &[i64], values: &[f32]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensor(name, FLOAT, shape, &raw)
}

pub fn numbers(name: &str, values: &[i64]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
    tensor(name, INT64, &[values.len() as i64], &raw)
}

pub fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) -> Message {
    let node = inputs
        .iter()
        .fold(Message::default(), |node, input| node.text(1, input));
    attributes
        .iter()
        .fold(node.text(2, output).text(4, kind), |node, (name, value)| {
            let attribute = Message::default().text(1, name).int(3, *value).int(20, 2);
            node.message(5, &attribute)
        })
}

/// A graph's input or output of floats.
pub fn value(name: &str, shape: &[i64]) -> Message {
    let shape = shape.iter().fold(Message::default(), |shape, side| {
        shape.message(1, &Message::default().int(1, *side))
    });
    let tensor = Message::default().int(1, 1).message(2, &shape);
    Message::default()
        .text(1, name)
        .message(2, &Message::default().message(1, &tensor))
}

/// The parts of a block-quantised network: `y = conv(x, reshape(dequantise(w)))`, a 1x1 convolution
/// from five channels to two. A test changes one and sees what comes of it.
#[derive(Clone)]
pub struct Network {
    pub weights: Message,
    pub scales: Option<Message>,
    pub zeros: Option<Message>,
    pub shape: Message,
    pub blocks: Vec<(&'static str, i64)>,
    pub reshape: Vec<(&'static str, i64)>,
    /// Nodes after those that compute `w`.
    pub nodes: Vec<Message>,
}

pub const WEIGHTS: [i8; 10] = [-128, 127, 3, -1, 0, 1, 2, -3, 100, -100];
pub const SCALES: [f32; 6] = [0.5, 0.25, 2.0, 1.0, 0.125, 4.0];
pub const ZEROS: [i8; 6] = [-128, 0, 5, 1, -2, 127];
/// Five channels in blocks of two: the last block of a row is short.
pub const BLOCK: i64 = 2;

impl Default for Network {
    fn default() -> Self {
        let bytes = |values: &[i8]| values.iter().map(|v| *v as u8).collect::<Vec<_>>();
        Self {
            weights: tensor("w_quantized", INT8, &[2, 5], &bytes(&WEIGHTS)),
            scales: Some(floats("w_scales", &[2, 3], &SCALES)),
            zeros: Some(tensor("w_zeros", INT8, &[2, 3], &bytes(&ZEROS))),
            shape: numbers("w_shape", &[2, 5, 1, 1]),
            blocks: vec![("block_size", BLOCK), ("axis", 1)],
            reshape: vec![],
            nodes: vec![node("Conv", &["x", "w"], "y", &[])],
        }
    }
}

impl Network {
    /// The file, with the weights among the graph's inputs, as the publisher leaves them.
    pub fn file(&self) -> Vec<u8> {
        let constants = [
            Some(&self.weights),
            self.scales.as_ref(),
            self.zeros.as_ref(),
        ];
        let constants = constants.into_iter().flatten().chain([&self.shape]);
        let mut inputs = vec!["w_quantized", "w_scales"];
        inputs.extend(self.zeros.as_ref().map(|_| "w_zeros"));
        let first = [
            node("DequantizeLinear", &inputs, "w_flat", &self.blocks),
            node("Reshape", &["w_flat", "w_shape"], "w", &self.reshape),
        ];
        let graph = first
            .iter()
            .chain(&self.nodes)
            .fold(Message::default(), |graph, node| graph.message(1, node))
            .text(2, "network");
        let graph = constants
            .fold(graph, |graph, tensor| graph.message(5, tensor))
            .message(11, &value("x", &[1, 5, 1, 1]))
            .message(11, &value("w_quantized", &[2, 5]))
            .message(11, &value("w", &[2, 5, 1, 1]))
            .message(12, &value("y", &[1, 2, 1, 1]))
            .message(13, &value("w_flat", &[2, 5]));
        let opset = Message::default().text(1, "").int(2, 21);
        Message::default()
            .int(1, 10)
            .message(7, &graph)
            .message(8, &opset)
            .0
    }
}
