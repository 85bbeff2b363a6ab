//! What an attempt tells while it runs: hints to the person, measurements to root, lines to the
//! journal.

use facelock_protocol::{Event, Measurement, Progress};

use super::comparer::ComparedFace;
use crate::service::context::Context;
use crate::service::failure::Failure;
use crate::service::journal::Priority;
use crate::service::timing::{StageTimes, measurement};
use crate::types::{Hint, Subject, Unavailable};

pub struct Reports<'a> {
    context: &'a Context<'a>,
    subject: &'a Subject,
    /// Whether root asked for measurements.
    measured: bool,
    pub times: StageTimes,
    last_hint: Option<Hint>,
}

impl<'a> Reports<'a> {
    pub fn new(context: &'a Context<'a>, subject: &'a Subject, measured: bool) -> Self {
        Self {
            context,
            subject,
            measured,
            times: StageTimes::new(context.asker.started),
            last_hint: None,
        }
    }

    pub fn progress(&self, progress: Progress) {
        self.send(Event::Progress(progress));
    }

    /// Tells the person what to change, when that changes.
    pub fn hint(&mut self, hint: Hint) {
        if self.last_hint.replace(hint) != Some(hint) {
            self.send(Event::Hint(hint));
        }
    }

    /// Tells the person what the challenge asks next.
    pub fn challenge(&self, hint: Hint) {
        self.send(Event::Hint(hint));
    }

    /// Tells root how far the attempt is, at its `frame`th frame, and what a face measures.
    pub fn measure(&self, frame: u32, face: Option<&ComparedFace>) {
        if !self.measured {
            return;
        }
        let mut told = Measurement::default();
        if let Some(face) = face {
            told = measurement(&face.judged);
            told.score = Some(face.score);
            told.threshold = face.threshold;
        }
        told.frame = frame;
        told.stages = self.times.stages;
        self.send(Event::Measured(told));
    }

    /// A line for the journal.
    pub fn line(&self, priority: Priority, event: &str, key: &str, value: &str) {
        let line = self.context.line(priority, event, self.subject);
        line.with(key, value).write();
    }

    /// A failure, told to the journal, as the evidence sees it.
    pub fn settle(&self, failure: Failure) -> Unavailable {
        failure.settle(&self.context.asker, Some(self.subject))
    }

    fn send(&self, event: Event) {
        self.context.connection.send_event(event);
    }
}
