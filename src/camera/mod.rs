//! Cameras: a source of frames, whatever is behind it.
//!
//! [`stream`] finds the configured camera by identity ([`CameraOptions`]), waits for other
//! instances of ourselves, and leaves frames in its caller's [`Sink`]. Everything that touches the
//! device happens on the caller's thread, which a driver that hangs holds: no deadline may wait for
//! it. `list` says what there is, which one would be used, and why. A node number never leaves this
//! room.
//!
//! Must hold:
//! 1. A camera is named by identity; whether it sees infrared is what its own formats or a quirk
//!    say, never its name.
//! 2. A virtual camera is refused unless root's configuration allows it.
//! 3. What a camera delivers is hostile input: bounded, checked, dropped when it does not fit;
//!    never a panic.
//! 4. Every wait has a deadline. An error ends the stream; nothing spins on it.
//! 5. An emitter that was lit is put out, by this process or, after a crash, by a later one.

mod classify;
pub mod decode;
mod decoder;
#[cfg(feature = "replay")]
pub mod described;
mod device;
pub mod emitter;
mod error;
pub mod exposure;
mod first_light;
mod formats;
mod list;
mod lock;
mod machine;
mod nokhwa;
mod options;
mod probe;
pub mod quirks;
mod ranking;
#[cfg(feature = "replay")]
pub mod recorded;
mod report;
mod select;
mod session;
mod shutter;
mod sink;
mod streaming;
mod strobe;
mod sysfs;
mod v4l2;
mod wide;

pub use error::CameraError;
pub use first_light::{LONGEST as LONGEST_TIMING, ModeTime, time_modes};
pub use list::{list, list_with};
pub use machine::{Delivered, Kernel, Machine, RawStream, StreamFormat};
pub use options::{CameraChoice, CameraOptions, NamedFormat, Rotation};
pub use probe::{Probe, Probed, ProbedFormat, ProbedSize};
pub use report::{report, report_with};
pub use sink::Sink;
pub use streaming::{stream, stream_from};
