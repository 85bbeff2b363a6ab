//! What each operation of the subset becomes.

use roxmltree::Node;

use super::{Converter, IrError, data, refuse};
use crate::models::constant::{Constant, Kind};
use crate::models::graph::{float_attribute, int_attribute, ints};
use crate::models::protobuf::Message;

impl<'a, 'x> Converter<'a, 'x> {
    /// Adds what a layer does.
    pub(super) fn layer(&mut self, id: &'a str, layer: Node<'a, 'x>) -> Result<(), IrError> {
        if self.folded.contains(&id) {
            return Ok(());
        }
        let output = format!("t{id}");
        let kind = layer.attribute("type").unwrap_or_default();
        match kind {
            "Const" => return self.constant(id, layer),
            "Convert" => return self.copy(id, layer),
            "Convolution" | "GroupConvolution" => self.convolution(id, layer, &output)?,
            "Add" => self.elementwise("Add", 2, layer, &output)?,
            "Multiply" => self.elementwise("Mul", 2, layer, &output)?,
            "PReLU" => self.prelu(layer, &output)?,
            "ReLU" => self.elementwise("Relu", 1, layer, &output)?,
            "Sigmoid" => self.elementwise("Sigmoid", 1, layer, &output)?,
            "AvgPool" | "MaxPool" => self.pool(layer, kind, &output)?,
            other => {
                return Err(refuse(
                    layer,
                    &format!("operation {other} is not in the subset"),
                ));
            }
        }
        self.names.insert(id, output);
        Ok(())
    }

    /// Weights are widened when they are read; there is nothing left to convert.
    fn copy(&mut self, id: &'a str, layer: Node<'a, 'x>) -> Result<(), IrError> {
        let constant = self.constants.get(self.source(layer, 0)?);
        let constant = constant.ok_or_else(|| refuse(layer, "converts what is no constant"))?;
        let copy = constant.clone();
        self.constants.insert(id, copy);
        Ok(())
    }

    /// One node of so many inputs, value by value.
    fn elementwise(
        &mut self,
        operation: &str,
        inputs: usize,
        layer: Node<'a, 'x>,
        output: &str,
    ) -> Result<(), IrError> {
        let sources = (0..inputs).map(|n| self.source(layer, n));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let tensors = sources.iter().map(|source| self.tensor(source, layer));
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        self.node(operation, &tensors, output.into(), vec![]);
        Ok(())
    }

    fn prelu(&mut self, layer: Node<'a, 'x>, output: &str) -> Result<(), IrError> {
        let data = self.tensor(self.source(layer, 0)?, layer)?;
        let slope = self.source(layer, 1)?;
        // One slope for all channels is the same function under another name, and that one the
        // runtime fuses into the convolution before it.
        if let Some(slope) = self.constants.get(slope).and_then(Constant::single) {
            let alpha = vec![float_attribute("alpha", slope)];
            self.node("LeakyRelu", &[data], output.into(), alpha);
        } else {
            let slope = self.channels(slope, layer, "s")?;
            self.node("PRelu", &[data, slope], output.into(), vec![]);
        }
        Ok(())
    }

    fn constant(&mut self, id: &'a str, layer: Node<'a, 'x>) -> Result<(), IrError> {
        let number = |name| data(layer, name).and_then(|text| text.parse::<usize>().ok());
        let (Some(offset), Some(size)) = (number("offset"), number("size")) else {
            return Err(refuse(layer, "has no place in the weights"));
        };
        let bytes = self.weights.get(offset..offset.saturating_add(size));
        let bytes = bytes.ok_or_else(|| refuse(layer, "lies outside the weights"))?;
        let kind = match data(layer, "element_type") {
            Some("f16") => Kind::Half,
            Some("f32") => Kind::Single,
            _ => Kind::Other,
        };
        let shape = self.list(layer, "shape")?;
        self.constants.insert(id, Constant { shape, bytes, kind });
        Ok(())
    }

    fn convolution(
        &mut self,
        id: &'a str,
        layer: Node<'a, 'x>,
        output: &str,
    ) -> Result<(), IrError> {
        let (source, weights) = (self.source(layer, 0)?, self.source(layer, 1)?);
        let constant = self
            .constants
            .get(weights)
            .ok_or_else(|| refuse(layer, "weights are no constant"))?;
        let (mut shape, mut groups) = (constant.shape.clone(), 1);
        let grouped = layer.attribute("type") == Some("GroupConvolution");
        if shape.len() != if grouped { 5 } else { 4 } {
            return Err(refuse(layer, "is not two-dimensional"));
        }
        if grouped {
            groups = shape.remove(0);
            shape[0] = shape[0]
                .checked_mul(groups)
                .ok_or_else(|| refuse(layer, "has too many channels"))?;
        }
        let name = self.store(format!("c{weights}w"), weights, &shape, layer)?;
        let mut inputs = vec![self.tensor(source, layer)?, name];
        if let Some((add, bias)) = self.bias(id, shape[0]) {
            inputs.push(self.store(format!("c{bias}b"), bias, &shape[..1], layer)?);
            self.folded.push(add);
            self.names.insert(add, output.into());
        }
        let mut attributes = self.window(layer)?;
        attributes.extend([
            ints("dilations", &self.list(layer, "dilations")?),
            int_attribute("group", groups),
        ]);
        attributes.push(ints("kernel_shape", &shape[2..]));
        self.node("Conv", &inputs, output.into(), attributes);
        Ok(())
    }

    /// The addition of one constant a channel that is a convolution's only consumer, and that
    /// constant.
    fn bias(&self, id: &str, channels: i64) -> Option<(&'a str, &'a str)> {
        let [add] = self.consumers.get(id)?[..] else {
            return None;
        };
        if self.layers.get(add)?.attribute("type") != Some("Add") {
            return None;
        }
        let other = self
            .inputs
            .get(add)?
            .values()
            .copied()
            .find(|input| *input != id)?;
        let constant = self.constants.get(other)?;
        let a_channel = constant.shape.len() == 4
            && constant.shape[1] == channels
            && constant.len()? == channels;
        a_channel.then_some((add, other))
    }

    fn pool(&mut self, layer: Node<'a, 'x>, kind: &str, output: &str) -> Result<(), IrError> {
        let input = self.tensor(self.source(layer, 0)?, layer)?;
        let mut attributes = self.window(layer)?;
        attributes.push(ints("kernel_shape", &self.list(layer, "kernel")?));
        if kind == "AvgPool" {
            let excluded = data(layer, "exclude-pad") == Some("true");
            attributes.push(int_attribute("count_include_pad", i64::from(!excluded)));
        }
        self.node(
            if kind == "AvgPool" {
                "AveragePool"
            } else {
                "MaxPool"
            },
            &[input],
            output.into(),
            attributes,
        );
        Ok(())
    }

    fn window(&self, layer: Node) -> Result<Vec<Message>, IrError> {
        let is = |name, usual| data(layer, name).is_none_or(|value| value == usual);
        if !is("auto_pad", "explicit") || !is("rounding_type", "floor") {
            return Err(refuse(
                layer,
                "pads or rounds in a way that is not in the subset",
            ));
        }
        let pads = [
            self.list(layer, "pads_begin")?,
            self.list(layer, "pads_end")?,
        ]
        .concat();
        Ok(vec![
            ints("strides", &self.list(layer, "strides")?),
            ints("pads", &pads),
        ])
    }
}
