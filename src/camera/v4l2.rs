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
mod values;

use raw::*;

pub use stream::{Delivered, Stream};
pub use values::{Capability, Format, FourCc, Rate, XuRequest};

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
        let told = Capability {
            driver: text(&raw.driver),
            card: text(&raw.card),
            bus: text(&raw.bus_info),
            ..Capability::default()
        };
        Ok(told.with(caps))
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

    /// The rates of a format at a size: each one of a list, or of a range the fastest, the slowest
    /// and the one nearest to `near`.
    pub fn rates(&self, four_cc: FourCc, (width, height): (u32, u32), near: Rate) -> Vec<Rate> {
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
            let rate = |at: usize| Rate {
                frames: raw.fractions[at + 1],
                seconds: raw.fractions[at],
            };
            rates.push(rate(0));
            if raw.kind != 1 {
                let slowest = rate(2);
                rates.extend(near.within(slowest, rate(0)));
                rates.push(slowest);
                break;
            }
        }
        rates
    }

    /// Whether the camera says that its shutter is closed; `None` where it does not say.
    pub fn shutter_closed(&self) -> Option<bool> {
        let mut raw = RawControl {
            id: CID_PRIVACY,
            value: 0,
        };
        ioctl(self.fd(), G_CTRL, &mut raw).ok()?;
        Some(raw.value != 0)
    }

    /// The format in force.
    pub fn format(&self) -> io::Result<Format> {
        let mut raw = RawFormat {
            kind: BUF_TYPE_VIDEO_CAPTURE,
            ..RawFormat::zeroed()
        };
        ioctl(self.fd(), G_FMT, &mut raw)?;
        Ok(read_format(&raw))
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
        Ok(read_format(&raw))
    }

    /// The rate in force; `None` where the driver tells none.
    pub fn rate(&self) -> Option<Rate> {
        let mut raw = RawStreamParm {
            kind: BUF_TYPE_VIDEO_CAPTURE,
            ..RawStreamParm::zeroed()
        };
        ioctl(self.fd(), G_PARM, &mut raw).ok()?;
        read_rate(&raw)
    }

    /// Asks for a rate where the driver lets one be asked for, and returns the rate in force;
    /// `None` where it tells none.
    pub fn set_rate(&self, rate: Rate) -> Option<Rate> {
        let mut raw = RawStreamParm {
            kind: BUF_TYPE_VIDEO_CAPTURE,
            ..RawStreamParm::zeroed()
        };
        ioctl(self.fd(), G_PARM, &mut raw).ok()?;
        if raw.capability & CAP_TIMEPERFRAME != 0 {
            (raw.numerator, raw.denominator) = (rate.seconds, rate.frames);
            // A camera that keeps its own rate still works.
            let _ = ioctl(self.fd(), S_PARM, &mut raw);
        }
        read_rate(&raw)
    }

    /// Asks for the buffers and gives them back: `EBUSY` where another program holds the stream.
    pub fn try_buffers(&self) -> io::Result<()> {
        self.request_buffers(1)?;
        self.request_buffers(0).map(drop)
    }

    /// Gives back what setting a format took hold of.
    pub fn release(&self) -> io::Result<()> {
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

fn read_format(raw: &RawFormat) -> Format {
    Format {
        four_cc: FourCc(raw.pixel_format),
        width: raw.width,
        height: raw.height,
        bytes_per_line: raw.bytes_per_line,
    }
}

fn read_rate(raw: &RawStreamParm) -> Option<Rate> {
    let rate = Rate {
        frames: raw.denominator,
        seconds: raw.numerator,
    };
    Some(rate).filter(|rate| rate.speed().is_some())
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
