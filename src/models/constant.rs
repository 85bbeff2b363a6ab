//! Constants of an OpenVINO IR: slices of its weights file.
#![forbid(unsafe_code)]

use super::graph::half;

/// A constant's place in the weights; widened only where it is used.
#[derive(Clone)]
pub struct Constant<'a> {
    pub shape: Vec<i64>,
    pub bytes: &'a [u8],
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Half,
    Single,
    /// Shapes of reshapes and the like: nothing in the subset reads them.
    Other,
}

impl Constant<'_> {
    /// How many values it holds, if they are floats and as many as its shape says.
    pub fn len(&self) -> Option<i64> {
        let n = self
            .shape
            .iter()
            .try_fold(1_i64, |n, side| n.checked_mul(*side).filter(|n| *n > 0))?;
        let width = match self.kind {
            Kind::Half => 2,
            Kind::Single => 4,
            Kind::Other => return None,
        };
        (i64::try_from(self.bytes.len()).ok()? == n.checked_mul(width)?).then_some(n)
    }

    /// The value of a constant that holds only one.
    pub fn single(&self) -> Option<f32> {
        (self.len()? == 1).then(|| self.values().next())?
    }

    pub fn values(&self) -> Box<dyn Iterator<Item = f32> + '_> {
        match self.kind {
            Kind::Half => Box::new(
                self.bytes
                    .chunks_exact(2)
                    .map(|b| half(u16::from_le_bytes([b[0], b[1]]))),
            ),
            Kind::Single => Box::new(
                self.bytes
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
            ),
            Kind::Other => Box::new(std::iter::empty()),
        }
    }
}
