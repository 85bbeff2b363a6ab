//! How far the instance is: for the service manager, and in milliseconds for whoever measures.

use std::time::Instant;

use facelock_protocol::Stages;
use sd_notify::NotifyState;

/// Tells the service manager that the connection is served. It is the last thing sent to it: the
/// sandbox gives up sockets.
pub fn announce_ready() {
    let _ = sd_notify::notify(&[
        NotifyState::Ready,
        NotifyState::Status("Serving one request"),
    ]);
}

/// The stages of one attempt, measured from the start of `main`.
pub struct Stopwatch {
    started: Instant,
    pub stages: Stages,
}

impl Stopwatch {
    pub fn new(started: Instant) -> Self {
        let request_read = Some(milliseconds(started, Instant::now()));
        Self {
            started,
            stages: Stages {
                request_read,
                ..Stages::default()
            },
        }
    }

    /// The time now, as a stage; the first time counts.
    pub fn mark(&mut self, stage: fn(&mut Stages) -> &mut Option<f32>) {
        let now = milliseconds(self.started, Instant::now());
        stage(&mut self.stages).get_or_insert(now);
    }

    /// A duration, as a stage; the last one counts.
    pub fn took(&mut self, stage: fn(&mut Stages) -> &mut Option<f32>, since: Instant) {
        *stage(&mut self.stages) = Some(milliseconds(since, Instant::now()));
    }
}

fn milliseconds(from: Instant, to: Instant) -> f32 {
    to.duration_since(from).as_secs_f32() * 1000.0
}
