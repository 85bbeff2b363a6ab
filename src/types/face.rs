//! Faces in frames, and what was extracted from them.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Pixels from the frame's top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

/// Pixels; may reach outside the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Rect {
    pub fn area(&self) -> f32 {
        self.width * self.height
    }
}

/// A detected face.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Detection {
    pub bounds: Rect,
    /// The subject's right eye, left eye, nose tip, right mouth corner, left mouth corner.
    pub landmarks: [Point; 5],
    /// 0..=1.
    pub score: f32,
}

/// Most values an embedding may have (256 + 128 for the fused pair is the largest in use).
pub const EMBEDDING_MAX: usize = 1024;

/// Features of one face: a vector of length 1 (L2), 1..=[`EMBEDDING_MAX`] finite values. Wiped when
/// dropped.
#[derive(Clone, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Normalises `values`. `None` for an empty, too long, zero or not finite vector: such a thing
    /// never compares.
    pub fn normalized(mut values: Vec<f32>) -> Option<Self> {
        let norm = values
            .iter()
            .map(|v| f64::from(*v) * f64::from(*v))
            .sum::<f64>()
            .sqrt();
        let usable = (1..=EMBEDDING_MAX).contains(&values.len()) && norm.is_finite() && norm > 1e-6;
        if !usable {
            values.zeroize();
            return None;
        }
        values
            .iter_mut()
            .for_each(|v| *v = (f64::from(*v) / norm) as f32);
        Some(Self(values))
    }

    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

impl std::fmt::Debug for Embedding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Embedding([..; {}])", self.0.len())
    }
}
