//! The few V4L2 and UVC calls this room makes, as safe functions. With its `stream`, the room's only unsafe code.
//!
//! Structures and numbers: linux/videodev2.h and linux/uvcvideo.h for 64-bit Linux (x86-64 and aarch64 agree); the tests
//! compare sizes and request numbers with the kernel's.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

mod stream;

pub use stream::Stream;

/// A four-character pixel format code, as the driver writes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl std::fmt::Display for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |c: &u8| if c.is_ascii_graphic() { *c as char } else { ' ' };
        f.write_str(self.0.iter().map(shown).collect::<String>().trim_end())
    }
}

impl std::fmt::Debug for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

const BUF_TYPE_VIDEO_CAPTURE: u32 = 1;
const MEMORY_MMAP: u32 = 1;
const FIELD_NONE: u32 = 1;
const BUF_FLAG_ERROR: u32 = 0x40;
const CAP_VIDEO_CAPTURE: u32 = 0x1;
const CAP_STREAMING: u32 = 0x0400_0000;
const CAP_DEVICE_CAPS: u32 = 0x8000_0000;
const CAP_TIMEPERFRAME: u32 = 0x1000;
/// A driver that never says "no more" is cut off here.
const ENUM_MAX: u32 = 64;
/// Largest mapped buffer: 4096 x 4096 in 3 bytes a pixel.
const BUFFER_MAX: u32 = 4096 * 4096 * 3;

#[repr(C)]
struct RawCapability {
    driver: [u8; 16],
    card: [u8; 32],
    bus_info: [u8; 32],
    version: u32,
    capabilities: u32,
    device_caps: u32,
    reserved: [u32; 3],
}

#[repr(C)]
struct RawFmtDesc {
    index: u32,
    kind: u32,
    flags: u32,
    description: [u8; 32],
    pixel_format: [u8; 4],
    mbus_code: u32,
    reserved: [u32; 3],
}

#[repr(C)]
struct RawFrameSize {
    index: u32,
    pixel_format: [u8; 4],
    kind: u32,
    /// Discrete: width, height. Else: min, max, step of width, then of height.
    sizes: [u32; 6],
    reserved: [u32; 2],
}

#[repr(C)]
struct RawFrameInterval {
    index: u32,
    pixel_format: [u8; 4],
    width: u32,
    height: u32,
    kind: u32,
    /// Discrete: one fraction of a second. Else: min, max, step.
    fractions: [u32; 6],
    reserved: [u32; 2],
}

/// `struct v4l2_format` with its union as `struct v4l2_pix_format`; the union is 200 bytes, aligned to 8.
#[repr(C)]
struct RawFormat {
    kind: u32,
    _pad: u32,
    width: u32,
    height: u32,
    pixel_format: [u8; 4],
    field: u32,
    bytes_per_line: u32,
    size_image: u32,
    rest: [u32; 44],
}

/// `struct v4l2_streamparm` with its union as `struct v4l2_captureparm`.
#[repr(C)]
struct RawStreamParm {
    kind: u32,
    capability: u32,
    mode: u32,
    numerator: u32,
    denominator: u32,
    rest: [u32; 46],
}

#[repr(C)]
struct RawRequestBuffers {
    count: u32,
    kind: u32,
    memory: u32,
    capabilities: u32,
    reserved: u32,
}

#[repr(C)]
struct RawBuffer {
    index: u32,
    kind: u32,
    bytes_used: u32,
    flags: u32,
    field: u32,
    _pad: u32,
    timestamp: [i64; 2],
    timecode: [u32; 4],
    sequence: u32,
    memory: u32,
    /// The union `m`: the mapping's offset, in its low half.
    offset: u64,
    length: u32,
    reserved: [u32; 2],
    _tail: u32,
}

#[repr(C)]
struct RawXuQuery {
    unit: u8,
    selector: u8,
    query: u8,
    size: u16,
    data: *mut u8,
}

const READ: u64 = 2;
const WRITE: u64 = 1;

/// `_IOC` of asm-generic/ioctl.h.
const fn request<T>(direction: u64, kind: u8, number: u8) -> u64 {
    direction << 30 | (size_of::<T>() as u64) << 16 | (kind as u64) << 8 | number as u64
}

