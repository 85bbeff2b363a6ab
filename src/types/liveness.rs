//! What presentation attack detection says.

/// What is said of one face: by one detector, or by all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    Live,
    Attack,
    /// Not enough was seen yet.
    Undecided,
    /// A detector could not do its work.
    Failed,
}
