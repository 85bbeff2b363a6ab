//! The parts of an ONNX graph (`onnx.proto3`), and the numbers in its tensors.
#![forbid(unsafe_code)]

use super::protobuf::Message;

/// A tensor of 32-bit floats.
pub fn tensor(name: &str, shape: &[i64], values: impl Iterator<Item = f32>) -> Message {
    let raw: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    let tensor = shape
        .iter()
        .fold(Message::default(), |tensor, n| tensor.int(1, *n));
    tensor.int(2, 1).text(8, name).bytes(9, &raw)
}

/// A graph's input or output of 32-bit floats.
pub fn value_info(name: &str, shape: &[i64]) -> Message {
    let dims = Message::default().messages(1, shape.iter().map(|n| Message::default().int(1, *n)));
    let tensor = Message::default().int(1, 1).message(2, dims);
    Message::default()
        .text(1, name)
        .message(2, Message::default().message(1, tensor))
}

pub fn int_attribute(name: &str, value: i64) -> Message {
    Message::default().text(1, name).int(3, value).int(20, 2)
}

pub fn float_attribute(name: &str, value: f32) -> Message {
    Message::default().text(1, name).float(2, value).int(20, 1)
}

pub fn ints(name: &str, values: &[i64]) -> Message {
    values
        .iter()
        .fold(Message::default().text(1, name), |attribute, n| {
            attribute.int(8, *n)
        })
        .int(20, 7)
}

/// IEEE 754 binary16 to binary32, exactly.
pub fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves_widen_exactly() {
        for (bits, value) in [
            (0, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (1, 5.960_464_5e-8),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan());
        assert_eq!(half(0xfc00), f32::NEG_INFINITY);
        assert!(half(0x8000).is_sign_negative());
    }
}
