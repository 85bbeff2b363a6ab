//! The three threads that work side by side: camera, models, vault. The slowest of them is the
//! latency.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::cameras::Cameras;
use super::inbox::{Inbox, Models};
use super::templates::{Gallery, KeyError};
use crate::camera::{CameraError, CameraOptions, Sink};
use crate::config::Config;
use crate::onnx::ModelError;
use crate::pipeline::frame::FrameJudge;
use crate::store::Enrollment;
use crate::types::Spectrum;
use crate::vault::VaultOptions;

/// How long an ended attempt waits for the camera to be put back as it was; the kernel closes it in
/// any case.
const PUT_BACK: Duration = Duration::from_millis(150);

/// Streams from a camera into the inbox, on the camera's thread.
pub type Stream = Box<dyn FnOnce(&dyn Sink) -> Result<(), CameraError> + Send>;

/// Streams from the infrared camera, for it is what tells a face from a screen; from the color
/// camera only where there is no other. One that is there and fails is no reason to make do with
/// less.
pub fn stream_best(
    cameras: &dyn Cameras,
    options: &CameraOptions,
    deadline: Instant,
    sink: &dyn Sink,
) -> Result<(), CameraError> {
    match cameras.stream(options, Spectrum::Infrared, deadline, sink) {
        Err(CameraError::NotFound | CameraError::Virtual) => {
            cameras.stream(options, Spectrum::Color, deadline, sink)
        }
        ended => ended,
    }
}

/// The camera thread, as the attempt holds it.
pub struct CameraThread {
    ended: Receiver<()>,
}

impl CameraThread {
    /// Waits until the camera is closed, but not for a driver that is stuck.
    pub fn wait_closed(&self) {
        // Either the sender is dropped, because the thread ended, or the wait is over.
        let _: Result<(), RecvTimeoutError> = self.ended.recv_timeout(PUT_BACK);
    }
}

/// Lets the camera stream on a thread of its own until the inbox is closed or the camera fails. A
/// driver that hangs holds that thread, and no one else.
///
/// # Errors
/// No thread could be started.
pub fn start_camera(inbox: &Arc<Inbox>, stream: Stream) -> std::io::Result<CameraThread> {
    let (alive, ended) = channel();
    let inbox = Arc::clone(inbox);
    std::thread::Builder::new()
        .name("camera".into())
        .spawn(move || {
            if let Err(error) = stream(&*inbox) {
                inbox.put_camera_error(error);
            }
            drop::<std::sync::mpsc::Sender<()>>(alive);
        })?;
    Ok(CameraThread { ended })
}

/// Makes the models ready on a thread of their own. Most cameras take longer for their first frame:
/// that time pays for the slowest network's first run.
///
/// # Errors
/// No thread could be started.
pub fn start_models(config: &Config, inbox: &Arc<Inbox>) -> std::io::Result<()> {
    let (dirs, inbox) = (config.model_dirs(), Arc::clone(inbox));
    let waiting = Arc::clone(&inbox);
    let pad = config.pad_options();
    let eyes = config.pad.eyes;
    start_work(
        "models",
        move || {
            let mut judge = FrameJudge::load(&dirs, pad, eyes)?;
            if waiting.is_idle() {
                judge.warm_up()?;
            }
            Ok(Box::new(judge) as Models)
        },
        || Err(ModelError::Runtime("the loader panicked".into())),
        move |models| inbox.put_models(models),
    )
}

/// Unseals the key and opens the templates, and what is in a password's file, on a thread of their
/// own.
///
/// # Errors
/// No thread could be started.
pub fn start_vault(
    options: VaultOptions,
    enrollment: Enrollment,
    password: Option<Vec<u8>>,
    inbox: &Arc<Inbox>,
) -> std::io::Result<()> {
    let inbox = Arc::clone(inbox);
    start_work(
        "vault",
        move || Gallery::with_password(&enrollment, &options, password.as_deref()),
        || Err(KeyError::Panicked),
        move |gallery| inbox.put_templates(gallery),
    )
}

/// Runs `work` on a thread of its own; a panic in it is caught and becomes `panicked()`.
fn start_work<R: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> R + Send + 'static,
    panicked: impl FnOnce() -> R + Send + 'static,
    put: impl FnOnce(R) + Send + 'static,
) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            put(result.unwrap_or_else(|_| panicked()));
        })?;
    Ok(())
}
