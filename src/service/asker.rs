//! Who asks, and since when.

use std::time::Instant;

use facelock_protocol::Subject;

use super::journal::{Line, Priority};
use crate::types::Peer;

#[derive(Clone, Copy)]
pub struct Asker {
    pub peer: Peer,
    /// When `main` began.
    pub started: Instant,
}

impl Asker {
    /// A line about this peer's request, for `subject` where it is about one.
    pub fn line(&self, priority: Priority, event: &str, subject: Option<&Subject>) -> Line {
        let mut line = Line::new(priority, event);
        if let Some(subject) = subject {
            line = line.with("user", &subject.name).with("uid", subject.uid);
        }
        let milliseconds = self.started.elapsed().as_secs_f32() * 1000.0;
        line.with("peer_uid", self.peer.uid)
            .with("ms", format!("{milliseconds:.0}"))
    }
}
