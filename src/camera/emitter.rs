//! The infrared emitter: a vendor's extension-unit control, set from a quirk, never found by
//! trying.
//!
//! Must hold:
//! 1. Only a payload from root's quirks, or one root hands in to be tried, is ever sent, and only
//!    where the control has exactly that length.
//! 2. What is to be sent to put the light out is on disk before the light goes on.
//! 3. The light goes out when its `LitEmitter` is dropped; after a crash, by [`restore_pending`].
//! 4. The light of an instance that is still looking stays on: restoring takes the camera's
//!    lock.
#![forbid(unsafe_code)]

mod control;
mod light;
mod marker;
mod trial;

pub(super) use light::LitEmitter;
pub(super) use marker::restore_under_lock;
pub use marker::{is_pending, restore_pending};
pub use trial::{Trial, try_payload};
