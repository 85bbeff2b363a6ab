//! One instance at a time, by flock(2): the kernel releases it when the process ends, however it
//! ends.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::StoreError;

/// How often a held lock is asked for again.
const PAUSE: Duration = Duration::from_millis(5);

/// A held lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`, before the deadline; the file is made where it is missing.
    ///
    /// # Errors
    /// [`StoreError::Locked`] at the deadline, [`StoreError::Io`].
    pub fn acquire(path: &Path, deadline: Instant) -> Result<Self, StoreError> {
        let io = |error| StoreError::Io {
            path: path.into(),
            error,
        };
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let file = options.open(path).map_err(io)?;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                    std::thread::sleep(PAUSE)
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(StoreError::Locked(path.into())),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(io(error.into())),
            }
        }
    }
}
