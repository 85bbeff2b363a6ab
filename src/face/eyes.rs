//! Whether a face's eyes are shut.
//!
//! A face that matches with its eyes shut may be asleep. It is never said of one frame alone: 3 to
//! 5 % of open eyes on LFW read as closed, narrow ones first, and people blink.

use super::align::{Similarity, warp};
use crate::onnx::{Manifest, ModelDirs, ModelError, Role, Runtime, Session};
use crate::types::{Detection, Frame, Point, Spectrum};

/// Side of a crop, in pixels.
const SIDE: usize = 32;
/// Side of a crop, in distances between the eyes.
const REACH: f64 = 0.8;
/// Infrared crops are stretched to this mean and deviation: the network knows eyes by their
/// contrast, and emitters differ.
const MEAN: f32 = 110.0;
const DEVIATION: f32 = 45.0;

pub struct Eyes {
    session: Session,
}

impl Eyes {
    /// `None` where the model is not installed: it is optional.
    ///
    /// # Errors
    /// [`ModelError`]: it is installed, and not as the manifest pins it.
    pub fn load(dirs: &ModelDirs) -> Result<Option<Self>, ModelError> {
        let manifest = Manifest::load(&dirs.models.join("manifest.toml"))?;
        let Some(entry) = manifest.of(Role::Eyes).next() else {
            return Ok(None);
        };
        if !dirs.models.join(&entry.file).exists() {
            return Ok(None);
        }
        let runtime = Runtime::load(&dirs.runtime)?;
        let session = Session::open(&runtime, dirs, entry, &[])?;
        Ok(Some(Self { session }))
    }

    /// How surely both eyes are shut, 0..=1. `None` where the landmarks are no eyes.
    pub fn shut(
        &mut self,
        frame: &Frame,
        face: &Detection,
        spectrum: Spectrum,
    ) -> Result<Option<f32>, ModelError> {
        let [right, left, ..] = face.landmarks;
        let mut least = 1.0_f32;
        for eye in [right, left] {
            let Some(similarity) = upright(right, left, eye) else {
                return Ok(None);
            };
            let crop = warp(frame, &similarity, SIDE);
            let input = planes(&crop, spectrum);
            let outputs = self.session.run([1, 3, SIDE, SIDE], &input)?;
            let classes = outputs.first().map(|output| output.values.as_slice());
            let Some(&[closed, open]) = classes.and_then(|v| <&[f32; 2]>::try_from(v).ok()) else {
                return Err(self.session.misshapen("does not give two classes"));
            };
            least = least.min(closed / (closed + open));
        }
        Ok(least.is_finite().then_some(least))
    }
}

/// Puts an eye into the middle of its crop, the line of the eyes level.
fn upright(right: Point, left: Point, eye: Point) -> Option<Similarity> {
    let (dx, dy) = (f64::from(left.x - right.x), f64::from(left.y - right.y));
    let apart = dx.hypot(dy);
    let scale = SIDE as f64 / (REACH * apart);
    let (a, b) = (scale * dx / apart, -scale * dy / apart);
    let middle = (SIDE - 1) as f64 / 2.0;
    let (x, y) = (f64::from(eye.x), f64::from(eye.y));
    let similarity = Similarity {
        a,
        b,
        tx: middle - (a * x - b * y),
        ty: middle - (b * x + a * y),
    };
    let numbers = [similarity.a, similarity.b, similarity.tx, similarity.ty];
    (apart > 1.0 && numbers.iter().all(|v| v.is_finite())).then_some(similarity)
}

/// Blue, green and red planes as the network was trained; infrared stretched first.
fn planes(crop: &[u8], spectrum: Spectrum) -> Vec<f32> {
    let n = crop.len().max(1) as f32;
    let mean = crop.iter().map(|v| f32::from(*v)).sum::<f32>() / n;
    let variance = crop
        .iter()
        .map(|v| (f32::from(*v) - mean).powi(2))
        .sum::<f32>()
        / n;
    let stretch = match spectrum {
        Spectrum::Color => |v: f32, _: f32, _: f32| v,
        Spectrum::Infrared => {
            |v: f32, mean: f32, deviation: f32| MEAN + (v - mean) * DEVIATION / deviation.max(4.0)
        }
    };
    let value = |v: &u8| {
        let v = stretch(f32::from(*v), mean, variance.sqrt());
        (v.clamp(0.0, 255.0) - 127.0) / 255.0
    };
    (0..3)
        .flat_map(|c| crop.iter().skip(c).step_by(3).map(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eye_lies_in_the_middle_of_its_crop_and_the_other_level_with_it() {
        let (right, left) = (Point { x: 100.0, y: 80.0 }, Point { x: 140.0, y: 110.0 });
        let similarity = upright(right, left, left).unwrap();
        let (own, other) = (similarity.apply(left), similarity.apply(right));
        assert!(
            (own.x - 15.5).abs() < 1e-3 && (own.y - 15.5).abs() < 1e-3,
            "{own:?}"
        );
        assert!((other.y - 15.5).abs() < 1e-3 && (own.x - other.x - 40.0).abs() < 1e-3);
        assert!(upright(right, right, right).is_none());
        let nowhere = Point {
            x: f32::NAN,
            y: 0.0,
        };
        assert!(upright(right, nowhere, right).is_none());
    }
}
