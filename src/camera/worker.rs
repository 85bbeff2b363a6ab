//! The thread that touches the device, and the source that waits for it no longer than its caller
//! allows.
//!
//! Every open, ioctl and close happens on that thread, because any of them can hang in a driver.
//! The source only ever waits on a condition with a deadline. Dropping it asks the thread to close
//! the camera, waits a moment, and otherwise leaves the thread to the end of the process, where the
//! kernel closes the camera.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::machine::Machine;
use super::mailbox::{EndMark, Sink};
use super::{CameraChoice, CameraError, CameraOptions, FrameSource, emitter, lock, session};
use crate::types::{CameraIdentity, Frame, Spectrum};

/// How long a drop waits for the camera to close.
const CLOSE_WAIT: Duration = Duration::from_millis(100);
/// A predecessor's camera closes a moment after its lock.
const BUSY_GRACE: Duration = Duration::from_millis(150);
const BUSY_RETRY: Duration = Duration::from_millis(25);
/// The lock gives up this much before the open does, so that the caller hears "busy".
const LOCK_MARGIN: Duration = Duration::from_millis(40);

/// A camera that a thread keeps streaming.
pub(super) struct OpenCamera {
    sink: Arc<Sink>,
    identity: CameraIdentity,
    spectrum: Spectrum,
}

impl OpenCamera {
    pub fn open(
        machine: Arc<dyn Machine>,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
    ) -> Result<Self, CameraError> {
        let sink = Arc::new(Sink::default());
        let (options, end_mark) = (options.clone(), EndMark(sink.clone()));
        let thread = std::thread::Builder::new().name(format!("camera-{}", wanted.word()));
        let body = move || {
            let result = run(&*machine, &options, wanted, deadline, &end_mark.0);
            if let Err(error) = result {
                end_mark.0.change(|state| state.error = Some(error));
            }
        };
        thread
            .spawn(body)
            .map_err(|error| CameraError::Failed(error.to_string()))?;
        let opened = sink.wait(deadline, |state| match (&state.opened, &state.error) {
            (Some(identity), _) => Some(Ok(identity.clone())),
            (None, Some(error)) => Some(Err(error.clone())),
            (None, None) => None,
        });
        let identity = opened.unwrap_or_else(|| {
            sink.change(|state| state.closed = true);
            Err(CameraError::TimedOut)
        })?;
        Ok(Self {
            sink,
            identity,
            spectrum: wanted,
        })
    }
}

impl FrameSource for OpenCamera {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn spectrum(&self) -> Spectrum {
        self.spectrum
    }

    fn next_frame(&mut self, deadline: Instant) -> Result<Frame, CameraError> {
        let next = self.sink.wait(deadline, |state| {
            let frame = state.frame.take().map(Ok);
            frame.or_else(|| state.error.clone().map(Err))
        });
        next.unwrap_or(Err(CameraError::TimedOut))
    }
}

impl Drop for OpenCamera {
    fn drop(&mut self) {
        self.sink.change(|state| state.closed = true);
        let _ = self.sink.wait(Instant::now() + CLOSE_WAIT, |state| {
            state.ended.then_some(())
        });
    }
}