const QUERYCAP: u64 = request::<RawCapability>(READ, b'V', 0);
const ENUM_FMT: u64 = request::<RawFmtDesc>(READ | WRITE, b'V', 2);
const S_FMT: u64 = request::<RawFormat>(READ | WRITE, b'V', 5);
const REQBUFS: u64 = request::<RawRequestBuffers>(READ | WRITE, b'V', 8);
const QUERYBUF: u64 = request::<RawBuffer>(READ | WRITE, b'V', 9);
const QBUF: u64 = request::<RawBuffer>(READ | WRITE, b'V', 15);
const DQBUF: u64 = request::<RawBuffer>(READ | WRITE, b'V', 17);
const STREAMON: u64 = request::<i32>(WRITE, b'V', 18);
const STREAMOFF: u64 = request::<i32>(WRITE, b'V', 19);
const G_PARM: u64 = request::<RawStreamParm>(READ | WRITE, b'V', 21);
const S_PARM: u64 = request::<RawStreamParm>(READ | WRITE, b'V', 22);
const ENUM_FRAMESIZES: u64 = request::<RawFrameSize>(READ | WRITE, b'V', 74);
const ENUM_FRAMEINTERVALS: u64 = request::<RawFrameInterval>(READ | WRITE, b'V', 75);
const UVC_CTRL_QUERY: u64 = request::<RawXuQuery>(READ | WRITE, b'u', 0x21);

/// Types that are plain numbers to the kernel: all zeroes is a value, and any bytes the kernel writes are one.
///
/// # Safety
/// `repr(C)`, integers and arrays of integers only, and exactly as large as the number of its request says.
unsafe trait Plain: Sized {
    fn zeroed() -> Self {
        // SAFETY: integers only, by the trait's contract.
        unsafe { std::mem::zeroed() }
    }
}

macro_rules! plain {
    ($($name:ty),*) => { $(
        // SAFETY: `repr(C)` integers; the sizes are compared with the kernel's in the tests.
        unsafe impl Plain for $name {}
    )* };
}
plain!(
    RawCapability,
    RawFmtDesc,
    RawFrameSize,
    RawFrameInterval,
    RawFormat,
    RawStreamParm,
    RawRequestBuffers,
    RawBuffer,
    i32
);

