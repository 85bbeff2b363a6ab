//! The thread that touches the device, and the source that waits for it no longer than its caller allows.
//!
//! Every open, ioctl and close happens on that thread, because any of them can hang in a driver. The source only ever waits
//! on a condition with a deadline. Dropping it asks the thread to close the camera, waits a moment, and otherwise leaves the
//! thread to the end of the process, where the kernel closes the camera.
#![forbid(unsafe_code)]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::device::Kernel;
use super::select::{Selected, select};
use super::{CameraError, CameraOptions, Choice, FrameSource, Wanted, color, emitter, infrared, lock};
use crate::types::{CameraIdentity, Frame, Illumination, Spectrum};

/// How long a drop waits for the camera to close.
const CLOSE_WAIT: Duration = Duration::from_millis(100);
/// A predecessor's camera closes a moment after its lock.
const BUSY_GRACE: Duration = Duration::from_millis(150);
const BUSY_RETRY: Duration = Duration::from_millis(25);
/// The lock gives up this much before the open does, so that the caller hears "busy".
const LOCK_MARGIN: Duration = Duration::from_millis(40);

/// What thread and source tell each other.
#[derive(Default)]
pub(super) struct Sink {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    opened: Option<CameraIdentity>,
    frame: Option<Frame>,
    error: Option<CameraError>,
    closed: bool,
    ended: bool,
}

impl Sink {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held leaves plain values, each whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, with: impl FnOnce(&mut State)) {
        with(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits until `ready` finds something, or `deadline`.
    fn wait<T>(&self, deadline: Instant, mut ready: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some(found) = ready(&mut state) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the source is gone and the camera should be closed.
    pub fn closed(&self) -> bool {
        self.state().closed
    }

    /// The stream runs.
    pub fn opened(&self, identity: &CameraIdentity) {
        self.change(|state| state.opened = Some(identity.clone()));
    }

    /// The newest frame replaces the one nobody took, except that an unlit one never replaces a lit one: a caller half as
    /// fast as a strobing camera would otherwise see nothing but darkness.
    pub fn deliver(&self, frame: Frame) {
        self.change(|state| {
            let lit = |frame: &Frame| frame.illumination == Illumination::Lit;
            let keep = frame.illumination == Illumination::Unlit && state.frame.as_ref().is_some_and(lit);
            if !keep {
                state.frame = Some(frame);
            }
        });
    }
}

/// Marks the thread's end however it ends, a panic in a driver crate included.
struct Ending(Arc<Sink>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.ended = true;
            state.error.get_or_insert_with(|| CameraError::Failed("its driver crate ended the stream".into()));
        });
    }
}

/// A camera that a thread keeps streaming.
pub(super) struct Live {
    sink: Arc<Sink>,
    identity: CameraIdentity,
    spectrum: Spectrum,
}

impl Live {
    pub fn open(options: &CameraOptions, wanted: Wanted, deadline: Instant) -> Result<Self, CameraError> {
        let sink = Arc::new(Sink::default());
        let (options, ending) = (options.clone(), Ending(sink.clone()));
        let thread = std::thread::Builder::new().name(format!("camera-{}", wanted.word()));
        let run = move || {
            if let Err(why) = stream(&options, wanted, deadline, &ending.0) {
                ending.0.change(|state| state.error = Some(why));
            }
        };
        thread.spawn(run).map_err(|why| CameraError::Failed(why.to_string()))?;
        let opened = sink.wait(deadline, |state| match (&state.opened, &state.error) {
            (Some(identity), _) => Some(Ok(identity.clone())),
            (None, Some(why)) => Some(Err(why.clone())),
            (None, None) => None,
        });
        let identity = opened.unwrap_or_else(|| {
            sink.change(|state| state.closed = true);
            Err(CameraError::TimedOut)
        })?;
        Ok(Self { sink, identity, spectrum: wanted.spectrum() })
    }
}

impl FrameSource for Live {
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

impl Drop for Live {
    fn drop(&mut self) {
        self.sink.change(|state| state.closed = true);
        let _ = self.sink.wait(Instant::now() + CLOSE_WAIT, |state| state.ended.then_some(()));
    }
}

/// The thread: one camera, streamed until the source is dropped or the camera fails for good.
fn stream(options: &CameraOptions, wanted: Wanted, deadline: Instant, sink: &Sink) -> Result<(), CameraError> {
    let give_up = deadline.checked_sub(LOCK_MARGIN).unwrap_or(deadline);
    let _lock = lock::acquire(options, wanted, give_up, &|| sink.closed())?;
    let mut options = options.clone();
    if wanted == Wanted::Infrared {
        // Whatever stands against it will stand against the stream, and is reported there.
        let _ = emitter::restore_under_lock(&options);
    }
    let (started, mut reopened) = (Instant::now(), false);
    loop {
        let mut found = None;
        let result = session(&options, wanted, sink, &mut found);
        // Whatever was opened first is what is opened again: another camera would not be the same answer.
        if let Some(identity) = found.take() {
            let choice = Choice::Identity(identity);
            match wanted {
                Wanted::Color => options.color = choice,
                Wanted::Infrared => options.infrared = choice,
            }
        }
        match result {
            Err(CameraError::Busy) if started.elapsed() < BUSY_GRACE && !sink.closed() => {
                std::thread::sleep(BUSY_RETRY);
            }
            // After a suspend the device is the same, or comes back under another number.
            Err(CameraError::Suspended | CameraError::Unplugged) if !reopened && !sink.closed() => reopened = true,
            Err(CameraError::NotFound) if reopened => return Err(CameraError::Unplugged),
            ended => return ended,
        }
    }
}

/// One try: find, open, stream. `found` gets the identity as soon as it is known.
fn session(
    options: &CameraOptions,
    wanted: Wanted,
    sink: &Sink,
    found: &mut Option<String>,
) -> Result<(), CameraError> {
    let Selected { camera, mode } = select(options, wanted, &Kernel)?;
    *found = Some(camera.identity.to_string());
    let quirk = camera.quirk.as_ref().map(|quirk| quirk.rotation).unwrap_or_default();
    let rotation = quirk.then(options.rotation);
    match wanted {
        Wanted::Color => color::stream(&camera, mode, rotation, sink),
        Wanted::Infrared => infrared::stream(&camera, mode, rotation, options, sink),
    }
}
