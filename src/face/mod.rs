//! Faces: detect, align, embed, compare. Pure given a frame.
//!
//! The maths is that of OpenCV's `FaceDetectorYN` and of a closed-form similarity alignment;
//! `tests/face.rs` holds it against numbers recorded from a reference implementation.
#![forbid(unsafe_code)]

pub mod align;
mod compare;
mod detect;
mod embed;
mod engine;
mod eyes;
mod networks;
mod quality;
mod refine;
mod scale;

pub use compare::{Weights, compare};
pub use detect::Detector;
pub use detect::detector_sizes;
pub use embed::Embedder;
pub use engine::Engine;
pub use eyes::Eyes;
pub use networks::Networks;
pub use quality::{Quality, QualityLimits};
