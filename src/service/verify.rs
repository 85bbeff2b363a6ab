//! One attempt: is the subject in front of the camera?

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use facelock_protocol::{Consent, Event, Measurement, Progress, Reply, ServiceName};

use super::asking::Asking;
use super::context::Context;
use super::failure::{Answer, Failure};
use super::inbox::{Arrival, Inbox};
use super::journal::Priority;
use super::keys::{self, Gallery, KeyError};
use super::presence;
use super::side::{CameraThread, start_camera, start_models, start_work};
use super::stages::{Stopwatch, measurement};
use crate::camera::CameraError;
use crate::decision::lockout::AttemptEnd;
use crate::decision::verdict::{Challenge, Decision, Ended, Evidence, Judged, decide};
use crate::decision::{cause, spectrum};
use crate::face::{QualityLimits, compare};
use crate::onnx::ModelError;
use crate::pipeline::frame::{FrameJudge, FrameOutcome, FrameTimes, JudgeFrames, JudgedFace};
use crate::store::Enrollment;
use crate::types::{
    CameraIdentity, Detection, Frame, Hint, Peer, Spectrum, Subject, Unavailable, Verdict,
};

/// Frames kept until models and templates are there. Two, so that a lit and an unlit one stay
/// together.
const WAITING: usize = 2;

/// Frames with shut eyes, and none with open ones, from which the person is told: longer than a
/// blink at thirty frames a second.
const SHUT_FRAMES: usize = 12;

type Side = Inbox<Result<FrameJudge, ModelError>, Result<Gallery, KeyError>>;

/// Answers PAM.
///
/// # Errors
/// No decision can be made, and why.
pub fn verify(
    context: &Context,
    subject: &Subject,
    service: &ServiceName,
    consent: Option<Consent>,
    evidence: &facelock_protocol::Evidence,
) -> Answer<Reply> {
    let listed = presence::admit(context, subject, service, evidence)?;
    let wanted = consent.unwrap_or(listed.consent());
    let asks_first = consent.is_none() && wanted == Consent::Ask;
    if asks_first {
        // Nobody is asked for a face that could not let them in.
        let enrollment = keys::enrollment_of(context, subject)?;
        let rule = context.config.pad.require_infrared;
        let by = spectrum::for_login(&enrollment.spectra(), rule)?;
        if let (_, Some(refusal)) = context.tally.peek(subject.uid, by)? {
            return Err(refusal.into());
        }
    }
    context.connection.send_event(Event::Service {
        consent: wanted,
        quiet: listed.quiet,
    });
    if asks_first {
        // The module hangs up, asks, and comes again.
        return Err(Unavailable::Cancelled.into());
    }
    attempt(context, subject, service.as_str(), false)
}

/// Answers root's `facelockctl test`: the same attempt, counted by the same tally, with its
/// measurements told.
///
/// # Errors
/// No decision can be made, and why.
pub fn test(context: &Context, subject: &Subject) -> Answer<Reply> {
    attempt(context, subject, "facelockctl-test", true)
}

fn attempt(context: &Context, subject: &Subject, service: &str, told: bool) -> Answer<Reply> {
    let decision = charged(context, subject, told)
        .map_err(|failure| failure.settle(&context.asker, Some(subject)));
    let (outcome, priority) = match &decision {
        Ok(verdict) => (format!("{verdict:?}"), Priority::Notice),
        Err(reason) => (format!("{reason:?}"), Priority::Info),
    };
    context
        .line(priority, "verify", subject)
        .with("service", service)
        .with("outcome", outcome)
        .write();
    Ok(Reply::Verdict(told_to(context.asker.peer, decision?)))
}

/// What a peer hears of a verdict. Only root learns what a refusal rests on: to anyone else the
/// difference would say whether a forgery fails by its liveness or by its face.
fn told_to(peer: Peer, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::AttackSuspected if !peer.is_root() => Verdict::NonMatch,
        verdict => verdict,
    }
}

