//! Presentation attack detection: each detector a score with its evidence.
#![forbid(unsafe_code)]
