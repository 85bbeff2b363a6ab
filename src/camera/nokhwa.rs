//! Streaming through nokhwa.
//!
//! nokhwa waits for ever for a camera that does not answer, and returns a buffer's whole mapping
//! rather than the part that was filled; it runs on the room's own thread, and what it returns is
//! decoded by the announced size. It refuses a camera that another program left in a format it does
//! not know, so the format is set before it opens the node.
#![forbid(unsafe_code)]

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
    Resolution,
};
use nokhwa::{Camera, NokhwaError};

use super::v4l2::{Delivered, Format};

pub(super) struct NokhwaStream {
    /// `None` once it is closed.
    camera: Option<Camera>,
    /// nokhwa keeps the driver's sequence to itself.
    sequence: u32,
}

impl NokhwaStream {
    /// `None` where nokhwa does not start; the reason shows when the node is tried without it.
    pub fn start(path: &Path, format: Format, rate: u32) -> Option<Self> {
        let known = match &format.four_cc.0 {
            b"YUYV" => FrameFormat::YUYV,
            b"NV12" => FrameFormat::NV12,
            _ => return None,
        };
        let number = path.file_name()?.to_str()?.strip_prefix("video")?;
        let index = CameraIndex::Index(number.parse().ok()?);
        let size = Resolution::new(format.width, format.height);
        let exact = RequestedFormatType::Exact(CameraFormat::new(size, known, rate));
        let formats = [known];
        let request = RequestedFormat::with_formats(exact, &formats);
        let open = || {
            let mut camera = Camera::with_backend(index, request, ApiBackend::Video4Linux).ok()?;
            camera.open_stream().ok()?;
            Some(camera)
        };
        let camera = catch_unwind(AssertUnwindSafe(open)).ok().flatten()?;
        Some(Self {
            camera: Some(camera),
            sequence: 0,
        })
    }

    /// Waits for a frame, for as long as it takes.
    pub fn next(&mut self, look: &mut dyn FnMut(&[u8], Delivered)) -> io::Result<()> {
        let camera = self.camera.as_mut();
        let camera = camera.ok_or_else(|| io::Error::other("the stream is closed"))?;
        let bytes = camera.frame_raw().map_err(|error| reason(&error))?;
        self.sequence = self.sequence.wrapping_add(1);
        let delivered = Delivered {
            sequence: self.sequence,
            damaged: false,
            at: Instant::now(),
        };
        look(&bytes, delivered);
        Ok(())
    }
}

impl Drop for NokhwaStream {
    fn drop(&mut self) {
        // Its stream panics on close where the driver refuses to stop, as an unplugged one may.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(self.camera.take())));
    }
}

/// The error number that nokhwa writes into its words.
fn reason(error: &NokhwaError) -> io::Error {
    let words = error.to_string();
    let number = words.rsplit_once("os error ").and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    match number {
        Some(number) => io::Error::from_raw_os_error(number),
        None => {
            let plain = words.chars().filter(|c| !c.is_control()).take(200);
            io::Error::other(plain.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_number_is_found_in_nokhwas_words() {
        let read = |words: &str| reason(&NokhwaError::ReadFrameError(words.to_owned()));
        let number = |words| read(words).raw_os_error();
        assert_eq!(
            number("Device or resource busy (os error 16)"),
            Some(libc::EBUSY)
        );
        assert_eq!(number("No such device (os error 19)"), Some(libc::ENODEV));
        assert_eq!(number("Stream Not Started"), None);
    }
}
