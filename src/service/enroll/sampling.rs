//! One person before the camera, asked for samples that differ.

use std::sync::Arc;
use std::time::{Duration, Instant};

use facelock_protocol::{Event, Pose, Progress};

use super::refusal::refused;
use crate::camera::{CameraError, Sink};
use crate::decision::RequireInfrared;
use crate::face::{QualityLimits, Weights};
use crate::pipeline::enrollment::{FEWEST, Sample, SampleChoice, Samples};
use crate::pipeline::frame::{FrameOutcome, FrameTimes, JudgedFace};
use crate::service::capture::Capture;
use crate::service::context::Context;
use crate::service::enrollments;
use crate::service::failure::{Answer, Failure};
use crate::service::inbox::{Arrival, Models};
use crate::service::journal::Priority;
use crate::service::workers::stream_best;
use crate::store::{Enrollment, MAX_TEMPLATES};
use crate::types::{CameraIdentity, Digest, Frame, Hint, Spectrum, Subject, Unavailable};

/// After this long without a different sample, what was taken is enough.
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

/// What the camera gave.
pub struct TakenSamples {
    pub camera: CameraIdentity,
    pub spectrum: Spectrum,
    pub model: Digest,
    /// What read the samples' margins.
    pub networks: Option<Digest>,
    /// The model's threshold for this spectrum.
    pub threshold: f32,
    /// What each of the model's networks counts in a score.
    pub weights: Weights,
    pub samples: Vec<Sample>,
}

/// Takes samples until there are enough, or no more that differ.
///
/// # Errors
/// Too few were taken, and why.
pub fn take_samples(
    context: &Context,
    subject: &Subject,
    enrollment: &Enrollment,
) -> Answer<TakenSamples> {
    let deadline = Instant::now() + context.config.deadlines().enroll;
    let cameras = Arc::clone(&context.cameras);
    let options = enrollments::camera_options(context, enrollment);
    let rule = context.config.pad.require_infrared;
    let stream = move |sink: &dyn Sink| match rule {
        RequireInfrared::Enrolled => stream_best(&*cameras, &options, deadline, sink),
        RequireInfrared::Always => cameras.stream(&options, Spectrum::Infrared, deadline, sink),
    };
    Capture::tell_longest(context, deadline);
    let capture = Capture::start(context, Box::new(stream)).map_err(Failure::Thread)?;
    let mut sampling = Sampling {
        context,
        subject,
        enrollment,
        wanted: usize::from(context.config.enroll.samples),
        deadline,
        models: None,
        camera: None,
        samples: Samples::default(),
        since: Instant::now(),
        last_hint: None,
        attacks: 0,
    };
    let taken = sampling.run(&capture)?;
    for what in capture.assumed() {
        let line = context.line(Priority::Info, "camera", subject);
        line.with("assumed", &what).write();
        context.connection.send_event(Event::Assumed(what));
    }
    Ok(taken)
}

struct Sampling<'a> {
    context: &'a Context<'a>,
    subject: &'a Subject,
    enrollment: &'a Enrollment,
    /// How many samples are asked for.
    wanted: usize,
    deadline: Instant,
    models: Option<Models>,
    camera: Option<(CameraIdentity, Spectrum)>,
    samples: Samples,
    /// When the last sample was taken.
    since: Instant,
    last_hint: Option<Hint>,
    /// Faces that were not accepted as live.
    attacks: u32,
}

