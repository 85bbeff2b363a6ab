//! As much of the protobuf wire format as ONNX files need
//! (<https://protobuf.dev/programming-guides/encoding/>).
#![forbid(unsafe_code)]

/// A message in the making.
#[derive(Default)]
pub struct Message(Vec<u8>);

impl Message {
    pub fn int(mut self, field: u64, value: i64) -> Self {
        self.key(field, 0);
        self.varint(value as u64);
        self
    }

    pub fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    pub fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    pub fn message(self, field: u64, value: Message) -> Self {
        self.bytes(field, &value.0)
    }

    pub fn messages(self, field: u64, values: impl IntoIterator<Item = Message>) -> Self {
        values
            .into_iter()
            .fold(self, |message, value| message.message(field, value))
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn key(&mut self, field: u64, wire_type: u64) {
        self.varint(field << 3 | wire_type);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// One field of a message that is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Varint(u64),
    Fixed64(&'a [u8]),
    Bytes(&'a [u8]),
    Fixed32(&'a [u8]),
}

/// The fields of a message, in order. `None` where the bytes are not a message.
pub fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Varint(take_varint(&mut bytes)?),
            1 => Value::Fixed64(take(&mut bytes, 8)?),
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                Value::Bytes(take(&mut bytes, length)?)
            }
            5 => Value::Fixed32(take(&mut bytes, 4)?),
            _ => return None,
        };
        fields.push((key >> 3, value));
    }
    Some(fields)
}

/// A message again, from its fields.
pub fn rebuild<'a>(fields: impl IntoIterator<Item = (u64, Value<'a>)>) -> Message {
    let mut message = Message::default();
    for (field, value) in fields {
        message = match value {
            Value::Varint(value) => message.int(field, value as i64),
            Value::Bytes(value) => message.bytes(field, value),
            Value::Fixed64(value) | Value::Fixed32(value) => {
                message.key(field, if value.len() == 8 { 1 } else { 5 });
                message.0.extend(value);
                message
            }
        };
    }
    message
}

/// The message with every field `number` replaced by what `change` makes of it; `None` where the
/// bytes are no message, or `change` says so.
pub fn edit(
    message: &[u8],
    number: u64,
    mut change: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let fields = fields(message)?;
    let mut changed = Vec::with_capacity(fields.len());
    for (field, value) in &fields {
        changed.push(match value {
            Value::Bytes(bytes) if *field == number => Some(change(bytes)?),
            _ => None,
        });
    }
    let values = fields
        .iter()
        .zip(&changed)
        .map(|((field, value), new)| match new {
            Some(new) => (*field, Value::Bytes(new)),
            None => (*field, *value),
        });
    Some(rebuild(values).into_bytes())
}

/// Packed varints.
pub fn varints(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        numbers.push(take_varint(&mut bytes)?);
    }
    Some(numbers)
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(head)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
