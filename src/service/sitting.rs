//! A sitting: one person before the camera, asked for looks that differ.

use std::sync::Arc;
use std::time::{Duration, Instant};

use facelock_protocol::{Event, Look as Pose, Progress};

use super::answer::Desk;
use super::inbox::{Arrival, Inbox};
use super::journal::Priority;
use super::keys;
use super::looks::{Eye as _, Judge, Look, Seen};
use super::side::{open_best, start_camera, start_models};
use super::stages::Stopwatch;
use crate::camera::CameraError;
use crate::decision::RequireInfrared;
use crate::decision::verdict::Liveness;
use crate::face::{QualityLimits, compare};
use crate::onnx::ModelError;
use crate::types::{CameraIdentity, Digest, Embedding, Hint, Spectrum, Subject, Unavailable};

/// Looks below this cosine with the first one are another person's: the score that verification
/// asks for, less what a turned head costs.
pub const SAME_PERSON: f32 = 0.5;
/// A look above this cosine with one taken adds nothing.
const TOO_ALIKE: f32 = 0.97;
/// After this long without a different look, what was taken is enough.
const PATIENCE: Duration = Duration::from_secs(5);
/// Looks an enrollment needs at least.
const FEWEST: usize = 2;
/// What the person is asked for, in turn.
const POSES: [Pose; 6] = [
    Pose::Straight,
    Pose::TurnLeft,
    Pose::TurnRight,
    Pose::TiltUp,
    Pose::TiltDown,
    Pose::Different,
];

type Side = Inbox<Result<Judge, ModelError>, ()>;

/// One look that was taken.
pub struct Taken {
    pub embedding: Embedding,
    /// 0..=1.
    pub quality: f32,
}

/// What the camera gave.
pub struct Session {
    pub camera: CameraIdentity,
    pub spectrum: Spectrum,
    pub model: Digest,
    /// The model's threshold for this spectrum.
    pub threshold: f32,
    pub looks: Vec<Taken>,
}

