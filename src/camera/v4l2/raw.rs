//! Structures and request numbers of linux/videodev2.h and linux/uvcvideo.h, and the call that
//! takes them.
#![allow(unsafe_code)]

use std::io;
use std::marker::PhantomData;
use std::os::fd::RawFd;

pub(super) const BUF_TYPE_VIDEO_CAPTURE: u32 = 1;
pub(super) const MEMORY_MMAP: u32 = 1;
pub(super) const FIELD_NONE: u32 = 1;
pub(super) const BUF_FLAG_ERROR: u32 = 0x40;
pub(super) const BUF_FLAG_TIMESTAMP_MASK: u32 = 0xe000;
pub(super) const BUF_FLAG_TIMESTAMP_MONOTONIC: u32 = 0x2000;
pub(super) const CAP_VIDEO_CAPTURE: u32 = 0x1;
pub(super) const CAP_VIDEO_OUTPUT: u32 = 0x2;
pub(super) const CAP_VIDEO_CAPTURE_MPLANE: u32 = 0x1000;
pub(super) const CAP_VIDEO_OUTPUT_MPLANE: u32 = 0x2000;
pub(super) const CAP_STREAMING: u32 = 0x0400_0000;
/// The node is one stage of a pipeline that a program must first set up.
pub(super) const CAP_IO_MC: u32 = 0x2000_0000;
pub(super) const CAP_DEVICE_CAPS: u32 = 0x8000_0000;
pub(super) const CAP_TIMEPERFRAME: u32 = 0x1000;
/// V4L2_CID_PRIVACY: the camera's shutter is closed.
pub(super) const CID_PRIVACY: u32 = 0x009a_0910;
/// A driver that never says "no more" is cut off here.
pub(super) const ENUM_MAX: u32 = 64;
/// Largest mapped buffer: 4096 x 4096 in 3 bytes a pixel.
pub(super) const BUFFER_MAX: u32 = 4096 * 4096 * 3;

#[repr(C)]
pub(super) struct RawCapability {
    pub driver: [u8; 16],
    pub card: [u8; 32],
    pub bus_info: [u8; 32],
    pub version: u32,
    pub capabilities: u32,
    pub device_caps: u32,
    pub reserved: [u32; 3],
}

#[repr(C)]
pub(super) struct RawFmtDesc {
    pub index: u32,
    pub kind: u32,
    pub flags: u32,
    pub description: [u8; 32],
    pub pixel_format: [u8; 4],
    pub mbus_code: u32,
    pub reserved: [u32; 3],
}

#[repr(C)]
pub(super) struct RawFrameSize {
    pub index: u32,
    pub pixel_format: [u8; 4],
    pub kind: u32,
    /// Discrete: width, height. Else: min, max, step of width, then of height.
    pub sizes: [u32; 6],
    pub reserved: [u32; 2],
}

#[repr(C)]
pub(super) struct RawFrameInterval {
    pub index: u32,
    pub pixel_format: [u8; 4],
    pub width: u32,
    pub height: u32,
    pub kind: u32,
    /// Discrete: one fraction of a second. Else: min, max, step.
    pub fractions: [u32; 6],
    pub reserved: [u32; 2],
}

/// `struct v4l2_format` with its union as `struct v4l2_pix_format`; the union is 200 bytes, aligned
/// to 8.
#[repr(C)]
pub(super) struct RawFormat {
    pub kind: u32,
    pub _pad: u32,
    pub width: u32,
    pub height: u32,
    pub pixel_format: [u8; 4],
    pub field: u32,
    pub bytes_per_line: u32,
    pub size_image: u32,
    pub rest: [u32; 44],
}

/// `struct v4l2_streamparm` with its union as `struct v4l2_captureparm`.
#[repr(C)]
pub(super) struct RawStreamParm {
    pub kind: u32,
    pub capability: u32,
    pub mode: u32,
    pub numerator: u32,
    pub denominator: u32,
    pub rest: [u32; 46],
}

#[repr(C)]
pub(super) struct RawRequestBuffers {
    pub count: u32,
    pub kind: u32,
    pub memory: u32,
    pub capabilities: u32,
    pub reserved: u32,
}

#[repr(C)]
pub(super) struct RawBuffer {
    pub index: u32,
    pub kind: u32,
    pub bytes_used: u32,
    pub flags: u32,
    pub field: u32,
    pub _pad: u32,
    pub timestamp: [i64; 2],
    pub timecode: [u32; 4],
    pub sequence: u32,
    pub memory: u32,
    /// The union `m`: the mapping's offset, in its low half.
    pub offset: u64,
    pub length: u32,
    pub reserved: [u32; 2],
    pub _tail: u32,
}

