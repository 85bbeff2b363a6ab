//! What every answer is made from.

use std::sync::Arc;
use std::time::Instant;

use facelock_protocol::Subject;

use super::cameras::Cameras;
use super::connection::Connection;
use super::journal::{Line, Priority};
use super::presence::Records;
use super::tally::Tally;
use crate::config::Config;
use crate::sandbox::Missing;
use crate::store::Store;
use crate::types::Peer;

/// Who asks, and since when.
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

pub struct Context<'a> {
    pub asker: Asker,
    pub connection: &'a Connection,
    pub config: &'a Config,
    /// What the unit's sandbox lacks.
    pub sandbox_missing: Vec<Missing>,
    pub cameras: Arc<dyn Cameras>,
    pub records: Records,
    pub enrollments: Store,
    pub tally: Tally<'a>,
}

impl Context<'_> {
    /// Whether the unit's sandbox is in force, or root's configuration does not ask for it.
    pub fn is_confined(&self) -> bool {
        !self.config.sandbox.require || self.sandbox_missing.is_empty()
    }

    /// A line about this peer's request for `subject`.
    pub fn line(&self, priority: Priority, event: &str, subject: &Subject) -> Line {
        self.asker.line(priority, event, Some(subject))
    }
}
