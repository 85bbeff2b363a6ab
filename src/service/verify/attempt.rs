//! The loop of an attempt: what arrives becomes evidence, until the evidence decides.

use std::time::{Duration, Instant};

use facelock_protocol::Progress;

use super::comparer::{Compared, ComparedFace, Comparer};
use super::reports::Reports;
use crate::camera::CameraError;
use crate::decision::cause;
use crate::decision::verdict::{
    Challenge, Decision, DecisionRules, Ended, Evidence, Judged, decide,
};
use crate::pipeline::frame::FrameTimes;
use crate::service::challenge::ActiveChallenge;
use crate::service::context::Context;
use crate::service::inbox::Arrival;
use crate::service::journal::Priority;
use crate::service::keyring;
use crate::types::{Detection, Frame, Hint, Subject, Unavailable, Verdict};

/// Frames with shut eyes, and none with open ones, from which the person is told: longer than a
/// blink at thirty frames a second.
const SHUT_FRAMES: usize = 12;
/// A camera that gives up this shortly before the attempt's own deadline ran into that deadline.
const SAME_DEADLINE: Duration = Duration::from_millis(50);

pub struct Attempt<'a> {
    context: &'a Context<'a>,
    rules: DecisionRules,
    begun: Instant,
    reports: Reports<'a>,
    comparer: Comparer,
    evidence: Evidence,
    challenge: Option<ActiveChallenge>,
    frames: u32,
    /// When a face was last seen.
    last_face: Instant,
    first_frame_at: Option<Instant>,
}

impl<'a> Attempt<'a> {
    /// `measured`: root is told what is measured.
    pub fn new(
        context: &'a Context<'a>,
        subject: &'a Subject,
        measured: bool,
        begun: Instant,
    ) -> Self {
        Self {
            context,
            rules: context.config.decide_rules(),
            begun,
            reports: Reports::new(context, subject, measured),
            comparer: Comparer::default(),
            evidence: Evidence::default(),
            challenge: None,
            frames: 0,
            last_face: begun,
            first_frame_at: None,
        }
    }

    /// Takes what arrives, by the deadline that `next` is given, until there is a decision.
    ///
    /// # Errors
    /// Nothing was judged, and why.
    pub fn run(
        &mut self,
        mut next: impl FnMut(Instant) -> Arrival,
    ) -> Result<Verdict, Unavailable> {
        loop {
            if let Err(reason) = self.on_arrival(next(self.patience())) {
                self.evidence.ended = Some(Ended::Cut(reason));
            }
            match decide(&self.evidence, &self.rules) {
                Decision::Verdict(verdict) => {
                    self.reports.times.mark(|stages| &mut stages.verdict);
                    self.reports.measure(self.frames, None);
                    return Ok(verdict);
                }
                Decision::Unavailable(reason) => return Err(self.cause(reason)),
                Decision::Ask => {
                    let until = Instant::now() + self.context.config.deadlines().challenge;
                    self.challenge = Some(ActiveChallenge::begin(until)?);
                    self.evidence.challenge = Challenge::Pending;
                }
                Decision::Undecided => {}
            }
        }
    }

    /// The password that was opened with the templates, and the camera that was looked through.
    pub fn take_password(&mut self) -> Option<keyring::Opened> {
        let camera = self.comparer.camera.as_ref();
        let opened = self.comparer.gallery.as_mut()?.password.take()?;
        Some((camera.map(|(_, spectrum)| *spectrum), opened))
    }

    /// Whether an end without a verdict counts all the same.
    pub fn speaks_against(&self) -> bool {
        let challenge = self.challenge.as_ref();
        self.evidence.speaks_against(&self.rules)
            || challenge.is_some_and(ActiveChallenge::is_left_open)
    }

    /// The reason to give where nothing was judged.
    fn cause(&self, reason: Unavailable) -> Unavailable {
        let progress = cause::Progress {
            spectrum: self.comparer.camera.as_ref().map(|(_, spectrum)| *spectrum),
            frames: self.frames,
            models_ready: self.comparer.models.is_some(),
            templates_open: self.comparer.gallery.is_some(),
        };
        cause::of(reason, progress)
    }

    /// How long to wait for the next arrival: the whole attempt's deadline, or an earlier one that
    /// says more.
    fn patience(&self) -> Instant {
        let deadlines = self.context.config.deadlines();
        let challenge = self.challenge.as_ref().map(ActiveChallenge::until);
        let end = challenge.unwrap_or(self.begun + deadlines.attempt);
        let (Some(first), true) = (self.first_frame_at, self.evidence.judged.is_empty()) else {
            return end;
        };
        let earlier = match self.evidence.last_hint {
            Some(Hint::TooDark) => first + deadlines.dark,
            _ => self.last_face.max(first) + deadlines.no_face,
        };
        end.min(earlier)
    }

