//! A JPEG encoder for pictures of flat blocks: any sampling, restarts, one component or three, with
//! the Huffman tables of ITU-T T.81 K.3 left out. What a decoder must make of them is known to the
//! pixel.

#[derive(Clone)]
pub struct Kind {
    pub size: (u32, u32),
    pub colors: bool,
    /// Factors of the brightness, across and down; the two colors have 1x1.
    pub sampling: (u32, u32),
    /// MCUs between restart markers.
    pub restart: u32,
}

/// The brightness of the block that holds a pixel.
pub fn luma(x: u32, y: u32) -> u8 {
    (40 + (x / 8 * 37 + y / 8 * 61) % 170) as u8
}

/// The tables, the frame with its restart interval, and the scan with the end marker: between them
/// a test may put something in.
pub fn encode(kind: &Kind) -> [Vec<u8>; 3] {
    let tables = [&[0xff, 0xdb, 0, 67, 0][..], &[8; 64]].concat();
    let ((width, height), (h, v)) = (kind.size, kind.sampling);
    let count = if kind.colors { 3 } else { 1 };
    let mut frame = vec![0xff, 0xc0, 0, 8 + 3 * count, 8];
    frame.extend((height as u16).to_be_bytes());
    frame.extend((width as u16).to_be_bytes());
    frame.extend([count, 1, (h << 4 | v) as u8, 0]);
    let mut scan = vec![0xff, 0xda, 0, 6 + 2 * count, count, 1, 0];
    if kind.colors {
        frame.extend([2, 0x11, 0, 3, 0x11, 0]);
        scan.extend([2, 0x11, 3, 0x11]);
    }
    scan.extend([0, 63, 0]);
    if kind.restart > 0 {
        frame.extend([0xff, 0xdd, 0, 4, 0, kind.restart as u8]);
    }
    [tables, frame, [scan, data(kind)].concat()]
}

pub fn whole(kind: &Kind) -> Vec<u8> {
    let [tables, frame, data] = encode(kind);
    [&[0xff, 0xd8][..], &tables, &frame, &data].concat()
}

/// One component has no interleaving: its sampling counts for nothing.
fn data(kind: &Kind) -> Vec<u8> {
    let (h, v) = if kind.colors { kind.sampling } else { (1, 1) };
    let (across, down) = (kind.size.0.div_ceil(8 * h), kind.size.1.div_ceil(8 * v));
    let mut bits = Bits::default();
    let mut last = [128; 3];
    for mcu in 0..across * down {
        if kind.restart > 0 && mcu > 0 && mcu % kind.restart == 0 {
            bits.end();
            bits.bytes
                .extend([0xff, 0xd0 + (mcu / kind.restart - 1) as u8 % 8]);
            last = [128; 3];
        }
        let (x, y) = (mcu % across * 8 * h, mcu / across * 8 * v);
        for block in 0..h * v {
            let value = luma(x + block % h * 8, y + block / h * 8);
            bits.block(i32::from(value) - last[0], true);
            last[0] = value.into();
        }
        for color in &mut last[1..if kind.colors { 3 } else { 1 }] {
            bits.block(110 - *color, false);
            *color = 110;
        }
    }
    bits.end();
    bits.bytes.extend([0xff, 0xd9]);
    bits.bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    fn block(&mut self, difference: i32, is_luma: bool) {
        let length = 32 - difference.unsigned_abs().leading_zeros();
        match (is_luma, length) {
            (true, 0) => self.put(0, 2),
            (true, 1..=5) => self.put(length + 1, 3),
            (true, _) => self.put((1 << (length - 2)) - 2, length - 2),
            (false, 0..=1) => self.put(length, 2),
            (false, _) => self.put((1 << length) - 2, length),
        }
        let value = difference - i32::from(difference < 0);
        self.put(value as u32 & ((1 << length) - 1), length);
        self.put(
            if is_luma { 0b1010 } else { 0 },
            if is_luma { 4 } else { 2 },
        );
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

    fn end(&mut self) {
        let left = (8 - self.count) % 8;
        self.put((1 << left) - 1, left);
    }
}
