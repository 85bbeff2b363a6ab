//! One instance at a time, by flock(2): the kernel releases it when the process ends, however it
//! ends.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::StoreError;

/// How often a held lock is asked for again.
const PAUSE: Duration = Duration::from_millis(5);

/// A held lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// Removed with the lock: nothing is left of it.
    fleeting: Option<PathBuf>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still held: who opened the file meanwhile finds it gone once it has the lock.
        if let Some(path) = &self.fleeting {
            let _ = std::fs::remove_file(path);
        }
    }
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
                Ok(()) => {
                    return Ok(Self {
                        file,
                        fleeting: None,
                    });
                }
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                    std::thread::sleep(PAUSE)
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(StoreError::Locked(path.into())),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(io(error.into())),
            }
        }
    }

    /// Takes the lock at `path` if it is free now. The file goes with the lock.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Io`].
    pub fn acquire_fleeting(path: &Path) -> Result<Self, StoreError> {
        loop {
            let mut lock = Self::acquire(path, Instant::now())?;
            let held = lock.file.metadata().map(|file| file.ino());
            let there = std::fs::metadata(path).map(|file| file.ino());
            if matches!((held, there), (Ok(held), Ok(there)) if held == there) {
                lock.fleeting = Some(path.into());
                return Ok(lock);
            }
            // Its holder removed the file between our open and our lock.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleeting_lock_leaves_no_file_and_holds_as_long_as_it_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slot");
        let held = Lock::acquire_fleeting(&path).unwrap();
        assert!(matches!(
            Lock::acquire_fleeting(&path),
            Err(StoreError::Locked(_))
        ));
        drop(held);
        assert!(!path.exists());
        drop(Lock::acquire_fleeting(&path).unwrap());
    }

    #[test]
    fn one_at_a_time_however_many_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slot");
        let inside = std::sync::atomic::AtomicU32::new(0);
        let mut taken = 0;
        std::thread::scope(|scope| {
            let work = || {
                let mut taken = 0;
                for _ in 0..2000 {
                    let Ok(_held) = Lock::acquire_fleeting(&path) else {
                        continue;
                    };
                    let before = inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    assert_eq!(before, 0, "two hold it");
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    taken += 1;
                }
                taken
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            taken = threads.into_iter().map(|t| t.join().unwrap()).sum();
        });
        assert!(taken > 0);
    }
}