/// Takes looks until there are enough, or no more that differ.
///
/// # Errors
/// Too few were taken, and why.
pub fn take_looks(desk: &Desk, subject: &Subject) -> Result<Session, Unavailable> {
    let deadline = Instant::now() + desk.config.deadlines().enroll;
    let side: Arc<Side> = Inbox::new();
    let hangup = Arc::clone(&side);
    desk.connection
        .watch(move || hangup.hang_up())
        .map_err(|_| Unavailable::Internal)?;
    desk.connection
        .send_event(Event::Progress(Progress::Starting));
    let (cameras, options) = (Arc::clone(&desk.cameras), desk.config.camera_options());
    let rule = desk.config.pad.require_infrared;
    let open = move |deadline| match rule {
        RequireInfrared::Enrolled => open_best(&*cameras, &options, deadline),
        RequireInfrared::Always => cameras.open(&options, Spectrum::Infrared, deadline),
    };
    let camera =
        start_camera(&side, Box::new(open), deadline).map_err(|_| Unavailable::Internal)?;
    start_models(desk.config, &side).map_err(|_| Unavailable::Internal)?;
    let mut sitting = Sitting {
        desk,
        subject,
        judge: None,
        camera: None,
        looks: Vec::new(),
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
    desk: &'a Desk<'a>,
    subject: &'a Subject,
    judge: Option<Judge>,
    camera: Option<(CameraIdentity, Spectrum)>,
    looks: Vec<Taken>,
    /// When the last look was taken.
    since: Instant,
    last_hint: Option<Hint>,
    /// Looks that were not accepted as live.
    attacks: u32,
}

impl Sitting<'_> {
    fn run(&mut self, side: &Side, deadline: Instant) -> Result<Session, Unavailable> {
        let wanted = usize::from(self.desk.config.enroll.looks);
        loop {
            match side.next(deadline.min(Instant::now() + PATIENCE)) {
                Arrival::HungUp => return Err(Unavailable::Cancelled),
                // The camera's own wait ends with the sitting.
                Arrival::CameraFailed(CameraError::TimedOut) if Instant::now() >= deadline => {}
                Arrival::Deadline => {}
                Arrival::CameraFailed(error) => return Err(self.camera_failed(&error)),
                Arrival::Engine(judge) => {
                    self.judge = Some(judge.map_err(|error| self.model_failed(&error))?);
                    self.since = Instant::now();
                }
                Arrival::Templates(()) => {}
                Arrival::Camera(identity, spectrum) => {
                    self.camera = Some((identity, spectrum));
                    self.since = Instant::now();
                    self.desk
                        .connection
                        .send_event(Event::Progress(Progress::NextLook(POSES[0])));
                }
                Arrival::Frame(frame) => self.frame(&frame, wanted)?,
            }
            let settled =
                self.looks.len() >= FEWEST.min(wanted) && self.since.elapsed() >= PATIENCE;
            if self.looks.len() >= wanted || settled {
                return self.finish();
            }
            if Instant::now() >= deadline {
                self.desk
                    .line(Priority::Notice, "enroll", self.subject)
                    .with("looks", self.looks.len())
                    .with("not_live", self.attacks)
                    .write();
                let attacked = self.attacks > 0 && self.looks.is_empty();
                return Err(if attacked {
                    Unavailable::EnrollmentRejected
                } else {
                    Unavailable::Timeout
                });
            }
        }
    }

    fn frame(&mut self, frame: &crate::types::Frame, wanted: usize) -> Result<(), Unavailable> {
        let (Some(judge), Some((_, spectrum))) = (&mut self.judge, &self.camera) else {
            return Ok(());
        };
        let mut watch = Stopwatch::new(self.desk.started);
        let seen = judge.look(frame, *spectrum, &QualityLimits::ENROLL, &mut watch);
        let look = match seen.map_err(|error| self.model_failed(&error))? {
            Seen::Hint(hint, _) => {
                self.hint(hint);
                return Ok(());
            }
            Seen::Unlit => return Ok(()),
            Seen::Look(look) => look,
        };
        match look.liveness {
            Liveness::Live => {}
            Liveness::Undecided => return Ok(()),
            Liveness::Failed => return Err(Unavailable::Internal),
            Liveness::Attack => {
                self.attacks += 1;
                self.hint(Hint::LookAtCamera);
                return Ok(());
            }
        }
        let nearest = self
            .looks
            .iter()
            .filter_map(|taken| cosine(&taken.embedding, &look))
            .reduce(f32::max);
        match (
            self.looks
                .first()
                .and_then(|first| cosine(&first.embedding, &look)),
            nearest,
        ) {
            (Some(first), _) if first < SAME_PERSON => self.hint(Hint::LookAtCamera),
            (_, Some(nearest)) if nearest > TOO_ALIKE => self.hint(Hint::TurnALittle),
            _ => self.take(*look, wanted),
        }
        Ok(())
    }

    fn take(&mut self, look: Look, wanted: usize) {
        self.looks.push(Taken {
            embedding: look.embedding,
            quality: look.quality.overall(),
        });
        self.since = Instant::now();
        self.last_hint = None;
        let taken = self.looks.len();
        let progress = Progress::LookTaken {
            taken: taken as u8,
            wanted: wanted as u8,
        };
        self.desk.connection.send_event(Event::Progress(progress));
        if taken < wanted {
            self.desk
                .connection
                .send_event(Event::Progress(Progress::NextLook(
                    POSES[taken % POSES.len()],
                )));
        }
    }

    fn finish(&mut self) -> Result<Session, Unavailable> {
        let (Some((camera, spectrum)), Some(judge)) = (self.camera.take(), &self.judge) else {
            return Err(Unavailable::Internal);
        };
        Ok(Session {
            camera,
            spectrum,
            model: judge.digest(),
            threshold: judge.threshold(spectrum),
            looks: std::mem::take(&mut self.looks),
        })
    }

    fn camera_failed(&self, error: &CameraError) -> Unavailable {
        let reason = keys::camera_unavailable(self.desk, error);
        let refused = reason == Unavailable::NoCamera
            && self.desk.config.pad.require_infrared == RequireInfrared::Always;
        if refused {
            Unavailable::InfraredRequired
        } else {
            reason
        }
    }

    fn model_failed(&self, error: &ModelError) -> Unavailable {
        self.desk
            .line(Priority::Error, "model", self.subject)
            .with("error", error)
            .write();
        Unavailable::ModelRejected
    }

    fn hint(&mut self, hint: Hint) {
        if self.last_hint.replace(hint) != Some(hint) {
            self.desk.connection.send_event(Event::Hint(hint));
        }
    }
}

fn cosine(taken: &Embedding, look: &Look) -> Option<f32> {
    compare(&look.embedding, std::slice::from_ref(taken))
}
