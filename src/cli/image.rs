//! An image to look at: boxes, landmarks, PNG, and the terminal's two ways to draw.

use std::io::Write as _;
use std::path::Path;

use facelock_protocol::{Measurement, PreviewFrame};

/// 8-bit RGB, rows without padding.
pub struct Image {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

/// Side of a glyph's dot, in pixels.
const DOT: i64 = 3;

/// Rows of a glyph, three dots each, the left one highest.
fn glyph(character: u8) -> Option<[u8; 5]> {
    const DIGITS: [[u8; 5]; 10] = [
        [7, 5, 5, 5, 7],
        [2, 6, 2, 2, 7],
        [7, 1, 7, 4, 7],
        [7, 1, 7, 1, 7],
        [5, 5, 7, 1, 1],
        [7, 4, 7, 1, 7],
        [7, 4, 7, 5, 7],
        [7, 1, 1, 1, 1],
        [7, 5, 7, 5, 7],
        [7, 5, 7, 1, 7],
    ];
    match character {
        b'0'..=b'9' => Some(DIGITS[usize::from(character - b'0')]),
        b'.' => Some([0, 0, 0, 0, 2]),
        _ => None,
    }
}

const LIVE: [u8; 3] = [40, 220, 80];
const LANDMARK: [u8; 3] = [255, 210, 0];

impl Image {
    /// `None` where the pixels do not fit the shape.
    pub fn from_preview(frame: &PreviewFrame) -> Option<Self> {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let pixels = width.checked_mul(height).filter(|n| *n > 0)?;
        let rgb = match frame.channels {
            1 if frame.pixels.len() == pixels => {
                frame.pixels.iter().flat_map(|v| [*v; 3]).collect()
            }
            3 if frame.pixels.len() == pixels * 3 => frame.pixels.clone(),
            _ => return None,
        };
        Some(Self { width, height, rgb })
    }

    /// Draws the face's box, its five landmarks, and the detector's score above it.
    pub fn annotate(&mut self, measurement: &Measurement) {
        let [x, y, w, h] = measurement.face.map(|v| v.round() as i64);
        for thickness in 0..2 {
            for dx in 0..=w {
                self.put(x + dx, y + thickness, LIVE);
                self.put(x + dx, y + h - thickness, LIVE);
            }
            for dy in 0..=h {
                self.put(x + thickness, y + dy, LIVE);
                self.put(x + w - thickness, y + dy, LIVE);
            }
        }
        self.write(
            &format!("{:.2}", measurement.detection_score),
            (x, (y - 7 * DOT).max(0)),
            LIVE,
        );
        for [lx, ly] in measurement.landmarks {
            for (dx, dy) in (-2..=2).flat_map(|dx| (-2..=2).map(move |dy| (dx, dy))) {
                self.put(lx.round() as i64 + dx, ly.round() as i64 + dy, LANDMARK);
            }
        }
    }

    /// Writes digits and points, upper left corner at (x, y); nothing else has a glyph.
    fn write(&mut self, text: &str, (x, y): (i64, i64), color: [u8; 3]) {
        for (n, glyph) in (0_i64..).zip(text.bytes().filter_map(glyph)) {
            let cells = (0..5).flat_map(|row| (0..3).map(move |column| (row, column)));
            for (row, column) in
                cells.filter(|(row, column)| glyph[*row as usize] & (4 >> column) != 0)
            {
                let (left, top) = (x + (4 * n + column) * DOT, y + row * DOT);
                (0..DOT * DOT).for_each(|i| self.put(left + i % DOT, top + i / DOT, color));
            }
        }
    }

