//! One camera on its caller's thread, from the lock to the last frame.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::error::CameraError;
use super::machine::{Kernel, Machine};
use super::options::{CameraChoice, CameraOptions};
use super::sink::{Outlet, Sink};
use super::{emitter, lock, session};
use crate::types::Spectrum;

/// A predecessor's camera closes a moment after its lock.
const BUSY_GRACE: Duration = Duration::from_millis(150);
const BUSY_RETRY: Duration = Duration::from_millis(25);
/// The lock gives up this much before the deadline, so that the caller hears "busy".
const LOCK_MARGIN: Duration = Duration::from_millis(40);

/// Opens the camera the options name for `wanted`, and leaves its frames in `sink` until the sink
/// is closed. A frame that cannot be decoded is dropped.
///
/// A driver that hangs holds the calling thread: what waits for frames waits on another.
///
/// # Errors
/// Each kind of [`CameraError`]; [`CameraError::Busy`] at `deadline` when another instance kept the
/// camera until then, and within 300 ms where another program holds it. [`CameraError::NotFound`]
/// and [`CameraError::Virtual`] only where nothing was opened.
pub fn stream(
    options: &CameraOptions,
    wanted: Spectrum,
    deadline: Instant,
    sink: &dyn Sink,
) -> Result<(), CameraError> {
    stream_from(&Kernel, options, wanted, deadline, sink)
}

/// [`stream`], on another machine's nodes.
///
/// # Errors
/// As [`stream`].
pub fn stream_from(
    machine: &dyn Machine,
    options: &CameraOptions,
    wanted: Spectrum,
    deadline: Instant,
    sink: &dyn Sink,
) -> Result<(), CameraError> {
    let outlet = Outlet::new(sink, wanted);
    let run = || run(machine, options, wanted, deadline, &outlet);
    // A panic in a driver crate is a failed camera.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(CameraError::Failed(
            "its driver crate ended the stream".into(),
        ))
    })
}

/// One camera, streamed until the sink is closed or the camera fails for good.
fn run(
    machine: &dyn Machine,
    options: &CameraOptions,
    wanted: Spectrum,
    deadline: Instant,
    sink: &Outlet<'_>,
) -> Result<(), CameraError> {
    let give_up = deadline.checked_sub(LOCK_MARGIN).unwrap_or(deadline);
    let _lock = lock::acquire(options, wanted, give_up, &|| sink.is_closed())?;
    let mut options = options.clone();
    if wanted == Spectrum::Infrared {
        // Whatever stands against it will stand against the stream, and is reported there.
        let _ = emitter::restore_under_lock(&options);
    }
    let (started, mut reopened) = (Instant::now(), false);
    loop {
        let mut found = None;
        let result = session::try_once(&options, wanted, machine, sink, &mut found);
        // Whatever was opened first is what is opened again: another camera would not be the same
        // answer.
        if let Some(identity) = found.take() {
            let choice = CameraChoice::Identity(identity);
            match wanted {
                Spectrum::Color => options.color = choice,
                Spectrum::Infrared => options.infrared = choice,
            }
        }
        match result {
            Err(CameraError::Busy) if started.elapsed() < BUSY_GRACE && !sink.is_closed() => {
                std::thread::sleep(BUSY_RETRY);
            }
            // After a suspend the device is the same, or comes back under another number.
            Err(CameraError::Suspended | CameraError::NoAnswer | CameraError::Unplugged)
                if !reopened && !sink.is_closed() =>
            {
                reopened = true
            }
            // What was open has lost its place. Its node stays behind in the sandbox's /dev: the
            // kernel takes its permissions away, then forgets it, and a node that is not known
            // looks virtual.
            Err(
                CameraError::NotFound
                | CameraError::OtherCamera
                | CameraError::Virtual
                | CameraError::PermissionDenied,
            ) if reopened => {
                return Err(CameraError::Unplugged);
            }
            ended => return ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::camera::{Probe, Probed, RawStream, StreamFormat};
    use crate::types::{CameraIdentity, Frame};

    /// Takes nothing; closed when told.
    #[derive(Default)]
    struct Nothing(AtomicBool);

    impl Sink for Nothing {
        fn opened(&self, _: &CameraIdentity, _: Spectrum) {}

        fn assumed(&self, _: &str) {}

        fn deliver(&self, _: Frame) {}

        fn is_closed(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn options(dir: &tempfile::TempDir) -> CameraOptions {
        CameraOptions {
            dev_root: dir.path().into(),
            sysfs_root: dir.path().into(),
            quirk_dirs: Vec::new(),
            lock_path: dir.path().join("camera.lock"),
            state_dir: dir.path().into(),
            ..CameraOptions::default()
        }
    }

    fn in_ms(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_panicking_driver_crate_is_a_failed_camera() {
        struct Panics;
        impl Probe for Panics {
            fn probe(&self, _: &Path) -> io::Result<Probed> {
                panic!("a driver crate's assertion");
            }
        }
        impl Machine for Panics {
            fn claim(&self, _: &Path, _: &StreamFormat) -> io::Result<Box<dyn RawStream>> {
                panic!("a driver crate's assertion");
            }
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("video0"), "").unwrap();
        let options = CameraOptions {
            allow_virtual: true,
            ..options(&dir)
        };
        let sink = Nothing::default();
        let ended = stream_from(&Panics, &options, Spectrum::Color, in_ms(1000), &sink);
        assert!(matches!(ended, Err(CameraError::Failed(_))), "{ended:?}");
    }

    #[test]
    fn no_camera_is_said_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(&dir);
        let started = Instant::now();
        let sink = Nothing::default();
        let refused = |wanted| stream(&options, wanted, in_ms(5000), &sink);
        assert_eq!(refused(Spectrum::Color), Err(CameraError::NotFound));
        assert_eq!(refused(Spectrum::Infrared), Err(CameraError::NotFound));
        // A node of which the kernel tells nothing is as good as virtual.
        std::fs::write(dir.path().join("video0"), "").unwrap();
        assert_eq!(refused(Spectrum::Color), Err(CameraError::Virtual));
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn another_instance_is_waited_for_until_the_deadline_or_until_nobody_wants_frames() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(&dir);
        let _held = lock::acquire(&options, Spectrum::Color, Instant::now(), &|| false).unwrap();
        let waited = |sink: &Nothing, ms| stream(&options, Spectrum::Color, in_ms(ms), sink);
        let open = Nothing::default();
        assert_eq!(waited(&open, 150), Err(CameraError::Busy));
        let closed = Nothing(AtomicBool::new(true));
        let started = Instant::now();
        assert_eq!(waited(&closed, 60_000), Err(CameraError::Busy));
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
