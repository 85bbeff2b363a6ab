//! How far the instance is: for the service manager, and in milliseconds for root.

use std::time::{Duration, Instant};

use facelock_protocol::{Measurement, Stages};
use sd_notify::NotifyState;

use crate::pipeline::frame::{FrameTimes, JudgedFace};

/// Tells the service manager that the connection is served. It is the last thing sent to it: the
/// sandbox gives up sockets.
pub fn announce_ready() {
    let _ = sd_notify::notify(&[
        NotifyState::Ready,
        NotifyState::Status("Serving one request"),
    ]);
}

/// The stages of one attempt, measured from the start of `main`.
pub struct StageTimes {
    started: Instant,
    pub stages: Stages,
}

impl StageTimes {
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

    /// Takes over what judging a frame took; the last durations count.
    pub fn judged(&mut self, times: &FrameTimes) {
        if let Some(lit) = times.first_lit {
            let lit = milliseconds(self.started, lit);
            self.stages.first_lit_frame.get_or_insert(lit);
        }
        let took = |took: Option<Duration>| took.map(|took| took.as_secs_f32() * 1000.0);
        self.stages.detect = took(times.detect).or(self.stages.detect);
        self.stages.pad = took(times.pad).or(self.stages.pad);
        self.stages.embed = took(times.embed).or(self.stages.embed);
    }
}

fn milliseconds(from: Instant, to: Instant) -> f32 {
    to.duration_since(from).as_secs_f32() * 1000.0
}

/// What a judged face measures, for root.
pub fn measurement(judged: &JudgedFace) -> Measurement {
    let b = judged.face.bounds;
    Measurement {
        detection_score: judged.face.score,
        face: [b.x, b.y, b.width, b.height],
        landmarks: judged.face.landmarks.map(|p| [p.x, p.y]),
        quality: judged.quality.overall(),
        liveness: judged.live_score,
        ..Measurement::default()
    }
}
