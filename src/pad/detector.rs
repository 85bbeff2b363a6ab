//! What every detector is: a file that implements [`Detector`], and a row in `Pad::load`.

use crate::onnx::ModelError;
use crate::types::{Detection, Digest, Frame, Liveness, Spectrum};

/// What a detector's word is worth on frames of one spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A face is live only where it says so.
    Decides,
    /// It can call a face an attack, and never makes one live.
    Vetoes,
    /// It is not asked.
    Silent,
}

/// A detector's word on one face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    pub live: Liveness,
    /// 0 (attack) ..= 1 (live); absent where nothing measured it.
    pub score: Option<f32>,
    /// What was measured on this frame alone, in the detector's own unit.
    pub reading: Option<f32>,
}

impl Judgement {
    pub const UNDECIDED: Self = Self {
        live: Liveness::Undecided,
        score: None,
        reading: None,
    };
    pub const FAILED: Self = Self {
        live: Liveness::Failed,
        ..Self::UNDECIDED
    };
}

/// A way to tell a face from its picture. It judges one face, frame after frame;
/// [`Pad`](super::Pad) resets it where another face begins.
pub trait Detector: Send {
    fn name(&self) -> &'static str;

    fn part(&self, spectrum: Spectrum) -> Part;

    /// Takes note of a frame that is not judged.
    fn glance(&mut self, _: &Frame) {}

    /// Names the networks that read margins, where it has any: readings of others do not compare.
    fn networks(&self) -> Option<Digest> {
        None
    }

    /// Takes note of what the enrollment of the person who is expected had for a reading
    /// ([`PadEvidence::margin`](super::PadEvidence::margin)); `None` where that is not known. It
    /// outlasts [`Detector::reset`].
    fn expect(&mut self, _: Option<f32>) {}

    /// Judges the face in this frame. Only asked where its part is not silent.
    ///
    /// # Errors
    /// [`ModelError`]: a model does not do its work.
    fn judge(&mut self, frame: &Frame, face: &Detection) -> Result<Judgement, ModelError>;

    /// Forgets the face seen so far.
    fn reset(&mut self);
}