/// The thread: one camera, streamed until the source is dropped or the camera fails for good.
fn run(
    machine: &dyn Machine,
    options: &CameraOptions,
    wanted: Spectrum,
    deadline: Instant,
    sink: &Sink,
) -> Result<(), CameraError> {
    let give_up = deadline.checked_sub(LOCK_MARGIN).unwrap_or(deadline);
    let _lock = lock::acquire(options, wanted, give_up, &|| sink.closed())?;
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
            Err(CameraError::Busy) if started.elapsed() < BUSY_GRACE && !sink.closed() => {
                std::thread::sleep(BUSY_RETRY);
            }
            // After a suspend the device is the same, or comes back under another number.
            Err(CameraError::Suspended | CameraError::NoAnswer | CameraError::Unplugged)
                if !reopened && !sink.closed() =>
            {
                reopened = true
            }
            // What was open has lost its place. Its node stays behind in the sandbox's /dev: the
            // kernel takes its permissions away, then forgets it, and a node that nobody knows
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
    use super::*;
    use crate::camera::machine::Kernel;
    use crate::types::{Illumination, PixelFormat};

    fn frame(sequence: u32, illumination: Illumination) -> Frame {
        let mut frame = Frame::new(1, 1, PixelFormat::Gray8, vec![0]).unwrap();
        (frame.sequence, frame.illumination) = (sequence, illumination);
        frame
    }

    fn open_camera() -> OpenCamera {
        let sink = Arc::new(Sink::default());
        OpenCamera {
            sink,
            identity: CameraIdentity::new("test"),
            spectrum: Spectrum::Infrared,
        }
    }

    fn in_ms(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_silent_driver_holds_nobody_past_the_deadline() {
        let mut camera = open_camera();
        let started = Instant::now();
        assert_eq!(
            camera.next_frame(in_ms(50)).unwrap_err(),
            CameraError::TimedOut
        );
        assert!(started.elapsed() < Duration::from_millis(300));
        // The thread never ends: the drop waits its moment and leaves it.
        let closing = Instant::now();
        drop(camera);
        assert!(closing.elapsed() < Duration::from_millis(300));
    }

    #[test]
    fn the_newest_frame_is_taken_and_a_lit_one_is_not_lost_to_an_unlit_one() {
        let mut camera = open_camera();
        camera.sink.deliver(frame(1, Illumination::Unknown));
        camera.sink.deliver(frame(2, Illumination::Lit));
        camera.sink.deliver(frame(3, Illumination::Unlit));
        assert_eq!(camera.next_frame(in_ms(50)).unwrap().sequence, 2);
        camera.sink.deliver(frame(4, Illumination::Unlit));
        camera.sink.deliver(frame(5, Illumination::Lit));
        assert_eq!(camera.next_frame(in_ms(50)).unwrap().sequence, 5);
        camera.sink.deliver(frame(6, Illumination::Unlit));
        assert_eq!(
            camera.next_frame(in_ms(50)).unwrap().sequence,
            6,
            "nothing better was there"
        );
        camera.sink.change(|state| state.ended = true);
    }

    #[test]
    fn a_frame_that_arrived_before_the_error_is_still_handed_out() {
        let mut camera = open_camera();
        camera.sink.deliver(frame(1, Illumination::Unknown));
        camera
            .sink
            .change(|state| (state.error, state.ended) = (Some(CameraError::Unplugged), true));
        assert!(camera.next_frame(in_ms(50)).is_ok());
        for _ in 0..2 {
            assert_eq!(
                camera.next_frame(in_ms(5000)).unwrap_err(),
                CameraError::Unplugged
            );
        }
    }

    #[test]
    fn a_panicking_thread_is_a_failed_camera() {
        let sink = Arc::new(Sink::default());
        let end_mark = EndMark(sink.clone());
        let thread = std::thread::spawn(move || {
            let _end_mark = end_mark;
            panic!("a driver crate's assertion");
        });
        assert!(thread.join().is_err());
        let mut camera = OpenCamera {
            sink,
            identity: CameraIdentity::new("test"),
            spectrum: Spectrum::Color,
        };
        assert!(matches!(
            camera.next_frame(in_ms(1000)),
            Err(CameraError::Failed(_))
        ));
    }

    #[test]
    fn no_camera_is_said_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let options = CameraOptions {
            dev_root: dir.path().into(),
            sysfs_root: dir.path().into(),
            quirk_dirs: Vec::new(),
            lock_path: dir.path().join("camera.lock"),
            state_dir: dir.path().into(),
            ..CameraOptions::default()
        };
        let started = Instant::now();
        let refused =
            |wanted| OpenCamera::open(Arc::new(Kernel), &options, wanted, in_ms(5000)).err();
        assert_eq!(refused(Spectrum::Color), Some(CameraError::NotFound));
        assert_eq!(refused(Spectrum::Infrared), Some(CameraError::NotFound));
        // A node of which the kernel tells nothing is as good as virtual.
        std::fs::write(dir.path().join("video0"), "").unwrap();
        assert_eq!(refused(Spectrum::Color), Some(CameraError::Virtual));
        assert!(started.elapsed() < Duration::from_secs(2));
        let _held = lock::acquire(&options, Spectrum::Color, Instant::now(), &|| false).unwrap();
        assert_eq!(
            OpenCamera::open(Arc::new(Kernel), &options, Spectrum::Color, in_ms(150)).err(),
            Some(CameraError::Busy)
        );
    }
}
