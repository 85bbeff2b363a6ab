//! A known network on infrared frames (DAMO, cv_manual_face-liveness_flir): it can call a lit face
//! an attack, a print in ink that infrared sees among them, and never makes one live.
//!
//! **Not measured here**: neither its file nor an infrared attack was within reach. It is asked
//! only where its file was installed by name.

use super::detector::{Detector, Judgement, Part};
use crate::onnx::{Manifest, ModelDirs, ModelError, Role, Runtime, Session};
use crate::types::{Detection, Frame, Liveness, PixelFormat, Rect, Spectrum};

/// Side of the square that the grown box is scaled to, and of its middle, which is judged.
const SQUARE: usize = 128;
const SIDE: usize = 112;
/// How far the box grows on each side, in parts of its own.
const GROWN: f32 = 16.0 / 112.0;
/// What fills the square beside the box, and the box beside the frame.
const FILL: f32 = 127.0;
/// From here on the face is an attack, as the publisher has it.
const FAKE: f32 = 0.9;

pub struct Flir {
    session: Session,
}

impl Flir {
    /// `None` where the model is not installed.
    ///
    /// # Errors
    /// [`ModelError`]: it is installed, and not as the manifest pins it.
    pub fn load(dirs: &ModelDirs) -> Result<Option<Self>, ModelError> {
        let manifest = match Manifest::load(&dirs.models.join("manifest.toml")) {
            // Where nothing is listed nothing is installed; what a login cannot do without says so.
            Err(ModelError::Missing(_)) => return Ok(None),
            other => other?,
        };
        let Some(entry) = manifest.of(Role::InfraredPad).next() else {
            return Ok(None);
        };
        // What cannot be looked at counts as installed, so that opening it says what is wrong.
        if !dirs.models.join(&entry.file).try_exists().unwrap_or(true) {
            return Ok(None);
        }
        let runtime = Runtime::at(&dirs.runtime);
        let session = Session::open(&runtime, dirs, entry, &[])?;
        Ok(Some(Self { session }))
    }
}

impl Detector for Flir {
    fn name(&self) -> &'static str {
        "flir"
    }

    fn part(&self, spectrum: Spectrum) -> Part {
        match spectrum {
            Spectrum::Color => Part::Silent,
            Spectrum::Infrared => Part::Vetoes,
        }
    }

    fn judge(&mut self, frame: &Frame, face: &Detection) -> Result<Judgement, ModelError> {
        let Some(input) = crop(frame, &face.bounds) else {
            return Ok(Judgement::UNDECIDED);
        };
        let outputs = self.session.run([1, 3, SIDE, SIDE], &input)?;
        let logits = outputs.first().map(|output| output.values.as_slice());
        let Some(&[fake, live]) = logits.and_then(|values| <&[f32; 2]>::try_from(values).ok())
        else {
            return Err(self.session.misshapen("does not give two classes"));
        };
        let fake = 1.0 / (1.0 + (live - fake).exp());
        if !fake.is_finite() {
            return Ok(Judgement::FAILED);
        }
        let live = if fake >= FAKE {
            Liveness::Attack
        } else {
            Liveness::Undecided
        };
        Ok(Judgement {
            live,
            score: Some(1.0 - fake),
            reading: Some(fake),
        })
    }

    /// Every frame is judged for itself.
    fn reset(&mut self) {}
}

/// The middle of the grown box, made square: NCHW, (v − 127.5) / 128. `None` where there is no box.
fn crop(frame: &Frame, bounds: &Rect) -> Option<Vec<f32>> {
    let (w, h) = (bounds.width, bounds.height);
    let positive = |v: f32| v.is_finite() && v >= 1.0;
    if !positive(w) || !positive(h) || !bounds.x.is_finite() || !bounds.y.is_finite() {
        return None;
    }
    let (across, down) = (w * (1.0 + 2.0 * GROWN), h * (1.0 + 2.0 * GROWN));
    let middle = (bounds.x + w / 2.0, bounds.y + h / 2.0);
    let (step, first) = (across.max(down) / SQUARE as f32, (SQUARE - SIDE) / 2);
    // Pixel middles, from the middle of the square.
    let off = |n: usize| ((first + n) as f32 + 0.5 - SQUARE as f32 / 2.0) * step;
    let mut input = Vec::with_capacity(3 * SIDE * SIDE);
    for channel in 0..3 {
        for y in (0..SIDE).map(off) {
            for x in (0..SIDE).map(off) {
                let in_box = x.abs() <= across / 2.0 && y.abs() <= down / 2.0;
                let at = (middle.0 + x - 0.5, middle.1 + y - 0.5);
                let light = if in_box {
                    light(frame, at, channel)
                } else {
                    FILL
                };
                input.push((light - 127.5) / 128.0);
            }
        }
    }
    Some(input)
}

/// Bilinear; a gray frame is the same in every channel.
fn light(frame: &Frame, (x, y): (f32, f32), channel: usize) -> f32 {
    let (w, h) = (frame.width() as usize, frame.height() as usize);
    let inside = (-0.5..w as f32 - 0.5).contains(&x) && (-0.5..h as f32 - 0.5).contains(&y);
    if !inside {
        return FILL;
    }
    let (x, y) = (x.max(0.0), y.max(0.0));
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(w - 1), (y0 + 1).min(h - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let (channels, channel) = match frame.format() {
        PixelFormat::Bgr8 => (3, channel),
        PixelFormat::Gray8 => (1, 0),
    };
    let at = |x: usize, y: usize| f32::from(frame.pixels()[(y * w + x) * channels + channel]);
    let top = at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx;
    let bottom = at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx;
    top * (1.0 - fy) + bottom * fy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width: u32, height: u32, light: impl Fn(u32, u32) -> u8) -> Frame {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = pixels.map(|(x, y)| light(x, y)).collect();
        Frame::new(width, height, PixelFormat::Gray8, pixels).unwrap()
    }

    fn at(input: &[f32], x: usize, y: usize) -> f32 {
        input[y * SIDE + x] * 128.0 + 127.5
    }

    const BOX: Rect = Rect {
        x: 100.0,
        y: 100.0,
        width: 112.0,
        height: 112.0,
    };

    #[test]
    fn a_box_of_112_pixels_grown_by_16_and_cut_to_its_middle_is_itself() {
        // 144 pixels become 128: a step is 1.125 pixels, 56 of them from the middle to the edge.
        let input = crop(&gray(320, 240, |x, _| x as u8), &BOX).unwrap();
        assert_eq!(input.len(), 3 * SIDE * SIDE);
        let expected = 100.0 + 56.0 - 55.5 * 1.125 - 0.5;
        assert!((at(&input, 0, 50) - expected).abs() < 0.01);
        assert_eq!(input[..SIDE * SIDE], input[2 * SIDE * SIDE..]);
    }

    #[test]
    fn beside_the_frame_and_beside_a_narrow_box_is_the_filling() {
        let corner = Rect { x: -56.0, ..BOX };
        let input = crop(&gray(320, 240, |_, _| 9), &corner).unwrap();
        assert_eq!((at(&input, 0, 50), at(&input, 111, 50)), (FILL, 9.0));
        let narrow = Rect { width: 56.0, ..BOX };
        let input = crop(&gray(320, 240, |_, _| 9), &narrow).unwrap();
        assert_eq!((at(&input, 0, 50), at(&input, 56, 50)), (FILL, 9.0));
    }

    #[test]
    fn no_box_is_no_crop() {
        for width in [0.0, f32::NAN, f32::INFINITY] {
            assert!(crop(&gray(9, 9, |_, _| 0), &Rect { width, ..BOX }).is_none());
        }
    }
}