/// The early answers, before any device opens; then the attempt, charged to the tally.
fn charged(context: &Context, subject: &Subject, told: bool) -> Answer<Verdict> {
    let enrollment = keys::enrollment_of(context, subject)?;
    let wanted = spectrum::for_login(&enrollment.spectra(), context.config.pad.require_infrared)?;
    let own = !context.asker.peer.is_root();
    let charge = context.tally.begin(subject.uid, wanted, own)?;
    let mut attempt = Attempt::new(context, subject, told, Instant::now());
    let decision = attempt.look(&enrollment, wanted);
    let ending = match decision {
        Ok(verdict) => AttemptEnd::from(verdict),
        Err(_) if attempt.speaks_against() => AttemptEnd::Missed,
        Err(_) => AttemptEnd::Nothing,
    };
    context.tally.finish(&charge, ending)?;
    Ok(decision?)
}

/// Starts camera, models and vault side by side.
fn start(
    context: &Context,
    side: &Arc<Side>,
    enrollment: &Enrollment,
    wanted: Spectrum,
    deadline: Instant,
) -> std::io::Result<CameraThread> {
    let cameras = Arc::clone(&context.cameras);
    let options = keys::login_camera_options(context, enrollment);
    // A challenge keeps the camera streaming for longer; opening it has no more time than ever.
    let until = deadline + context.config.deadlines().challenge;
    let camera = start_camera(
        side,
        Box::new(move |_| cameras.open(&options, wanted, deadline)),
        until,
    )?;
    start_models(context.config, side)?;
    let (options, enrollment, inbox) = (
        context.config.vault_options(),
        enrollment.clone(),
        Arc::clone(side),
    );
    start_work(
        "vault",
        move || Gallery::open(&enrollment, &options),
        || Err(KeyError::Panicked),
        move |gallery| inbox.put_templates(gallery),
    )?;
    Ok(camera)
}

struct Attempt<'a, E> {
    context: &'a Context<'a>,
    subject: &'a Subject,
    told: bool,
    begun: Instant,
    judge: Option<E>,
    gallery: Option<Gallery>,
    camera: Option<(CameraIdentity, Spectrum)>,
    evidence: Evidence,
    asking: Option<Asking>,
    watch: Stopwatch,
    /// Frames that came before models and templates, the newest.
    waiting: VecDeque<Frame>,
    frames: u32,
    /// When a face was last seen.
    last_face: Instant,
    /// When the first frame came.
    lit: Option<Instant>,
    last_hint: Option<Hint>,
}

impl Attempt<'_, FrameJudge> {
    /// Looks through the camera until there is a decision, and begins to close it.
    fn look(&mut self, enrollment: &Enrollment, wanted: Spectrum) -> Result<Verdict, Unavailable> {
        let (context, side): (_, Arc<Side>) = (self.context, Inbox::new());
        let hangup = Arc::clone(&side);
        context
            .connection
            .watch(move || hangup.hang_up())
            .map_err(|error| self.settle(Failure::Thread(error)))?;
        context
            .connection
            .send_event(Event::Progress(Progress::Starting));
        let deadline = self.begun + context.config.deadlines().attempt;
        let camera = start(context, &side, enrollment, wanted, deadline)
            .map_err(|error| self.settle(Failure::Thread(error)))?;
        let decision = self.run(|deadline| side.next(deadline));
        side.close();
        // The person waits for the answer; only this process waits for the camera.
        context.connection.after_reply(move || camera.wait_closed());
        decision
    }
}

impl<'a, E: JudgeFrames> Attempt<'a, E> {
    fn new(context: &'a Context<'a>, subject: &'a Subject, told: bool, begun: Instant) -> Self {
        Self {
            context,
            subject,
            told,
            begun,
            judge: None,
            gallery: None,
            camera: None,
            evidence: Evidence::default(),
            asking: None,
            watch: Stopwatch::new(context.asker.started),
            waiting: VecDeque::new(),
            frames: 0,
            last_face: begun,
            lit: None,
            last_hint: None,
        }
    }

