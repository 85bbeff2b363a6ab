//! Tensors of an ONNX file (`onnx.proto3`, `TensorProto`), and the arithmetic of their blocks.
#![forbid(unsafe_code)]

use std::rc::Rc;

use super::protobuf::{Value, fields, varints};

/// A constant as the file has it.
pub struct Tensor<'a> {
    pub name: &'a str,
    pub shape: Vec<i64>,
    /// `TensorProto.DataType`.
    kind: u64,
    /// `None` where the values are not stored as raw bytes.
    raw: Option<&'a [u8]>,
}

const FLOAT: u64 = 1;
const UINT8: u64 = 2;
const INT8: u64 = 3;
const INT64: u64 = 7;

impl<'a> Tensor<'a> {
    /// `None` where the bytes are not a tensor.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (mut shape, mut kind, mut name, mut raw) = (Vec::new(), 0, "", None);
        for (field, value) in fields(bytes)? {
            match (field, value) {
                (1, Value::Varint(side)) => shape.push(side as i64),
                (1, Value::Bytes(packed)) => {
                    shape.extend(varints(packed)?.into_iter().map(|side| side as i64));
                }
                (2, Value::Varint(number)) => kind = number,
                (8, Value::Bytes(bytes)) => name = std::str::from_utf8(bytes).ok()?,
                (9, Value::Bytes(bytes)) => raw = Some(bytes),
                _ => {}
            }
        }
        Some(Self {
            name,
            shape,
            kind,
            raw,
        })
    }

    /// The raw bytes, if they are as many values of `width` bytes as the shape says.
    fn bytes(&self, width: usize) -> Option<&'a [u8]> {
        let raw = self.raw?;
        (count(&self.shape)?.checked_mul(width)? == raw.len()).then_some(raw)
    }

    /// A vector of 64-bit integers.
    pub fn numbers(&self) -> Option<Vec<i64>> {
        if self.kind != INT64 || self.shape.len() != 1 {
            return None;
        }
        let (numbers, _) = self.bytes(8)?.as_chunks();
        Some(numbers.iter().map(|n| i64::from_le_bytes(*n)).collect())
    }

    pub fn floats(&self) -> Option<Vec<f32>> {
        if self.kind != FLOAT {
            return None;
        }
        let (floats, _) = self.bytes(4)?.as_chunks();
        Some(floats.iter().map(|v| f32::from_le_bytes(*v)).collect())
    }

    /// 8-bit integers, widened.
    fn small(&self) -> Option<impl Iterator<Item = i16> + Clone + 'a> {
        let signed = self.kind == INT8;
        if !signed && self.kind != UINT8 {
            return None;
        }
        let widen = move |byte: &u8| match signed {
            true => i16::from(*byte as i8),
            false => i16::from(*byte),
        };
        Some(self.bytes(1)?.iter().map(widen))
    }
}

/// How many values a shape has; `None` for a negative side or too many.
fn count(shape: &[i64]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |n, side| {
        n.checked_mul(usize::try_from(*side).ok()?)
    })
}

/// A shape from another of as many values: 0 takes the side from the old shape, one -1 what is left
/// (onnx/onnx `Operators.md`, Reshape-14).
pub fn reshape(from: &[i64], wanted: &[i64]) -> Option<Vec<i64>> {
    let values = count(from)?;
    let mut shape = Vec::with_capacity(wanted.len());
    for (i, side) in wanted.iter().enumerate() {
        shape.push(if *side == 0 { *from.get(i)? } else { *side });
    }
    if let Some(free) = shape.iter().position(|side| *side == -1) {
        shape[free] = 1;
        let rest = count(&shape)?;
        shape[free] = i64::try_from(values.checked_div(rest)?).ok()?;
    }
    (count(&shape)? == values).then_some(shape)
}

/// How the values of a tensor share the scales of their blocks along one axis.
pub struct Blocks {
    /// Values in all.
    pub count: usize,
    /// Length of the axis, and values between two neighbours along it.
    axis: usize,
    stride: usize,
    size: usize,
    /// The shape that scales and zero points have.
    scales: Vec<i64>,
}

