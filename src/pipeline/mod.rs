//! From a frame to a judged face, and from judged faces to the samples an enrollment keeps.
//!
//! `service` and `tools/evaluate` both use it, so that what is measured is what ships.
#![forbid(unsafe_code)]

pub mod enrollment;
pub mod frame;
