//! MiniFASNet on color frames (minivision-ai/Silent-Face-Anti-Spoofing): two crops of the face at
//! two scales. Never on gray or infrared frames: it rejects nearly every live one.
//!
//! What is read is the margin, logit(live) − logsumexp(the other logits), the mean of both
//! networks. Their probabilities saturate: 0.5 lies in the middle of living people, and a print has
//! 0.0000. Margins keep both apart (docs/evaluation.md).

use super::detector::{Detector, Judgement, Part};
use super::own::OwnCut;
use super::window::{Bounds, Window};
use crate::onnx::{Manifest, ModelDirs, ModelError, Role, Runtime, Session};
use crate::types::{Detection, Digest, Frame, PixelFormat, Rect, Spectrum};

/// What it is called in evidence.
pub const NAME: &str = "cnn";
/// Side of a crop, in pixels.
const SIDE: usize = 80;

pub struct Cnn {
    /// Each with the scale of its crop.
    networks: Vec<(Session, f32)>,
    /// Of all of them, and their scales.
    digest: Digest,
    /// The strictest of the networks' bounds: the common ones.
    common: Bounds,
    /// Those of the person who is expected.
    bounds: Bounds,
    window: Window,
}

impl Cnn {
    pub fn load(dirs: &ModelDirs) -> Result<Self, ModelError> {
        let manifest = Manifest::load(&dirs.models.join("manifest.toml"))?;
        let runtime = Runtime::at(&dirs.runtime);
        let (mut networks, mut bounds) = (Vec::new(), None::<Bounds>);
        let mut names = String::new();
        for entry in manifest.of(Role::Pad) {
            let Some(liveness) = &entry.liveness else {
                return Err(ModelError::Manifest(format!(
                    "{}: does not say what is live",
                    entry.name
                )));
            };
            let own = Bounds {
                sure: liveness.sure,
                live: liveness.live,
                floor: liveness.attack,
                attack: liveness.attack,
            };
            bounds = Some(bounds.map_or(own, |others| others.strictest(&own)));
            names += &format!("{} {} ", entry.sha256.0, liveness.scale);
            networks.push((Session::open(&runtime, dirs, entry, &[])?, liveness.scale));
        }
        let Some(bounds) = bounds else {
            return Err(ModelError::Manifest(
                "no model for presentation attack detection".into(),
            ));
        };
        Ok(Self {
            networks,
            digest: Digest::of(names.as_bytes()),
            common: bounds,
            bounds,
            window: Window::default(),
        })
    }
}

impl Detector for Cnn {
    fn name(&self) -> &'static str {
        NAME
    }

    fn part(&self, spectrum: Spectrum) -> Part {
        match spectrum {
            Spectrum::Color => Part::Decides,
            Spectrum::Infrared => Part::Silent,
        }
    }

    fn networks(&self) -> Option<Digest> {
        Some(self.digest)
    }

    fn expect(&mut self, own: Option<f32>) {
        self.bounds = OwnCut::MARGINS.tighten(&self.common, own);
    }

    fn judge(&mut self, frame: &Frame, face: &Detection) -> Result<Judgement, ModelError> {
        let mut sum = 0.0;
        for (session, scale) in &mut self.networks {
            let Some(input) = crop(frame, &face.bounds, *scale) else {
                return Ok(Judgement::UNDECIDED);
            };
            let outputs = session.run([1, 3, SIDE, SIDE], &input)?;
            let logits = outputs.first().map(|output| output.values.as_slice());
            let Some(&[a, b, c]) = logits.and_then(|values| <&[f32; 3]>::try_from(values).ok())
            else {
                return Err(session.misshapen("does not give three classes"));
            };
            sum += margin([a, b, c]);
        }
        let mean = sum / self.networks.len() as f32;
        let live = self.bounds.live;
        let score = |margin: f32| 1.0 / (1.0 + (live - margin).exp());
        Ok(self
            .window
            .judge((frame.captured, mean), &self.bounds, score))
    }

    fn reset(&mut self) {
        self.window = Window::default();
    }
}

/// How far the class "live", the second of three, is ahead of the other two together.
fn margin([print, live, screen]: [f32; 3]) -> f32 {
    let most = print.max(screen);
    live - most - ((print - most).exp() + (screen - most).exp()).ln()
}

/// The box scaled about its middle, shifted back into the frame, resized: NCHW, BGR, 0..255. `None`
/// where there is no box.
fn crop(frame: &Frame, bounds: &Rect, scale: f32) -> Option<Vec<f32>> {
    let (fw, fh) = (frame.width() as f32, frame.height() as f32);
    let (w, h) = (bounds.width, bounds.height);
    let positive = |v: f32| v.is_finite() && v >= 1.0;
    if frame.format() != PixelFormat::Bgr8
        || !positive(w)
        || !positive(h)
        || !bounds.x.is_finite()
        || !bounds.y.is_finite()
    {
        return None;
    }
    let scale = scale.min((fh - 1.0) / h).min((fw - 1.0) / w);
    let (cw, ch) = (w * scale, h * scale);
    let place = |center: f32, size: f32, frame: f32| {
        (center - size / 2.0).clamp(0.0, (frame - 1.0 - size).max(0.0))
    };
    let left = place(bounds.x + w / 2.0, cw, fw).trunc();
    let top = place(bounds.y + h / 2.0, ch, fh).trunc();
    let (columns, rows) = (cw.trunc() + 1.0, ch.trunc() + 1.0);
    let mut input = vec![0.0; 3 * SIDE * SIDE];
    // Pixel middles, as OpenCV's bilinear resize has them.
    let middle = |n: usize, of: f32| {
        let at = (n as f32 + 0.5) * of / SIDE as f32 - 0.5;
        at.clamp(0.0, of - 1.0)
    };
    for y in 0..SIDE {
        let row = Between::of(top + middle(y, rows), frame.height());
        for x in 0..SIDE {
            let column = Between::of(left + middle(x, columns), frame.width());
            for (c, value) in bilinear(frame, column, row).into_iter().enumerate() {
                input[(c * SIDE + y) * SIDE + x] = value;
            }
        }
    }
    Some(input)
}

/// A position between two pixels of a line or a column, and how near it is to the second.
#[derive(Clone, Copy)]
struct Between(usize, usize, f32);

impl Between {
    fn of(at: f32, length: u32) -> Self {
        let last = length as usize - 1;
        let first = (at as usize).min(last);
        Self(first, (first + 1).min(last), at - first as f32)
    }
}

/// Whole levels, a half rounded up.
fn bilinear(frame: &Frame, x: Between, y: Between) -> [f32; 3] {
    let (Between(left, right, fx), Between(top, bottom, fy)) = (x, y);
    let width = frame.width() as usize;
    let at = |row: usize, column: usize| &frame.pixels()[(row * width + column) * 3..][..3];
    let corners = [
        at(top, left),
        at(top, right),
        at(bottom, left),
        at(bottom, right),
    ];
    std::array::from_fn(|c| {
        let [a, b, d, e] = corners.map(|pixel| f32::from(pixel[c]));
        let upper = a * (1.0 - fx) + b * fx;
        let lower = d * (1.0 - fx) + e * fx;
        // Never negative: adding a half and cutting off is rounding.
        f32::from((upper * (1.0 - fy) + lower * fy + 0.5) as u8)
    })
}
