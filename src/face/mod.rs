//! Faces: detect, align, embed, compare. Pure given a frame.
#![forbid(unsafe_code)]
