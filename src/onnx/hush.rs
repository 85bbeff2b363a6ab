//! Standard error while ONNX Runtime starts, less the one line that means nothing.
//!
//! The cpuinfo library in it writes that line past every logger where /proc holds processes only,
//! as it does in the unit. Nothing is slower for it: the kernels are chosen by what the processor
//! itself tells. Everything else that is written meanwhile arrives, a moment later.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{Read as _, StderrLock, Write as _};
use std::os::fd::OwnedFd;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::dup2_stderr;

const MEANS_NOTHING: &str =
    "Error in cpuinfo: failed to parse processor information from /proc/cpuinfo\n";

/// Runs `start`; the journal gets no line about a missing /proc/cpuinfo.
pub fn hushed<T>(start: impl FnOnce() -> T) -> T {
    let is_silent = File::open("/proc/cpuinfo").is_ok();
    let diverted = if is_silent {
        None
    } else {
        Diverted::new().ok()
    };
    let started = start();
    drop(diverted);
    started
}

/// Standard error goes into a pipe until this is dropped, by a panic too; then what the pipe holds
/// goes to standard error.
struct Diverted {
    /// Other threads of this program wait with their lines.
    lock: StderrLock<'static>,
    stderr: OwnedFd,
    pipe: File,
}

impl Diverted {
    fn new() -> rustix::io::Result<Self> {
        let lock = std::io::stderr().lock();
        let stderr = fcntl_dupfd_cloexec(&lock, 3)?;
        // A pipe that is full keeps no login waiting.
        let (pipe, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        dup2_stderr(&writer)?;
        Ok(Self {
            lock,
            stderr,
            pipe: pipe.into(),
        })
    }
}

impl Drop for Diverted {
    fn drop(&mut self) {
        // With this the pipe has no writer left, and ends.
        let _ = dup2_stderr(&self.stderr);
        let mut written = Vec::new();
        let _ = self.pipe.read_to_end(&mut written);
        let rest = String::from_utf8_lossy(&written).replace(MEANS_NOTHING, "");
        let _ = self.lock.write_all(rest.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_that_line_arrives() {
        let mut outer = Diverted::new().unwrap();
        let inner = Diverted::new().unwrap();
        let text = format!("before\n{MEANS_NOTHING}after");
        rustix::io::write(std::io::stderr(), text.as_bytes()).unwrap();
        drop(inner);
        let mut arrived = [0; 99];
        let length = outer.pipe.read(&mut arrived).unwrap();
        assert_eq!(&arrived[..length], b"before\nafter");
    }
}
