//! The few V4L2 and UVC calls this room makes, as safe functions. With its two parts, the room's
//! only unsafe code.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

mod raw;
mod stream;

use raw::*;

pub use stream::Stream;

/// A four-character pixel format code, as the driver writes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl std::fmt::Display for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |c: &u8| {
            if c.is_ascii_graphic() {
                *c as char
            } else {
                ' '
            }
        };
        f.write_str(self.0.iter().map(shown).collect::<String>().trim_end())
    }
}

impl std::fmt::Debug for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// What `VIDIOC_QUERYCAP` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    pub driver: String,
    pub card: String,
    pub bus: String,
    /// Single-planar video capture with streaming: not metadata, not output.
    pub captures: bool,
}

/// A format as the driver set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    pub four_cc: FourCc,
    pub width: u32,
    pub height: u32,
    pub bytes_per_line: u32,
    pub size_image: u32,
}

/// Frames a second, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub frames: u32,
    pub seconds: u32,
}

/// Extension-unit requests, from the UVC specification (A.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XuRequest {
    Set = 0x01,
    Length = 0x85,
}

/// An open video node.
#[derive(Debug)]
pub struct Node(File);

impl Node {
    /// Opens without waiting: reads of a node that has no frame yet return instead of blocking.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = libc::O_NONBLOCK | libc::O_CLOEXEC;
        Ok(Self(
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(flags)
                .open(path)?,
        ))
    }

    /// A second handle on the same open node.
    pub fn duplicate(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    pub fn capability(&self) -> io::Result<Capability> {
        let mut raw = RawCapability::zeroed();
        ioctl(self.fd(), QUERYCAP, &mut raw)?;
        let caps = if raw.capabilities & CAP_DEVICE_CAPS != 0 {
            raw.device_caps
        } else {
            raw.capabilities
        };
        Ok(Capability {
            driver: text(&raw.driver),
            card: text(&raw.card),
            bus: text(&raw.bus_info),
            captures: caps & CAP_VIDEO_CAPTURE != 0 && caps & CAP_STREAMING != 0,
        })
    }

    /// The pixel formats, in the driver's order.
    pub fn formats(&self) -> Vec<FourCc> {
        let describe = |index| {
            let mut raw = RawFmtDesc {
                index,
                kind: BUF_TYPE_VIDEO_CAPTURE,
                ..RawFmtDesc::zeroed()
            };
            ioctl(self.fd(), ENUM_FMT, &mut raw)
                .ok()
                .map(|()| FourCc(raw.pixel_format))
        };
        (0..ENUM_MAX).map_while(describe).collect()
    }

    /// The sizes of a format: each one of a list, or of a range the smallest, the largest and the
    /// one nearest to `near`.
    pub fn sizes(&self, four_cc: FourCc, near: (u32, u32)) -> Vec<(u32, u32)> {
        let mut sizes = Vec::new();
        for index in 0..ENUM_MAX {
            let mut raw = RawFrameSize {
                index,
                pixel_format: four_cc.0,
                ..RawFrameSize::zeroed()
            };
            if ioctl(self.fd(), ENUM_FRAMESIZES, &mut raw).is_err() {
                break;
            }
            if raw.kind != 1 {
                let [
                    min_width,
                    max_width,
                    step_width,
                    min_height,
                    max_height,
                    step_height,
                ] = raw.sizes;
                let width = on_step(near.0, (min_width, max_width, step_width));
                let height = on_step(near.1, (min_height, max_height, step_height));
                sizes.extend([
                    (min_width, min_height),
                    (width, height),
                    (max_width, max_height),
                ]);
                break;
            }
            sizes.push((raw.sizes[0], raw.sizes[1]));
        }
        sizes
    }

    /// The rates of a format at a size: each one of a list, or the fastest and the slowest of a
    /// range.
    pub fn rates(&self, four_cc: FourCc, (width, height): (u32, u32)) -> Vec<Rate> {
        let mut rates = Vec::new();
        for index in 0..ENUM_MAX {
            let blank = RawFrameInterval::zeroed();
            let mut raw = RawFrameInterval {
                index,
                pixel_format: four_cc.0,
                width,
                height,
                ..blank
            };
            if ioctl(self.fd(), ENUM_FRAMEINTERVALS, &mut raw).is_err() {
                break;
            }
            let shown = if raw.kind == 1 { 1 } else { 2 };
            let rate = |interval: &[u32]| Rate {
                frames: interval[1],
                seconds: interval[0],
            };
            rates.extend(raw.fractions.chunks_exact(2).take(shown).map(rate));
            if raw.kind != 1 {
                break;
            }
        }
        rates
    }

    /// Sets the format; the driver answers with what it made of it.
    pub fn set_format(&self, four_cc: FourCc, (width, height): (u32, u32)) -> io::Result<Format> {
        let blank = RawFormat::zeroed();
        let (kind, field) = (BUF_TYPE_VIDEO_CAPTURE, FIELD_NONE);
        let mut raw = RawFormat {
            kind,
            width,
            height,
            pixel_format: four_cc.0,
            field,
            ..blank
        };
        ioctl(self.fd(), S_FMT, &mut raw)?;
        Ok(Format {
            four_cc: FourCc(raw.pixel_format),
            width: raw.width,
            height: raw.height,
            bytes_per_line: raw.bytes_per_line,
            size_image: raw.size_image,
        })
    }

    /// Asks for a rate where the driver lets one be asked for, and returns the rate in force;
    /// `None` where it tells none.
    pub fn set_rate(&self, rate: Rate) -> io::Result<Option<Rate>> {
        let mut raw = RawStreamParm {
            kind: BUF_TYPE_VIDEO_CAPTURE,
            ..RawStreamParm::zeroed()
        };
        if ioctl(self.fd(), G_PARM, &mut raw).is_err() {
            return Ok(None);
        }
        if raw.capability & CAP_TIMEPERFRAME != 0 {
            (raw.numerator, raw.denominator) = (rate.seconds, rate.frames);
            ioctl(self.fd(), S_PARM, &mut raw)?;
        }
        Ok(Some(Rate {
            frames: raw.denominator,
            seconds: raw.numerator,
        }))
    }

    /// Asks for the buffers and gives them back: `EBUSY` where another program holds the stream.
    pub fn try_buffers(&self) -> io::Result<()> {
        self.request_buffers(1)?;
        self.request_buffers(0).map(drop)
    }

    fn request_buffers(&self, count: u32) -> io::Result<u32> {
        let blank = RawRequestBuffers::zeroed();
        let mut raw = RawRequestBuffers {
            count,
            kind: BUF_TYPE_VIDEO_CAPTURE,
            memory: MEMORY_MMAP,
            ..blank
        };
        ioctl(self.fd(), REQBUFS, &mut raw)?;
        Ok(raw.count)
    }

    /// One extension-unit request. `data` is sent or filled; the kernel refuses a length the
    /// control does not have.
    pub fn extension_unit(
        &self,
        unit: u8,
        selector: u8,
        kind: XuRequest,
        data: &mut [u8],
    ) -> io::Result<()> {
        let size = u16::try_from(data.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut raw = RawXuQuery {
            unit,
            selector,
            query: kind as u8,
            size,
            data: data.as_mut_ptr(),
        };
        // SAFETY: `raw` is the request's argument and `data` points to `size` writable bytes that
        // outlive the call.
        match unsafe { libc::ioctl(self.fd(), UVC_CTRL_QUERY.code as _, &raw mut raw) } {
            0.. => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The value of a range (least, most, step) that is nearest to `near` without passing it, or the
/// least.
fn on_step(near: u32, (least, most, step): (u32, u32, u32)) -> u32 {
    let above = near.min(most).saturating_sub(least);
    least.saturating_add(above - above % step.max(1))
}

/// A kernel string: up to the first zero, without control characters.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_video_node_is_an_error_not_a_camera() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let node = Node::open(file.path()).unwrap();
        assert_eq!(
            node.capability().unwrap_err().raw_os_error(),
            Some(libc::ENOTTY)
        );
        assert!(node.formats().is_empty());
        assert!(Stream::start(node, 4).is_err());
    }

    #[test]
    fn a_range_of_sizes_offers_the_size_that_is_wanted() {
        assert_eq!(on_step(640, (32, 2592, 2)), 640);
        assert_eq!(on_step(480, (32, 1944, 0)), 480);
        assert_eq!(on_step(640, (100, 4000, 64)), 612);
        assert_eq!(
            (on_step(640, (800, 4000, 16)), on_step(640, (16, 320, 16))),
            (800, 320)
        );
        assert_eq!(on_step(640, (u32::MAX, 0, 7)), u32::MAX);
    }

    #[test]
    fn kernel_strings_end_at_zero_and_carry_no_control_characters() {
        assert_eq!(text(b"Cam\x1b[31m\0junk"), "Cam[31m");
        assert_eq!(text(&[b'a'; 4]), "aaaa");
    }
}
