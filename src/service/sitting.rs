//! A sitting: one person before the camera, asked for looks that differ.

use std::sync::Arc;
use std::time::{Duration, Instant};

use facelock_protocol::{Event, Look as Pose, Progress};

use super::context::Context;
use super::failure::{Answer, Failure};
use super::inbox::{Arrival, Inbox};
use super::journal::Priority;
use super::keys;
use super::side::{open_best, start_camera, start_models};
use crate::camera::CameraError;
use crate::decision::RequireInfrared;
use crate::face::QualityLimits;
use crate::onnx::ModelError;
use crate::pipeline::enrollment::{Choice, FEWEST, Sample, Samples};
use crate::pipeline::frame::{FrameJudge, FrameOutcome, FrameTimes, JudgeFrames as _, JudgedFace};
use crate::store::Enrollment;
use crate::types::{CameraIdentity, Digest, Frame, Hint, Spectrum, Subject, Unavailable};

/// After this long without a different look, what was taken is enough.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the person is asked for, in turn.
const POSES: [Pose; 6] = [
    Pose::Straight,
    Pose::TurnLeft,
    Pose::TurnRight,
    Pose::TiltUp,
    Pose::TiltDown,
    Pose::Different,
];

type Side = Inbox<Result<FrameJudge, ModelError>, ()>;

/// What the camera gave.
pub struct Session {
    pub camera: CameraIdentity,
    pub spectrum: Spectrum,
    pub model: Digest,
    /// The model's threshold for this spectrum.
    pub threshold: f32,
    pub samples: Vec<Sample>,
}

/// Takes looks until there are enough, or no more that differ.
///
/// # Errors
/// Too few were taken, and why.
pub fn take_looks(
    context: &Context,
    subject: &Subject,
    enrollment: &Enrollment,
) -> Answer<Session> {
    let deadline = Instant::now() + context.config.deadlines().enroll;
    let side: Arc<Side> = Inbox::new();
    let hangup = Arc::clone(&side);
    context
        .connection
        .watch(move || hangup.hang_up())
        .map_err(Failure::Thread)?;
    context
        .connection
        .send_event(Event::Progress(Progress::Starting));
    let cameras = Arc::clone(&context.cameras);
    let options = keys::camera_options(context, enrollment);
    let rule = context.config.pad.require_infrared;
    let open = move |deadline| match rule {
        RequireInfrared::Enrolled => open_best(&*cameras, &options, deadline),
        RequireInfrared::Always => cameras.open(&options, Spectrum::Infrared, deadline),
    };
    let camera = start_camera(&side, Box::new(open), deadline).map_err(Failure::Thread)?;
    start_models(context.config, &side).map_err(Failure::Thread)?;
    let mut sitting = Sitting {
        context,
        subject,
        judge: None,
        camera: None,
        samples: Samples::default(),
        since: Instant::now(),
        last_hint: None,
        attacks: 0,
    };
    let result = sitting.run(&side, deadline);
    side.close();
    camera.wait_closed();
    result
}

struct Sitting<'a> {
    context: &'a Context<'a>,
    subject: &'a Subject,
    judge: Option<FrameJudge>,
    camera: Option<(CameraIdentity, Spectrum)>,
    samples: Samples,
    /// When the last look was taken.
    since: Instant,
    last_hint: Option<Hint>,
    /// Looks that were not accepted as live.
    attacks: u32,
}

