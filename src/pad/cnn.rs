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
    for y in 0..SIDE {
        for x in 0..SIDE {
            // Pixel middles, as OpenCV's bilinear resize has them.
            let sx = (x as f32 + 0.5) * columns / SIDE as f32 - 0.5;
            let sy = (y as f32 + 0.5) * rows / SIDE as f32 - 0.5;
            let sx = left + sx.clamp(0.0, columns - 1.0);
            let sy = top + sy.clamp(0.0, rows - 1.0);
            for c in 0..3 {
                input[c * SIDE * SIDE + y * SIDE + x] = bilinear(frame, sx, sy, c);
            }
        }
    }
    Some(input)
}

fn bilinear(frame: &Frame, x: f32, y: f32, channel: usize) -> f32 {
    let (w, h) = (frame.width() as usize, frame.height() as usize);
    let (x0, y0) = ((x as usize).min(w - 1), (y as usize).min(h - 1));
    let (x1, y1) = ((x0 + 1).min(w - 1), (y0 + 1).min(h - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let at = |x: usize, y: usize| f32::from(frame.pixels()[(y * w + x) * 3 + channel]);
    let top = at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx;
    let bottom = at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx;
    (top * (1.0 - fy) + bottom * fy).round()
}
