//! One instance waits for another: an advisory lock that the kernel lets go of when its holder
//! ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{CameraError, CameraOptions};
use crate::types::Spectrum;

/// Short against a frame interval, long against a scheduler tick.
const RETRY: Duration = Duration::from_millis(15);

/// Holds the camera of one spectrum against our other instances until dropped.
#[derive(Debug)]
pub(super) struct CameraLock(#[expect(dead_code, reason = "held, never read")] File);

/// Waits for the lock. `given_up` is asked between tries.
///
/// # Errors
/// [`CameraError::Busy`] when another instance holds it at `deadline`; [`CameraError::Failed`]
/// where the file cannot be made.
pub(super) fn acquire(
    options: &CameraOptions,
    wanted: Spectrum,
    deadline: Instant,
    given_up: &dyn Fn() -> bool,
) -> Result<CameraLock, CameraError> {
    let path = path(options, wanted);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&path)
        .map_err(|why| CameraError::Failed(format!("lock {}: {why}", path.display())))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(CameraLock(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline && !given_up() => {
                std::thread::sleep(RETRY)
            }
            Err(TryLockError::WouldBlock) => return Err(CameraError::Busy),
            Err(TryLockError::Error(why)) => {
                return Err(CameraError::Failed(format!("lock: {why}")));
            }
        }
    }
}

fn path(options: &CameraOptions, wanted: Spectrum) -> PathBuf {
    let mut path = options.lock_path.clone().into_os_string();
    path.push(".");
    path.push(wanted.word());
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(dir: &tempfile::TempDir) -> CameraOptions {
        CameraOptions {
            lock_path: dir.path().join("camera.lock"),
            ..CameraOptions::default()
        }
    }

    #[test]
    fn a_second_holder_waits_until_its_deadline_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(&dir);
        let _held = acquire(&options, Spectrum::Color, Instant::now(), &|| false).unwrap();
        let started = Instant::now();
        let refused = acquire(
            &options,
            Spectrum::Color,
            started + Duration::from_millis(120),
            &|| false,
        );
        assert_eq!(refused.unwrap_err(), CameraError::Busy);
        assert!(started.elapsed() >= Duration::from_millis(120));
        assert!(started.elapsed() < Duration::from_millis(600));
    }

    #[test]
    fn the_lock_is_handed_on_when_its_holder_ends() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(&dir);
        let held = acquire(&options, Spectrum::Infrared, Instant::now(), &|| false).unwrap();
        let waiter = std::thread::spawn({
            let options = options.clone();
            move || {
                acquire(
                    &options,
                    Spectrum::Infrared,
                    Instant::now() + Duration::from_secs(5),
                    &|| false,
                )
            }
        });
        std::thread::sleep(Duration::from_millis(60));
        drop(held);
        assert!(waiter.join().unwrap().is_ok());
    }

    #[test]
    fn the_two_spectra_do_not_wait_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(&dir);
        let _color = acquire(&options, Spectrum::Color, Instant::now(), &|| false).unwrap();
        assert!(acquire(&options, Spectrum::Infrared, Instant::now(), &|| false).is_ok());
    }
}
