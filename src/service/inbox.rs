//! Where the threads of one attempt leave what they have, and the attempt picks it up.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::newest::NewestFrames;
use super::templates::{Gallery, KeyError};
use crate::camera::{CameraError, Sink};
use crate::onnx::ModelError;
use crate::pipeline::frame::JudgeFrames;
use crate::types::{CameraIdentity, Frame, Spectrum};

/// The models, ready to judge frames.
pub type Models = Box<dyn JudgeFrames + Send>;

/// What the attempt woke up for.
pub enum Arrival {
    /// The camera streams.
    Camera(CameraIdentity, Spectrum),
    Frame(Frame),
    CameraFailed(CameraError),
    Models(Result<Models, ModelError>),
    Templates(Result<Gallery, KeyError>),
    /// The peer is gone.
    HungUp,
    /// Nothing came before the deadline.
    Deadline,
}

struct Slots {
    camera: Option<(CameraIdentity, Spectrum)>,
    assumed: Vec<String>,
    /// Those that wait while the attempt is busy.
    frames: NewestFrames,
    frame_came: bool,
    camera_error: Option<CameraError>,
    models: Option<Result<Models, ModelError>>,
    templates: Option<Result<Gallery, KeyError>>,
    hung_up: bool,
    closed: bool,
}

/// Shared by the threads of one attempt.
pub struct Inbox {
    slots: Mutex<Slots>,
    changed: Condvar,
}

impl Inbox {
    pub fn new() -> Arc<Self> {
        let slots = Slots {
            camera: None,
            assumed: Vec::new(),
            frames: NewestFrames::default(),
            frame_came: false,
            camera_error: None,
            models: None,
            templates: None,
            hung_up: false,
            closed: false,
        };
        Arc::new(Self {
            slots: Mutex::new(slots),
            changed: Condvar::new(),
        })
    }

    /// Waits for the next arrival. A hang-up comes before everything, and again at every call.
    pub fn next(&self, deadline: Instant) -> Arrival {
        let mut slots = self.slots();
        loop {
            if slots.hung_up {
                return Arrival::HungUp;
            }
            if let Some(models) = slots.models.take() {
                return Arrival::Models(models);
            }
            if let Some(templates) = slots.templates.take() {
                return Arrival::Templates(templates);
            }
            if let Some((identity, spectrum)) = slots.camera.take() {
                return Arrival::Camera(identity, spectrum);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            // A machine slower than its camera always has a frame waiting: they must not put off
            // the deadline.
            if !left.is_zero()
                && let Some(frame) = slots.frames.pop()
            {
                return Arrival::Frame(frame);
            }
            if let Some(error) = slots.camera_error.take() {
                return Arrival::CameraFailed(error);
            }
            if left.is_zero() {
                return Arrival::Deadline;
            }
            slots = self
                .changed
                .wait_timeout(slots, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    pub fn put_camera_error(&self, error: CameraError) {
        self.put(|slots| slots.camera_error = Some(error));
    }

    pub fn put_models(&self, models: Result<Models, ModelError>) {
        self.put(|slots| slots.models = Some(models));
    }

    pub fn put_templates(&self, templates: Result<Gallery, KeyError>) {
        self.put(|slots| slots.templates = Some(templates));
    }

    /// What was assumed of the camera so far.
    pub fn assumed(&self) -> Vec<String> {
        self.slots().assumed.clone()
    }

    pub fn hang_up(&self) {
        self.put(|slots| slots.hung_up = true);
    }

    /// No more frames are wanted.
    pub fn close(&self) {
        self.put(|slots| {
            slots.closed = true;
            slots.frames.clear();
        });
    }

    /// Whether frames are wanted, and none came yet.
    pub fn is_idle(&self) -> bool {
        let slots = self.slots();
        !(slots.frame_came || slots.closed || slots.hung_up)
    }

    /// Whether [`Inbox::next`] would have to wait for nothing.
    #[cfg(test)]
    pub fn holds_anything(&self) -> bool {
        let slots = self.slots();
        let early = slots.models.is_some() || slots.templates.is_some() || slots.camera.is_some();
        early || slots.hung_up || slots.camera_error.is_some() || !slots.frames.is_empty()
    }

    fn put<T>(&self, change: impl FnOnce(&mut Slots) -> T) -> T {
        let result = change(&mut self.slots());
        self.changed.notify_all();
        result
    }

    /// A thread that panicked left whole values behind, or none: every change above is a single
    /// store.
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Inbox {
    fn opened(&self, identity: &CameraIdentity, spectrum: Spectrum) {
        self.put(|slots| slots.camera = Some((identity.clone(), spectrum)));
    }

    fn assumed(&self, what: &str) {
        self.put(|slots| slots.assumed.push(what.to_owned()));
    }

    fn deliver(&self, frame: Frame) {
        self.put(|slots| {
            slots.frame_came = true;
            if !slots.closed {
                slots.frames.push(frame);
            }
        });
    }

    fn is_closed(&self) -> bool {
        self.slots().closed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::types::PixelFormat;

    fn frame() -> Frame {
        Frame::new(1, 1, PixelFormat::Gray8, vec![0]).unwrap()
    }

    #[test]
    fn only_without_a_frame_is_there_time_for_a_first_run() {
        let inbox = Inbox::new();
        inbox.put_camera_error(CameraError::Busy);
        assert!(inbox.is_idle());
        inbox.deliver(frame());
        assert!(!inbox.is_idle());
        // It was taken, and waits for the models elsewhere.
        assert!(matches!(
            inbox.next(Instant::now() + Duration::from_secs(5)),
            Arrival::Frame(_)
        ));
        assert!(!inbox.is_idle());
        for end in [Inbox::hang_up, Inbox::close] {
            let inbox = Inbox::new();
            end(&inbox);
            assert!(!inbox.is_idle());
        }
    }

    #[test]
    fn waiting_frames_do_not_put_off_the_deadline() {
        let inbox: Arc<Inbox> = Inbox::new();
        inbox.deliver(frame());
        inbox.deliver(frame());
        assert!(matches!(
            inbox.next(Instant::now() + Duration::from_secs(5)),
            Arrival::Frame(_)
        ));
        assert!(matches!(inbox.next(Instant::now()), Arrival::Deadline));
        inbox.put_camera_error(CameraError::Unplugged);
        assert!(matches!(
            inbox.next(Instant::now()),
            Arrival::CameraFailed(CameraError::Unplugged)
        ));
    }
}