    /// Takes what arrives, by the deadline that `next` is given, until there is a decision.
    fn run(
        &mut self,
        mut next: impl FnMut(Instant) -> Arrival<Result<E, ModelError>, Result<Gallery, KeyError>>,
    ) -> Result<Verdict, Unavailable> {
        let rules = self.context.config.decide_rules();
        loop {
            if let Err(reason) = self.take(next(self.patience())) {
                self.evidence.ended = Some(Ended::Cut(reason));
            }
            match decide(&self.evidence, &rules) {
                Decision::Verdict(verdict) => {
                    self.watch.mark(|stages| &mut stages.verdict);
                    self.measure(None);
                    return Ok(verdict);
                }
                Decision::Unavailable(reason) => return Err(self.cause(reason)),
                Decision::Ask => {
                    self.asking = Some(Asking::begin(
                        Instant::now() + self.context.config.deadlines().challenge,
                    )?);
                    self.evidence.challenge = Challenge::Pending;
                }
                Decision::Undecided => {}
            }
        }
    }

    /// Whether an end without a verdict counts all the same.
    fn speaks_against(&self) -> bool {
        let rules = self.context.config.decide_rules();
        self.evidence.speaks_against(&rules)
            || self.asking.as_ref().is_some_and(Asking::is_left_open)
    }

    /// The reason to give where nothing was judged.
    fn cause(&self, reason: Unavailable) -> Unavailable {
        let progress = cause::Progress {
            spectrum: self.camera.as_ref().map(|(_, spectrum)| *spectrum),
            frames: self.frames,
            models_ready: self.judge.is_some(),
            templates_open: self.gallery.is_some(),
        };
        cause::of(reason, progress)
    }

    /// How long to wait for the next arrival: the whole attempt's deadline, or an earlier one that
    /// says more.
    fn patience(&self) -> Instant {
        let deadlines = self.context.config.deadlines();
        let end = self
            .asking
            .as_ref()
            .map_or(self.begun + deadlines.attempt, Asking::until);
        let (Some(lit), true) = (self.lit, self.evidence.judged.is_empty()) else {
            return end;
        };
        let first = match self.evidence.last_hint {
            Some(Hint::TooDark) => lit + deadlines.dark,
            _ => self.last_face.max(lit) + deadlines.no_face,
        };
        end.min(first)
    }

    fn take(
        &mut self,
        arrival: Arrival<Result<E, ModelError>, Result<Gallery, KeyError>>,
    ) -> Result<(), Unavailable> {
        match arrival {
            Arrival::HungUp => return Err(Unavailable::Cancelled),
            Arrival::Deadline => self.evidence.ended = Some(Ended::Deadline),
            Arrival::CameraFailed(error) => return self.camera_failed(error),
            Arrival::Engine(judge) => {
                self.judge = Some(judge.map_err(|error| self.settle(error.into()))?);
                self.watch.mark(|stages| &mut stages.models_ready);
            }
            Arrival::Templates(gallery) => {
                self.gallery = Some(gallery.map_err(|error| self.settle(error.into()))?);
                self.watch.mark(|stages| &mut stages.vault_open);
            }
            Arrival::Camera(identity, spectrum) => {
                self.camera = Some((identity, spectrum));
                self.watch.mark(|stages| &mut stages.camera_open);
                self.context
                    .connection
                    .send_event(Event::Progress(Progress::Looking));
            }
            Arrival::Frame(frame) => self.frame(frame),
        }
        let ready = self.judge.is_some() && self.gallery.is_some() && self.camera.is_some();
        while let (true, Some(frame)) = (ready, self.waiting.pop_front()) {
            self.examine(&frame)?;
        }
        Ok(())
    }

    /// Keeps a frame until models and templates are there. Nobody is told that no face is seen
    /// before anything looks for one.
    fn frame(&mut self, frame: Frame) {
        let now = Instant::now();
        self.frames += 1;
        self.lit.get_or_insert(now);
        self.watch.mark(|stages| &mut stages.first_frame);
        if self.judge.is_none() || self.gallery.is_none() {
            self.last_face = now;
        }
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(frame);
    }

