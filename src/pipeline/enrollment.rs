//! Which samples an enrollment keeps: live ones, of one person, that differ.

use super::frame::JudgedFace;
use crate::face::compare;
use crate::types::{Embedding, Liveness};

/// Samples below this cosine with the first one are another person's: the score that strangers
/// reach in one of 10,000 single comparisons. A turned head scores lower than verification asks
/// for.
pub const SAME_PERSON: f32 = 0.4;
/// A sample above this cosine with one that was taken adds nothing.
const TOO_ALIKE: f32 = 0.97;
/// Samples an enrollment needs at least.
pub const FEWEST: usize = 2;

/// One sample that was taken.
pub struct Sample {
    pub embedding: Embedding,
    /// 0..=1.
    pub quality: f32,
    /// Of the frame, where it was measured.
    pub margin: Option<f32>,
}

/// What became of a judged face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleChoice {
    Taken,
    /// Not known to be live yet.
    NotYet,
    /// Not live.
    Attack,
    /// Not the first sample's person, or turned too far away.
    AnotherPerson,
    /// Like a sample that was taken.
    TooAlike,
    /// A detector could not do its work.
    Failed,
}

/// The samples taken so far.
#[derive(Default)]
pub struct Samples {
    taken: Vec<Sample>,
}

impl Samples {
    /// Takes the face, if it adds to the samples.
    pub fn offer(&mut self, face: JudgedFace) -> SampleChoice {
        match face.liveness {
            Liveness::Live => {}
            Liveness::Undecided => return SampleChoice::NotYet,
            Liveness::Attack => return SampleChoice::Attack,
            Liveness::Failed => return SampleChoice::Failed,
        }
        let cosine =
            |taken: &Sample| compare(&face.embedding, std::slice::from_ref(&taken.embedding));
        let first = self.taken.first().and_then(cosine);
        let nearest = self.taken.iter().filter_map(cosine).reduce(f32::max);
        if first.is_some_and(|first| first < SAME_PERSON) {
            return SampleChoice::AnotherPerson;
        }
        if nearest.is_some_and(|nearest| nearest > TOO_ALIKE) {
            return SampleChoice::TooAlike;
        }
        self.taken.push(Sample {
            quality: face.quality.overall(),
            margin: face.evidence.margin(),
            embedding: face.embedding,
        });
        SampleChoice::Taken
    }

    pub fn len(&self) -> usize {
        self.taken.len()
    }

    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// Hands the samples over.
    pub fn take(&mut self) -> Vec<Sample> {
        std::mem::take(&mut self.taken)
    }
}