    fn put(&mut self, x: i64, y: i64, color: [u8; 3]) {
        if (0..self.width as i64).contains(&x) && (0..self.height as i64).contains(&y) {
            let at = (y as usize * self.width + x as usize) * 3;
            self.rgb[at..at + 3].copy_from_slice(&color);
        }
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y.min(self.height - 1) * self.width + x.min(self.width - 1)) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The nearest pixels, in proportion, at most `width` wide and `height` high; `aspect` is how
    /// much higher than wide a drawn pixel is.
    fn scaled(&self, width: usize, height: usize, aspect: f64) -> Self {
        let across = (width as f64 / self.width as f64).min(1.0);
        let down = (height as f64 * aspect / self.height as f64).min(1.0);
        let scale = across.min(down);
        let width = ((self.width as f64 * scale) as usize).max(1);
        let height = ((self.height as f64 * scale / aspect) as usize).max(1);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                rgb.extend(self.at(x * self.width / width, y * self.height / height));
            }
        }
        Self { width, height, rgb }
    }

    /// PNG bytes (RFC 2083).
    ///
    /// # Errors
    /// The encoder fails.
    pub fn png(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Fast);
        encoder.write_header()?.write_image_data(&self.rgb)?;
        Ok(bytes)
    }

    /// Writes a PNG that only its owner can read: it shows a face.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(file.write_all(&self.png()?)?)
    }

    /// Two pixels a character cell, in 24-bit color.
    pub fn half_blocks(&self, columns: usize, rows: usize) -> String {
        let small = self.scaled(columns, rows * 2, 1.0);
        let mut text = String::new();
        for y in (0..small.height).step_by(2) {
            for x in 0..small.width {
                let ([r, g, b], [r2, g2, b2]) = (small.at(x, y), small.at(x, y + 1));
                text += &format!("\x1b[38;2;{r};{g};{b};48;2;{r2};{g2};{b2}m▀");
            }
            text += "\x1b[0m\n";
        }
        text
    }

    /// One pixel a character cell, as bright as its character is dense.
    pub fn ascii(&self, columns: usize, rows: usize) -> String {
        const DENSE: &[u8] = b" .:-=+*#%@";
        let small = self.scaled(columns, rows, 2.0);
        let shade = |x, y| {
            let [r, g, b] = small.at(x, y).map(usize::from);
            char::from(DENSE[(r * 3 + g * 6 + b) * (DENSE.len() - 1) / 2550])
        };
        let line = |y| (0..small.width).map(|x| shade(x, y)).collect::<String>() + "\n";
        (0..small.height).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let rgb = (0..8 * 6)
            .flat_map(|i| [i as u8 * 5, 0, 255 - i as u8 * 5])
            .collect();
        Image {
            width: 8,
            height: 6,
            rgb,
        }
    }

    #[test]
    fn png_gives_back_the_pixels() {
        let image = image();
        let bytes = image.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, image.rgb);
    }

    #[test]
    fn a_box_outside_the_image_is_clipped() {
        let mut image = image();
        image.annotate(&Measurement {
            face: [-5.0, -5.0, 400.0, 400.0],
            ..Measurement::default()
        });
        assert_eq!(image.rgb.len(), 8 * 6 * 3);
    }

    #[test]
    fn the_score_stands_above_the_box() {
        let (width, height) = (100, 60);
        let mut image = Image {
            width,
            height,
            rgb: vec![0; width * height * 3],
        };
        let face = [20.0, 30.0, 30.0, 20.0];
        image.annotate(&Measurement {
            face,
            detection_score: 0.117,
            landmarks: [[90.0, 50.0]; 5],
            ..Measurement::default()
        });
        let dots = |column: usize| {
            let rows = (0..5).filter(|row| image.at(20 + 3 * column + 1, 9 + 3 * row + 1) == LIVE);
            rows.count()
        };
        // 0, a point, 1, 2: columns of three dots and one between.
        let columns: Vec<usize> = (0..15).map(dots).collect();
        assert_eq!(columns, [5, 2, 5, 0, 0, 1, 0, 0, 2, 5, 1, 0, 4, 3, 4]);
    }

    #[test]
    fn pixels_that_do_not_fit_are_refused() {
        let frame = PreviewFrame {
            width: 9,
            height: 6,
            channels: 3,
            pixels: vec![0; 8 * 6 * 3],
            brightness: 0.0,
            measurement: None,
            hint: None,
        };
        assert!(Image::from_preview(&frame).is_none());
    }

    #[test]
    fn a_picture_fits_its_terminal() {
        let image = image();
        assert_eq!(image.half_blocks(8, 3).matches('▀').count(), 8 * 3);
        assert_eq!(image.half_blocks(80, 2).lines().count(), 2);
        let large = Image {
            width: 640,
            height: 480,
            rgb: vec![255; 640 * 480 * 3],
        };
        for (columns, rows) in [(80, 22), (40, 22), (200, 10)] {
            for text in [large.ascii(columns, rows), large.half_blocks(columns, rows)] {
                assert!(text.lines().count() <= rows, "{columns}x{rows}");
            }
            let widest = large.ascii(columns, rows).lines().map(str::len).max();
            assert!(widest.is_some_and(|widest| (10..=columns).contains(&widest)));
        }
        assert!(large.ascii(8, 4).starts_with('@'));
    }
}