impl Sampling<'_> {
    fn run(&mut self, capture: &Capture) -> Answer<TakenSamples> {
        loop {
            self.on_arrival(capture.next(self.deadline.min(Instant::now() + PATIENCE)))?;
            let settled =
                self.samples.len() >= FEWEST.min(self.wanted) && self.since.elapsed() >= PATIENCE;
            if self.samples.len() >= self.wanted || settled {
                return self.finish();
            }
            if Instant::now() >= self.deadline {
                return Err(self.too_few().into());
            }
        }
    }

    fn on_arrival(&mut self, arrival: Arrival) -> Answer<()> {
        match arrival {
            Arrival::HungUp => return Err(Unavailable::Cancelled.into()),
            // The camera's own wait ends with the enrollment's.
            Arrival::CameraFailed(CameraError::TimedOut) if Instant::now() >= self.deadline => {}
            Arrival::Deadline | Arrival::Templates(_) => {}
            Arrival::CameraFailed(error) => return Err(self.camera_failed(error)),
            Arrival::Models(models) => {
                let models = models?;
                self.wanted = self.wanted.min(self.room(models.digest())?);
                self.models = Some(models);
                self.since = Instant::now();
            }
            Arrival::Camera(identity, spectrum) => {
                self.camera = Some((identity, spectrum));
                self.since = Instant::now();
                self.progress(Progress::NextPose(POSES[0]));
            }
            Arrival::Frame(frame) => self.frame(&frame)?,
        }
        Ok(())
    }

    /// How many templates fit beside those that stay: another model's make room.
    fn room(&self, model: Digest) -> Answer<usize> {
        let stay = match self.enrollment.model == model.0 {
            true => self.enrollment.templates.len(),
            false => 0,
        };
        match MAX_TEMPLATES.saturating_sub(stay) {
            0 => Err(refused(
                self.context,
                self.subject,
                "there is no room for another template; remove one first (facelockctl remove)",
            )),
            room => Ok(room),
        }
    }

    /// The reason to give once the time is over, told to the journal.
    fn too_few(&self) -> Unavailable {
        self.context
            .line(Priority::Notice, "enroll", self.subject)
            .with("samples", self.samples.len())
            .with("not_live", self.attacks)
            .write();
        if self.attacks > 0 && self.samples.is_empty() {
            Unavailable::EnrollmentRejected
        } else {
            Unavailable::Timeout
        }
    }

    fn frame(&mut self, frame: &Frame) -> Answer<()> {
        let (Some(models), Some((_, spectrum))) = (&mut self.models, &self.camera) else {
            return Ok(());
        };
        let mut times = FrameTimes::default();
        let outcome = models.judge(frame, *spectrum, &QualityLimits::ENROLL, &mut times);
        match outcome? {
            FrameOutcome::Hint(hint, _) => self.hint(hint),
            FrameOutcome::Unlit => {}
            FrameOutcome::Judged(judged) => self.offer(*judged)?,
        }
        Ok(())
    }

    fn offer(&mut self, judged: JudgedFace) -> Answer<()> {
        match self.samples.offer(judged) {
            SampleChoice::Taken => self.tell_taken(),
            SampleChoice::NotYet => {}
            SampleChoice::Failed => return Err(Unavailable::Internal.into()),
            SampleChoice::Attack => {
                self.attacks += 1;
                self.hint(Hint::LookAtCamera);
            }
            SampleChoice::AnotherPerson => self.hint(Hint::LookAtCamera),
            SampleChoice::TooAlike => self.hint(Hint::TurnALittle),
        }
        Ok(())
    }

    fn tell_taken(&mut self) {
        self.since = Instant::now();
        self.last_hint = None;
        let taken = self.samples.len();
        let progress = Progress::SampleTaken {
            taken: taken as u8,
            wanted: self.wanted as u8,
        };
        self.progress(progress);
        if taken < self.wanted {
            self.progress(Progress::NextPose(POSES[taken % POSES.len()]));
        }
    }

    fn progress(&self, progress: Progress) {
        let event = Event::Progress(progress);
        self.context.connection.send_event(event);
    }

    fn finish(&mut self) -> Answer<TakenSamples> {
        let (Some((camera, spectrum)), Some(models)) = (self.camera.take(), &self.models) else {
            return Err(Unavailable::Internal.into());
        };
        Ok(TakenSamples {
            camera,
            spectrum,
            model: models.digest(),
            networks: models.networks(),
            threshold: models.threshold(spectrum),
            weights: models.weights().clone(),
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
