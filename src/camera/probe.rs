//! Asking a node what it is.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

/// One format of a node with its sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedFormat {
    pub four_cc: [u8; 4],
    pub sizes: Vec<ProbedSize>,
}

/// One size in pixels, with its rates as (frames, seconds).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedSize {
    pub width: u32,
    pub height: u32,
    pub rates: Vec<(u32, u32)>,
}

/// What a node says about itself when it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probed {
    pub driver: String,
    pub card: String,
    pub bus: String,
    /// A node that streams pictures to us: neither metadata nor output.
    pub captures: bool,
    /// It would, by several planes a picture, and only so.
    pub is_multi_planar: bool,
    /// One stage of an image processor's pipeline, which streams nothing by itself.
    pub is_stage: bool,
    /// What it says of its privacy shutter, where it says anything.
    pub shutter_closed: Option<bool>,
    pub formats: Vec<ProbedFormat>,
}

/// Asks a node what it is. A parameter, so that recorded nodes can be listed too.
pub trait Probe {
    /// # Errors
    /// The system's, `EACCES` and `ENODEV` among them.
    fn probe(&self, node: &Path) -> io::Result<Probed>;
}