#[repr(C)]
pub(super) struct RawControl {
    pub id: u32,
    pub value: i32,
}

#[repr(C)]
pub(super) struct RawXuQuery {
    pub unit: u8,
    pub selector: u8,
    pub query: u8,
    pub size: u16,
    pub data: *mut u8,
}

const READ: u64 = 2;
const WRITE: u64 = 1;

/// A request that takes a `T`: number and argument cannot be mixed up.
pub(super) struct Request<T> {
    pub code: u64,
    argument: PhantomData<T>,
}

impl<T> Request<T> {
    /// `_IOC` of asm-generic/ioctl.h.
    pub const fn new(direction: u64, kind: u8, number: u8) -> Self {
        let code =
            direction << 30 | (size_of::<T>() as u64) << 16 | (kind as u64) << 8 | number as u64;
        Self {
            code,
            argument: PhantomData,
        }
    }
}

pub(super) const QUERYCAP: Request<RawCapability> = Request::new(READ, b'V', 0);
pub(super) const ENUM_FMT: Request<RawFmtDesc> = Request::new(READ | WRITE, b'V', 2);
pub(super) const G_FMT: Request<RawFormat> = Request::new(READ | WRITE, b'V', 4);
pub(super) const S_FMT: Request<RawFormat> = Request::new(READ | WRITE, b'V', 5);
pub(super) const REQBUFS: Request<RawRequestBuffers> = Request::new(READ | WRITE, b'V', 8);
pub(super) const QUERYBUF: Request<RawBuffer> = Request::new(READ | WRITE, b'V', 9);
pub(super) const QBUF: Request<RawBuffer> = Request::new(READ | WRITE, b'V', 15);
pub(super) const DQBUF: Request<RawBuffer> = Request::new(READ | WRITE, b'V', 17);
pub(super) const STREAMON: Request<i32> = Request::new(WRITE, b'V', 18);
pub(super) const STREAMOFF: Request<i32> = Request::new(WRITE, b'V', 19);
pub(super) const G_PARM: Request<RawStreamParm> = Request::new(READ | WRITE, b'V', 21);
pub(super) const S_PARM: Request<RawStreamParm> = Request::new(READ | WRITE, b'V', 22);
pub(super) const G_CTRL: Request<RawControl> = Request::new(READ | WRITE, b'V', 27);
pub(super) const ENUM_FRAMESIZES: Request<RawFrameSize> = Request::new(READ | WRITE, b'V', 74);
pub(super) const ENUM_FRAMEINTERVALS: Request<RawFrameInterval> =
    Request::new(READ | WRITE, b'V', 75);
pub(super) const UVC_CTRL_QUERY: Request<RawXuQuery> = Request::new(READ | WRITE, b'u', 0x21);

/// Types that are plain numbers to the kernel: all zeroes is a value, and any bytes the kernel
/// writes are one.
///
/// # Safety
/// `repr(C)`, integers and arrays of integers only, and exactly as large as the number of its
/// request says.
pub(super) unsafe trait Plain: Sized {
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
    RawControl,
    i32
);

/// One ioctl, repeated when a signal interrupts it.
pub(super) fn ioctl<T: Plain>(fd: RawFd, request: Request<T>, argument: &mut T) -> io::Result<()> {
    loop {
        // SAFETY: a `Request<T>` carries the size of `T`, which is the structure its number asks
        // for; the kernel writes at most that many bytes into it.
        let done = unsafe { libc::ioctl(fd, request.code as _, std::ptr::from_mut(argument)) };
        if done >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a C program over the kernel's headers prints on x86-64.
    #[test]
    fn request_numbers_are_the_kernels() {
        let ours = [
            (QUERYCAP.code, 0x8068_5600),
            (ENUM_FMT.code, 0xc040_5602),
            (G_FMT.code, 0xc0d0_5604),
            (G_CTRL.code, 0xc008_561b),
            (S_FMT.code, 0xc0d0_5605),
            (REQBUFS.code, 0xc014_5608),
            (QUERYBUF.code, 0xc058_5609),
            (QBUF.code, 0xc058_560f),
            (DQBUF.code, 0xc058_5611),
            (STREAMON.code, 0x4004_5612),
            (STREAMOFF.code, 0x4004_5613),
            (G_PARM.code, 0xc0cc_5615),
            (S_PARM.code, 0xc0cc_5616),
            (ENUM_FRAMESIZES.code, 0xc02c_564a),
            (ENUM_FRAMEINTERVALS.code, 0xc034_564b),
            (UVC_CTRL_QUERY.code, 0xc010_7521),
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
}