    fn on_arrival(&mut self, arrival: Arrival) -> Result<(), Unavailable> {
        match arrival {
            Arrival::HungUp => return Err(Unavailable::Cancelled),
            Arrival::Deadline => self.evidence.ended = Some(Ended::Deadline),
            Arrival::CameraFailed(error) => return self.camera_failed(error),
            Arrival::Models(models) => {
                let models = models.map_err(|error| self.reports.settle(error.into()))?;
                self.comparer.models = Some(models);
                self.reports.times.mark(|stages| &mut stages.models_ready);
            }
            Arrival::Templates(gallery) => {
                let gallery = gallery.map_err(|error| self.reports.settle(error.into()))?;
                self.comparer.gallery = Some(gallery);
                self.reports.times.mark(|stages| &mut stages.vault_open);
            }
            Arrival::Camera(identity, spectrum) => {
                self.comparer.camera = Some((identity, spectrum));
                self.reports.times.mark(|stages| &mut stages.camera_open);
                self.reports.progress(Progress::Looking);
            }
            Arrival::Frame(frame) => self.on_frame(frame),
        }
        self.compare_waiting()
    }

    fn on_frame(&mut self, frame: Frame) {
        let now = Instant::now();
        self.frames += 1;
        self.first_frame_at.get_or_insert(now);
        self.reports.times.mark(|stages| &mut stages.first_frame);
        if !self.comparer.looks_for_faces() {
            self.last_face = now;
        }
        self.comparer.keep(frame);
    }

    fn compare_waiting(&mut self) -> Result<(), Unavailable> {
        loop {
            let now = Instant::now();
            let mut times = FrameTimes::default();
            let compared = self.comparer.next(&mut times);
            self.reports.times.judged(&times);
            match compared.map_err(|failure| self.reports.settle(failure))? {
                None => return Ok(()),
                Some(Compared::Unlit) => {}
                Some(Compared::Hint(hint, face)) => self.on_hint(now, hint, face.as_ref()),
                Some(Compared::Face(face)) => self.on_face(now, &face),
            }
        }
    }

    fn on_hint(&mut self, now: Instant, hint: Hint, face: Option<&Detection>) {
        self.evidence.last_hint = Some(hint);
        if let Some(face) = face {
            self.last_face = now;
            self.observe_challenge(now, face, None);
        }
        // One thing at a time: a person who is asked to turn is not told to look at the camera.
        if self.challenge.is_none() {
            self.reports.hint(hint);
        }
    }

    fn on_face(&mut self, now: Instant, face: &ComparedFace) {
        self.last_face = now;
        self.evidence.last_hint = None;
        let (score, threshold) = (face.score, face.threshold);
        let turned = self.observe_challenge(now, &face.judged.face, Some((score, threshold)));
        let judged = Judged {
            at: now.duration_since(self.begun),
            liveness: face.judged.liveness,
            score,
            threshold,
            turned,
        };
        self.evidence.add(judged, face.judged.eyes_shut);
        self.reports.measure(self.frames, Some(face));
        self.mind_the_eyes();
    }

    /// Tells a person whose eyes were shut all along to open them; a blink is not told.
    fn mind_the_eyes(&mut self) {
        if self.evidence.eyes_shut && self.evidence.judged.len() == SHUT_FRAMES {
            let (event, value) = ("verify", "shut in every frame so far");
            self.reports.line(Priority::Info, event, "eyes", value);
            self.reports.hint(Hint::OpenEyes);
        }
    }

    /// Shows a face to the challenge, if one is asked, and tells the person what is next. True: it
    /// is turned away for that.
    fn observe_challenge(
        &mut self,
        now: Instant,
        face: &Detection,
        compared: Option<(f32, f32)>,
    ) -> bool {
        let Some(challenge) = &mut self.challenge else {
            return false;
        };
        if let Some(hint) = challenge.observe(now.duration_since(self.begun), face, compared) {
            self.reports.challenge(hint);
        }
        let (away, state) = (challenge.is_away(), challenge.state());
        if state == Challenge::Failed && self.evidence.challenge != state {
            let (event, value) = ("challenge", "turned the other way");
            self.reports.line(Priority::Notice, event, "answer", value);
        }
        self.evidence.challenge = state;
        away
    }

    fn camera_failed(&mut self, error: CameraError) -> Result<(), Unavailable> {
        if matches!(error, CameraError::TimedOut)
            && Instant::now() + SAME_DEADLINE >= self.patience()
        {
            self.evidence.ended = Some(Ended::Deadline);
            return Ok(());
        }
        Err(self.reports.settle(error.into()))
    }
}

#[cfg(test)]
mod tests;
