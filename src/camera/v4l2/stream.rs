//! Memory-mapped streaming: buffers are the kernel's, lent to us between dequeue and queue.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::Node;
use super::raw::{
    BUF_FLAG_ERROR, BUF_FLAG_TIMESTAMP_MASK, BUF_FLAG_TIMESTAMP_MONOTONIC, BUF_TYPE_VIDEO_CAPTURE,
    BUFFER_MAX, DQBUF, MEMORY_MMAP, Plain as _, QBUF, QUERYBUF, RawBuffer, STREAMOFF, STREAMON,
    ioctl,
};

/// Longer, and the driver's clock is not this one.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What the driver says of a delivered buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Counts the camera's frames, lost ones included.
    pub sequence: u32,
    /// The driver knows the data to be damaged.
    pub damaged: bool,
    /// When it came, as the driver says: however late a busy machine takes it.
    pub at: Instant,
}

struct Mapping {
    start: NonNull<libc::c_void>,
    length: usize,
}

// SAFETY: the mapping belongs to its `Mapping` alone and is not tied to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(node: &Node, offset: u64, length: u32) -> io::Result<Self> {
        if length == 0 || length > BUFFER_MAX {
            return Err(io::Error::other(format!("a buffer of {length} bytes")));
        }
        let (length, offset) = (length as usize, (offset & 0xffff_ffff) as libc::off_t);
        let (access, sharing) = (libc::PROT_READ, libc::MAP_SHARED);
        // SAFETY: a new mapping at an address the kernel chooses; length and offset are those of
        // VIDIOC_QUERYBUF.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                access,
                sharing,
                node.fd(),
                offset,
            )
        };
        match NonNull::new(start) {
            Some(start) if start.as_ptr() != libc::MAP_FAILED => Ok(Self { start, length }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The first `used` bytes, or all of them where the driver claims more than there are.
    fn bytes(&self, used: u32) -> &[u8] {
        let used = (used as usize).min(self.length);
        // SAFETY: `used` readable bytes mapped for as long as `self`; the kernel writes only into
        // queued buffers, and `Stream::take` is the only caller and queues this one after the
        // borrow ends.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), used) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, unmapped once; no borrow outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr(), self.length) };
    }
}

/// A running stream. Dropping it stops the stream, gives the buffers back and closes the node.
pub struct Stream {
    node: Node,
    mappings: Vec<Mapping>,
}

impl Stream {
    /// Maps `count` buffers, or as many as the driver makes of that, queues them and starts.
    ///
    /// # Errors
    /// The failing call's; `EBUSY` where another program streams.
    pub fn start(node: Node, count: u32) -> io::Result<Self> {
        let count = node.request_buffers(count)?;
        let mut stream = Self {
            node,
            mappings: Vec::new(),
        };
        for index in 0..count.min(32) {
            let mut buffer = buffer(index);
            ioctl(stream.node.fd(), QUERYBUF, &mut buffer)?;
            stream
                .mappings
                .push(Mapping::new(&stream.node, buffer.offset, buffer.length)?);
            stream.queue(index)?;
        }
        if stream.mappings.is_empty() {
            return Err(io::Error::other("the driver has no buffers"));
        }
        ioctl(
            stream.node.fd(),
            STREAMON,
            &mut (BUF_TYPE_VIDEO_CAPTURE as i32),
        )?;
        Ok(stream)
    }

    /// Whether a buffer can be taken, waiting for it up to `timeout`.
    ///
    /// # Errors
    /// `ENODEV` where the device hung up.
    pub fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let mut poll = libc::pollfd {
            fd: self.node.fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one pollfd, valid for the call.
        let ready = unsafe { libc::poll(&raw mut poll, 1, milliseconds) };
        if ready < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted {
                Ok(false)
            } else {
                Err(error)
            };
        }
        match poll.revents {
            0 => Ok(false),
            seen if seen & (libc::POLLHUP | libc::POLLNVAL) != 0 => {
                Err(io::Error::from_raw_os_error(libc::ENODEV))
            }
            _ => Ok(true),
        }
    }

    /// Takes the oldest filled buffer, shows its used bytes to `look`, and queues it again.
    ///
    /// # Errors
    /// The driver's; also where [`Stream::wait`] promised a buffer and there is none: the queue is
    /// broken, and asking again would spin.
    pub fn take<T>(&mut self, look: impl FnOnce(&[u8], Delivered) -> T) -> io::Result<T> {
        let mut taken = buffer(0);
        ioctl(self.node.fd(), DQBUF, &mut taken).map_err(|why| match why.kind() {
            io::ErrorKind::WouldBlock => io::Error::from_raw_os_error(libc::EIO),
            _ => why,
        })?;
        let mapping = self
            .mappings
            .get(taken.index as usize)
            .ok_or_else(|| io::Error::other("an unknown buffer"))?;
        let delivered = Delivered {
            sequence: taken.sequence,
            damaged: taken.flags & BUF_FLAG_ERROR != 0
                || taken.bytes_used as usize > mapping.length,
            at: came_at(&taken),
        };
        let seen = look(mapping.bytes(taken.bytes_used), delivered);
        self.queue(taken.index)?;
        Ok(seen)
    }

    fn queue(&self, index: u32) -> io::Result<()> {
        ioctl(self.node.fd(), QBUF, &mut buffer(index))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Errors have no reader here: a device that is gone has stopped streaming.
        let _ = ioctl(
            self.node.fd(),
            STREAMOFF,
            &mut (BUF_TYPE_VIDEO_CAPTURE as i32),
        );
        self.mappings.clear();
        let _ = self.node.request_buffers(0);
    }
}

/// When the buffer was filled; now where the driver says it by another clock, or what cannot be.
fn came_at(buffer: &RawBuffer) -> Instant {
    let now = Instant::now();
    if buffer.flags & BUF_FLAG_TIMESTAMP_MASK != BUF_FLAG_TIMESTAMP_MONOTONIC {
        return now;
    }
    let clock = clock_gettime(ClockId::Monotonic);
    let age = age(buffer.timestamp, [clock.tv_sec, clock.tv_nsec / 1000]);
    age.and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// The time from one moment to another, each in seconds and microseconds, within what a buffer
/// waits at most.
fn age(from: [i64; 2], to: [i64; 2]) -> Option<Duration> {
    let micros = |[seconds, micros]: [i64; 2]| seconds.checked_mul(1_000_000)?.checked_add(micros);
    let age = micros(to)?.checked_sub(micros(from)?)?;
    let age = Duration::from_micros(age.try_into().ok()?);
    Some(age).filter(|age| *age <= LONGEST_WAIT)
}

fn buffer(index: u32) -> RawBuffer {
    RawBuffer {
        index,
        kind: BUF_TYPE_VIDEO_CAPTURE,
        memory: MEMORY_MMAP,
        ..RawBuffer::zeroed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_as_old_as_the_driver_says_where_that_can_be() {
        let to = [100, 500_000];
        assert_eq!(age([100, 400_000], to), Some(Duration::from_millis(100)));
        assert_eq!(age([99, 900_000], to), Some(Duration::from_millis(600)));
        assert_eq!(age(to, to), Some(Duration::ZERO));
        for odd in [
            [100, 500_001],
            [90, 0],
            [0, 0],
            [i64::MIN, 0],
            [i64::MAX, i64::MAX],
            [-1, -1],
        ] {
            assert_eq!(age(odd, to), None, "{odd:?}");
        }
    }
}