impl Sitting<'_> {
    fn run(&mut self, side: &Side, deadline: Instant) -> Answer<Session> {
        let wanted = usize::from(self.context.config.enroll.looks);
        loop {
            match side.next(deadline.min(Instant::now() + PATIENCE)) {
                Arrival::HungUp => return Err(Unavailable::Cancelled.into()),
                // The camera's own wait ends with the sitting.
                Arrival::CameraFailed(CameraError::TimedOut) if Instant::now() >= deadline => {}
                Arrival::Deadline => {}
                Arrival::CameraFailed(error) => return Err(self.camera_failed(error)),
                Arrival::Engine(judge) => {
                    self.judge = Some(judge?);
                    self.since = Instant::now();
                }
                Arrival::Templates(()) => {}
                Arrival::Camera(identity, spectrum) => {
                    self.camera = Some((identity, spectrum));
                    self.since = Instant::now();
                    self.context
                        .connection
                        .send_event(Event::Progress(Progress::NextLook(POSES[0])));
                }
                Arrival::Frame(frame) => self.frame(&frame, wanted)?,
            }
            let settled =
                self.samples.len() >= FEWEST.min(wanted) && self.since.elapsed() >= PATIENCE;
            if self.samples.len() >= wanted || settled {
                return self.finish();
            }
            if Instant::now() >= deadline {
                self.context
                    .line(Priority::Notice, "enroll", self.subject)
                    .with("looks", self.samples.len())
                    .with("not_live", self.attacks)
                    .write();
                let attacked = self.attacks > 0 && self.samples.is_empty();
                let reason = if attacked {
                    Unavailable::EnrollmentRejected
                } else {
                    Unavailable::Timeout
                };
                return Err(reason.into());
            }
        }
    }

    fn frame(&mut self, frame: &Frame, wanted: usize) -> Answer<()> {
        let (Some(judge), Some((_, spectrum))) = (&mut self.judge, &self.camera) else {
            return Ok(());
        };
        let mut times = FrameTimes::default();
        let outcome = judge.judge(frame, *spectrum, &QualityLimits::ENROLL, &mut times);
        match outcome? {
            FrameOutcome::Hint(hint, _) => self.hint(hint),
            FrameOutcome::Unlit => {}
            FrameOutcome::Judged(judged) => self.offer(*judged, wanted)?,
        }
        Ok(())
    }

    fn offer(&mut self, judged: JudgedFace, wanted: usize) -> Answer<()> {
        match self.samples.offer(judged) {
            Choice::Taken => self.tell_taken(wanted),
            Choice::NotYet => {}
            Choice::Failed => return Err(Unavailable::Internal.into()),
            Choice::Attack => {
                self.attacks += 1;
                self.hint(Hint::LookAtCamera);
            }
            Choice::AnotherPerson => self.hint(Hint::LookAtCamera),
            Choice::TooAlike => self.hint(Hint::TurnALittle),
        }
        Ok(())
    }

    fn tell_taken(&mut self, wanted: usize) {
        self.since = Instant::now();
        self.last_hint = None;
        let taken = self.samples.len();
        let progress = Progress::LookTaken {
            taken: taken as u8,
            wanted: wanted as u8,
        };
        self.context
            .connection
            .send_event(Event::Progress(progress));
        if taken < wanted {
            let next = Progress::NextLook(POSES[taken % POSES.len()]);
            self.context.connection.send_event(Event::Progress(next));
        }
    }

    fn finish(&mut self) -> Answer<Session> {
        let (Some((camera, spectrum)), Some(judge)) = (self.camera.take(), &self.judge) else {
            return Err(Unavailable::Internal.into());
        };
        Ok(Session {
            camera,
            spectrum,
            model: judge.digest(),
            threshold: judge.threshold(spectrum),
            samples: self.samples.take(),
        })
    }

    fn camera_failed(&self, error: CameraError) -> Failure {
        let always = self.context.config.pad.require_infrared == RequireInfrared::Always;
        let failure = Failure::from(error);
        if always && matches!(failure, Failure::Camera(CameraError::NotFound)) {
            failure.settle(&self.context.asker, Some(self.subject));
            return Unavailable::InfraredRequired.into();
        }
        failure
    }

    fn hint(&mut self, hint: Hint) {
        if self.last_hint.replace(hint) != Some(hint) {
            self.context.connection.send_event(Event::Hint(hint));
        }
    }
}