/// One ioctl, repeated when a signal interrupts it.
fn ioctl<T: Plain>(fd: RawFd, request: u64, argument: &mut T) -> io::Result<()> {
    loop {
        // SAFETY: every request above carries the size of its argument, `T` is that argument by `request::<T>`, and the
        // kernel writes at most that many bytes into it.
        let done = unsafe { libc::ioctl(fd, request as _, std::ptr::from_mut(argument)) };
        if done >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
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
        Ok(Self(OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?))
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
        let caps = if raw.capabilities & CAP_DEVICE_CAPS != 0 { raw.device_caps } else { raw.capabilities };
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
            let mut raw = RawFmtDesc { index, kind: BUF_TYPE_VIDEO_CAPTURE, ..RawFmtDesc::zeroed() };
            ioctl(self.fd(), ENUM_FMT, &mut raw).ok().map(|()| FourCc(raw.pixel_format))
        };
        (0..ENUM_MAX).map_while(describe).collect()
    }

    /// The sizes of a format: each one of a list, or the smallest and the largest of a range.
    pub fn sizes(&self, four_cc: FourCc) -> Vec<(u32, u32)> {
        let mut sizes = Vec::new();
        for index in 0..ENUM_MAX {
            let mut raw = RawFrameSize { index, pixel_format: four_cc.0, ..RawFrameSize::zeroed() };
            if ioctl(self.fd(), ENUM_FRAMESIZES, &mut raw).is_err() {
                break;
            }
            if raw.kind != 1 {
                let [min_width, max_width, _, min_height, max_height, _] = raw.sizes;
                sizes.extend([(min_width, min_height), (max_width, max_height)]);
                break;
            }
            sizes.push((raw.sizes[0], raw.sizes[1]));
        }
        sizes
    }

    /// The rates of a format at a size: each one of a list, or the fastest and the slowest of a range.
    pub fn rates(&self, four_cc: FourCc, (width, height): (u32, u32)) -> Vec<Rate> {
        let mut rates = Vec::new();
        for index in 0..ENUM_MAX {
            let blank = RawFrameInterval::zeroed();
            let mut raw = RawFrameInterval { index, pixel_format: four_cc.0, width, height, ..blank };
            if ioctl(self.fd(), ENUM_FRAMEINTERVALS, &mut raw).is_err() {
                break;
            }
            let shown = if raw.kind == 1 { 1 } else { 2 };
            let rate = |interval: &[u32]| Rate { frames: interval[1], seconds: interval[0] };
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
        let mut raw = RawFormat { kind, width, height, pixel_format: four_cc.0, field, ..blank };
        ioctl(self.fd(), S_FMT, &mut raw)?;
        Ok(Format {
            four_cc: FourCc(raw.pixel_format),
            width: raw.width,
            height: raw.height,
            bytes_per_line: raw.bytes_per_line,
            size_image: raw.size_image,
        })
    }

    /// Asks for a rate where the driver lets one be asked for, and returns the rate in force; `None` where it tells none.
    pub fn set_rate(&self, rate: Rate) -> io::Result<Option<Rate>> {
        let mut raw = RawStreamParm { kind: BUF_TYPE_VIDEO_CAPTURE, ..RawStreamParm::zeroed() };
        if ioctl(self.fd(), G_PARM, &mut raw).is_err() {
            return Ok(None);
        }
        if raw.capability & CAP_TIMEPERFRAME != 0 {
            (raw.numerator, raw.denominator) = (rate.seconds, rate.frames);
            ioctl(self.fd(), S_PARM, &mut raw)?;
        }
        Ok(Some(Rate { frames: raw.denominator, seconds: raw.numerator }))
    }

    /// Asks for the buffers and gives them back: `EBUSY` where another program holds the stream.
    pub fn try_buffers(&self) -> io::Result<()> {
        self.request_buffers(1)?;
        self.request_buffers(0).map(drop)
    }

    fn request_buffers(&self, count: u32) -> io::Result<u32> {
        let blank = RawRequestBuffers::zeroed();
        let mut raw = RawRequestBuffers { count, kind: BUF_TYPE_VIDEO_CAPTURE, memory: MEMORY_MMAP, ..blank };
        ioctl(self.fd(), REQBUFS, &mut raw)?;
        Ok(raw.count)
    }

    /// One extension-unit request. `data` is sent or filled; the kernel refuses a length the control does not have.
    pub fn extension_unit(&self, unit: u8, selector: u8, kind: XuRequest, data: &mut [u8]) -> io::Result<()> {
        let size = u16::try_from(data.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut raw = RawXuQuery { unit, selector, query: kind as u8, size, data: data.as_mut_ptr() };
        // SAFETY: `raw` is the request's argument and `data` points to `size` writable bytes that outlive the call.
        match unsafe { libc::ioctl(self.fd(), UVC_CTRL_QUERY as _, &raw mut raw) } {
            0.. => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A kernel string: up to the first zero, without control characters.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a C program over the kernel's headers on x86-64; aarch64 prints the same.
    #[test]
    fn request_numbers_are_the_kernels() {
        let ours = [
            (QUERYCAP, 0x8068_5600),
            (ENUM_FMT, 0xc040_5602),
            (S_FMT, 0xc0d0_5605),
            (REQBUFS, 0xc014_5608),
            (QUERYBUF, 0xc058_5609),
            (QBUF, 0xc058_560f),
            (DQBUF, 0xc058_5611),
            (STREAMON, 0x4004_5612),
            (STREAMOFF, 0x4004_5613),
            (G_PARM, 0xc0cc_5615),
            (S_PARM, 0xc0cc_5616),
            (ENUM_FRAMESIZES, 0xc02c_564a),
            (ENUM_FRAMEINTERVALS, 0xc034_564b),
            (UVC_CTRL_QUERY, 0xc010_7521),
        ];
        for (ours, kernels) in ours {
            assert_eq!(ours, kernels, "{ours:#x}");
        }
    }

    #[test]
    fn fields_lie_where_the_kernel_puts_them() {
        use std::mem::offset_of;
        assert_eq!(offset_of!(RawBuffer, timestamp), 24);
        assert_eq!(offset_of!(RawBuffer, sequence), 56);
        assert_eq!(offset_of!(RawBuffer, offset), 64);
        assert_eq!(offset_of!(RawBuffer, length), 72);
        assert_eq!(offset_of!(RawFormat, width), 8);
        assert_eq!(offset_of!(RawStreamParm, numerator), 12);
        assert_eq!(offset_of!(RawXuQuery, data), 8);
    }

    #[test]
    fn a_file_that_is_no_video_node_is_an_error_not_a_camera() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let node = Node::open(file.path()).unwrap();
        assert_eq!(node.capability().unwrap_err().raw_os_error(), Some(libc::ENOTTY));
        assert!(node.formats().is_empty());
        assert!(Stream::start(node, 4).is_err());
    }

    #[test]
    fn kernel_strings_end_at_zero_and_carry_no_control_characters() {
        assert_eq!(text(b"Cam\x1b[31m\0junk"), "Cam[31m");
        assert_eq!(text(&[b'a'; 4]), "aaaa");
    }
}
