//! What verification, enrollment and preview share: one camera and the models, started side by
//! side, and one inbox in which everything they give arrives.
//!
//! What MUST hold: however a capture ends, its camera is told to close, and waited for a short
//! while, so that emitter and exposure are put back as they were.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use facelock_protocol::{Event, Progress};

use super::connection::Connection;
use super::context::Context;
use super::inbox::{Arrival, Inbox};
use super::workers::{self, CameraThread, Stream};
use crate::store::Enrollment;

pub struct Capture {
    inbox: Arc<Inbox>,
    camera: CameraThread,
}

impl Capture {
    /// Watches for a hang-up, and starts camera and models.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start(context: &Context, stream: Stream) -> io::Result<Self> {
        let inbox = Inbox::new();
        let hangup = Arc::clone(&inbox);
        context.connection.watch(move || hangup.hang_up())?;
        let starting = Event::Progress(Progress::Starting);
        context.connection.send_event(starting);
        let camera = workers::start_camera(&inbox, stream)?;
        let capture = Self { inbox, camera };
        workers::start_models(context.config, &capture.inbox)?;
        Ok(capture)
    }

    /// Tells a client of root's how long the looking may take, so that it does not take a slow
    /// machine for one that is gone.
    pub fn tell_longest(context: &Context, deadline: Instant) {
        let longest = deadline.saturating_duration_since(Instant::now());
        let milliseconds = longest.as_millis().try_into().unwrap_or(u32::MAX);
        context.connection.send_event(Event::Within(milliseconds));
    }

    /// Opens the templates beside them, and what is in a password's file.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn open_templates(
        &self,
        context: &Context,
        enrollment: &Enrollment,
        password: Option<Vec<u8>>,
    ) -> io::Result<()> {
        let options = context.config.vault_options();
        workers::start_vault(options, enrollment.clone(), password, &self.inbox)
    }

    /// Waits for the next arrival, until `deadline`.
    pub fn next(&self, deadline: Instant) -> Arrival {
        self.inbox.next(deadline)
    }

    /// What was assumed of the camera so far, in words for root.
    pub fn assumed(&self) -> Vec<String> {
        self.inbox.assumed()
    }

    /// Begins to close the camera.
    pub fn close(&self) {
        self.inbox.close();
    }

    /// Waits for the camera to be closed, but only once the peer has its answer: the person waits
    /// for that, and only this process for the camera.
    pub fn wait_after_reply(self, connection: &Connection) {
        connection.after_reply(move || drop(self));
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.inbox.close();
        self.camera.wait_closed();
    }
}
