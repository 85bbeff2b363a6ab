//! Plain values that rooms hand to each other. No room's behaviour lives here.
#![forbid(unsafe_code)]

mod camera;
mod digest;
mod face;
mod frame;
pub mod hex;
mod liveness;
mod peer;

pub use camera::{CameraIdentity, find_camera, may_have_moved, same_camera};
pub use digest::Digest;
pub use face::{Detection, EMBEDDING_MAX, Embedding, Point, Rect};
pub use facelock_protocol::{Hint, Spectrum, Subject, Unavailable, Verdict};
pub use frame::{Frame, FrameShapeError, Illumination, MAX_FRAME_SIDE, PixelFormat};
pub use liveness::Liveness;
pub use peer::{OVERFLOW_UID, Peer};