    /// Judges a frame.
    fn examine(&mut self, frame: &Frame) -> Result<(), Unavailable> {
        let now = Instant::now();
        let (Some(judge), Some(gallery), Some((camera, spectrum))) =
            (&mut self.judge, &self.gallery, &self.camera)
        else {
            return Ok(());
        };
        let templates = gallery.of(camera, *spectrum, judge.digest())?;
        let threshold = judge.threshold(*spectrum);
        let mut times = FrameTimes::default();
        let outcome = judge.judge(frame, *spectrum, &QualityLimits::VERIFY, &mut times);
        self.watch.judged(&times);
        match outcome.map_err(|error| self.settle(error.into()))? {
            FrameOutcome::Hint(hint, face) => {
                self.evidence.last_hint = Some(hint);
                if let Some(face) = face {
                    self.last_face = now;
                    self.answered(now, &face, None);
                }
                // One thing at a time: whoever is asked to turn is not told to look at the camera.
                if self.asking.is_none() {
                    self.hint(hint);
                }
            }
            FrameOutcome::Unlit => {}
            FrameOutcome::Judged(judged) => {
                self.last_face = now;
                self.evidence.last_hint = None;
                let score =
                    compare(&judged.embedding, templates).ok_or(Unavailable::TemplatesRejected)?;
                let at = now.duration_since(self.begun);
                let turned = self.answered(now, &judged.face, Some((score, threshold)));
                let face = Judged {
                    at,
                    liveness: judged.liveness,
                    score,
                    threshold,
                    turned,
                };
                self.evidence.add(face, judged.eyes_shut);
                self.measure(Some((&judged, score, threshold)));
                self.mind_the_eyes();
            }
        }
        Ok(())
    }

    /// Tells a person whose eyes were shut all along to open them; a blink is not told.
    fn mind_the_eyes(&mut self) {
        if self.evidence.eyes_shut && self.evidence.judged.len() == SHUT_FRAMES {
            self.context
                .line(Priority::Info, "verify", self.subject)
                .with("eyes", "shut in every frame so far")
                .write();
            self.hint(Hint::OpenEyes);
        }
    }

    /// Shows a face to the challenge, if one is asked, and tells the person what is next. True: it
    /// is turned away for that.
    fn answered(&mut self, now: Instant, face: &Detection, compared: Option<(f32, f32)>) -> bool {
        let Some(asking) = &mut self.asking else {
            return false;
        };
        if let Some(hint) = asking.see(now.duration_since(self.begun), face, compared) {
            self.context.connection.send_event(Event::Hint(hint));
        }
        let (away, state) = (asking.is_away(), asking.state());
        if state == Challenge::Failed && self.evidence.challenge != state {
            self.context
                .line(Priority::Notice, "challenge", self.subject)
                .with("answer", "turned the other way")
                .write();
        }
        self.evidence.challenge = state;
        away
    }

    fn camera_failed(&mut self, error: CameraError) -> Result<(), Unavailable> {
        if matches!(error, CameraError::TimedOut)
            && Instant::now() + Duration::from_millis(50) >= self.patience()
        {
            self.evidence.ended = Some(Ended::Deadline);
            return Ok(());
        }
        Err(self.settle(error.into()))
    }

    /// A failure, told to the journal, as the evidence sees it.
    fn settle(&self, failure: Failure) -> Unavailable {
        failure.settle(&self.context.asker, Some(self.subject))
    }

    /// Tells the person what to change, when that changes.
    fn hint(&mut self, hint: Hint) {
        if self.last_hint.replace(hint) != Some(hint) {
            self.context.connection.send_event(Event::Hint(hint));
        }
    }

    fn measure(&self, judged: Option<(&JudgedFace, f32, f32)>) {
        if !self.told {
            return;
        }
        let mut measured = Measurement::default();
        if let Some((judged, score, threshold)) = judged {
            measured = measurement(judged);
            measured.score = Some(score);
            measured.threshold = threshold;
        }
        measured.frame = self.frames;
        measured.stages = self.watch.stages;
        self.context
            .connection
            .send_event(Event::Measured(measured));
    }
}

#[cfg(test)]
mod tests;
