//! The smallest JPEG encoder that a camera could have: blocks of eight pixels of one brightness
//! each, one color for the whole picture, and no Huffman tables, as webcams leave them out.
#![forbid(unsafe_code)]

/// `width` and `height` are rounded up to whole blocks in the data, not in the header.
pub(super) fn encode(
    width: u32,
    height: u32,
    (blue, red): (u8, u8),
    luma: &dyn Fn(u32, u32) -> u8,
) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    // A DC coefficient of 1 is then one step of brightness.
    bytes.extend([8; 64]);
    bytes.extend([0xff, 0xc0, 0, 17, 8]);
    bytes.extend((height as u16).to_be_bytes());
    bytes.extend((width as u16).to_be_bytes());
    bytes.extend([3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    bytes.extend([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]);
    let mut bits = Bits::default();
    let mut last = [128_i32; 3];
    for y in (0..height).step_by(8) {
        for x in (0..width).step_by(8) {
            let values = [luma(x, y), blue, red].map(i32::from);
            for (component, value) in values.into_iter().enumerate() {
                bits.block(value - last[component], component == 0);
                last[component] = value;
            }
        }
    }
    bytes.extend(bits.finish());
    bytes.extend([0xff, 0xd9]);
    bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    /// A block of one value: the difference of its DC coefficient, then "end of block"; codes of
    /// ITU-T T.81 K.3.
    fn block(&mut self, difference: i32, is_luma: bool) {
        let length = 32 - difference.unsigned_abs().leading_zeros();
        let (code, code_length) = match (is_luma, length) {
            (true, 0) => (0b00, 2),
            (true, 1..=5) => (length + 1, 3),
            (true, _) => ((1 << (length - 2)) - 2, length - 2),
            (false, 0..=1) => (length, 2),
            (false, _) => ((1 << length) - 2, length),
        };
        self.put(code, code_length);
        let value = if difference < 0 {
            difference - 1
        } else {
            difference
        };
        self.put(value as u32 & ((1 << length) - 1), length);
        if is_luma {
            self.put(0b1010, 4);
        } else {
            self.put(0b00, 2);
        }
    }

    fn put(&mut self, code: u32, length: u32) {
        self.pending = self.pending << length | code;
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.pending >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xff {
                self.bytes.push(0);
            }
            self.pending &= (1 << self.count) - 1;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let left = (8 - self.count) % 8;
        self.put((1 << left) - 1, left);
        self.bytes
    }
}
