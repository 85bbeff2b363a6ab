//! What every answer is made from.

use std::sync::Arc;

use facelock_protocol::Subject;

use super::asker::Asker;
use super::cameras::Cameras;
use super::connection::Connection;
use super::journal::{Line, Priority};
use super::records::Records;
use super::tally::Tally;
use crate::config::Config;
use crate::sandbox::Missing;
use crate::store::Store;

pub struct Context<'a> {
    pub asker: Asker,
    pub connection: &'a Connection,
    pub config: &'a Config,
    /// What the unit's sandbox lacks.
    pub sandbox_missing: Vec<Missing>,
    pub cameras: Arc<dyn Cameras>,
    pub records: Records,
    pub enrollments: Store,
    /// Login passwords that are kept for the keyring.
    pub passwords: Store,
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