impl Blocks {
    /// `None` where the axis is none of the shape's, or the shape is impossible.
    pub fn new(shape: &[i64], axis: i64, size: i64) -> Option<Self> {
        let rank = i64::try_from(shape.len()).ok()?;
        let axis = usize::try_from(if axis < 0 {
            axis.checked_add(rank)?
        } else {
            axis
        })
        .ok()?;
        let length = usize::try_from(*shape.get(axis)?).ok()?;
        let size = usize::try_from(size).ok().filter(|size| *size > 0)?;
        let mut scales = shape.to_vec();
        scales[axis] = i64::try_from(length.div_ceil(size)).ok()?;
        Some(Self {
            count: count(shape)?,
            axis: length,
            stride: count(&shape[axis + 1..])?,
            size,
            scales,
        })
    }

    /// (x − zero point) · scale, for each value.
    ///
    /// # Errors
    /// What is wrong with the parts.
    pub fn values(
        &self,
        weights: &Tensor,
        scales: &Tensor,
        zeros: Option<&Tensor>,
    ) -> Result<Rc<[f32]>, &'static str> {
        if scales.shape != self.scales || zeros.is_some_and(|zeros| zeros.shape != self.scales) {
            return Err("its scales or zero points are not one for each block");
        }
        let factors = scales.floats().ok_or("its scales are no 32-bit floats")?;
        let zeros: Vec<i16> = match zeros {
            Some(zeros) if zeros.kind == weights.kind => zeros
                .small()
                .ok_or("its zero points are not as many as their shape says")?
                .collect(),
            Some(_) => return Err("its zero points are of another kind than its weights"),
            None => vec![0; factors.len()],
        };
        let weights = weights
            .small()
            .ok_or("its weights are not as many 8-bit integers as their shape says")?;
        let blocks = self.axis.div_ceil(self.size);
        let block = |at: usize| {
            let (inner, rest) = (at % self.stride, at / self.stride);
            let (along, outer) = (rest % self.axis, rest / self.axis);
            (outer * blocks + along / self.size) * self.stride + inner
        };
        let value = |(at, x): (usize, i16)| {
            let block = block(at);
            f32::from(x - zeros[block]) * factors[block]
        };
        Ok(weights.enumerate().map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_keeps_its_values() {
        assert_eq!(reshape(&[4, 6], &[2, 2, 6]), Some(vec![2, 2, 6]));
        assert_eq!(reshape(&[4, 6], &[0, -1, 1]), Some(vec![4, 6, 1]));
        assert_eq!(reshape(&[4, 0], &[-1, 4]), Some(vec![0, 4]));
        for wrong in [
            &[5, 5][..],
            &[-1, 5],
            &[-1, -1],
            &[-2, -12],
            &[4, 6, 0],
            &[i64::MAX, 2],
        ] {
            assert_eq!(reshape(&[4, 6], wrong), None, "{wrong:?}");
        }
        assert_eq!(reshape(&[4, 0], &[0, -1]), Some(vec![4, 0]));
        assert_eq!(reshape(&[0, 4], &[0, -1]), None);
    }

    #[test]
    fn a_block_lies_along_its_axis() {
        let blocks = Blocks::new(&[2, 5, 3], 1, 2).unwrap();
        assert_eq!((blocks.count, blocks.scales), (30, vec![2, 3, 3]));
        assert_eq!(Blocks::new(&[2, 5], -2, 2).unwrap().scales, [1, 5]);
        for (shape, axis, size) in [
            (&[2, 5][..], 2, 2),
            (&[2, 5], -3, 2),
            (&[2, -5], 0, 2),
            (&[], 0, 1),
            (&[2, 5], 1, 0),
            (&[2, 5], i64::MIN, 1),
            (&[i64::MAX, i64::MAX], 0, 1),
        ] {
            assert!(Blocks::new(shape, axis, size).is_none(), "{shape:?} {axis}");
        }
    }
}
