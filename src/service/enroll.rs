//! Enrollment: several looks of one person become templates, in one transaction. Until the last of them is taken nothing
//! is written; a peer that hangs up, a crash or a full disk leaves what was there before.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use facelock_protocol::{EnrolledReport, Event, Label, Look as Pose, Progress, Reply, Secret, TemplateReport};

use super::answer::{Desk, store_failed};
use super::decide::Liveness;
use super::inbox::{Arrival, Inbox};
use super::journal::Priority;
use super::keys::{self, Gallery, KeyError};
use super::looks::{Eye as _, Judge, Look, Seen};
use super::side::{open_best, start_camera, start_work};
use super::stages::Stopwatch;
use crate::face::{QualityLimits, compare};
use crate::onnx::ModelError;
use crate::store::{Enrollment, MAX_TEMPLATES, StoredTemplate};
use crate::types::{CameraIdentity, Digest, Embedding, Hint, Spectrum, Subject, Unavailable};
use crate::vault::{self, SealedKey, TemplateKey, recovery};

/// Looks below this cosine with the first one are another person's: the score that verification asks for, less what a turned
/// head costs.
const SAME_PERSON: f32 = 0.5;
/// A look above this cosine with one taken adds nothing.
const TOO_ALIKE: f32 = 0.97;
/// After this long without a different look, what was taken is enough.
const PATIENCE: Duration = Duration::from_secs(5);
/// Looks an enrollment needs at least.
const FEWEST: usize = 2;
/// What the person is asked for, in turn.
const POSES: [Pose; 6] =
    [Pose::Straight, Pose::TurnLeft, Pose::TurnRight, Pose::TiltUp, Pose::TiltDown, Pose::Different];

type Side = Inbox<Result<Judge, ModelError>, ()>;

/// One look that was taken.
struct Taken {
    embedding: Embedding,
    quality: f32,
}

/// What the camera gave.
struct Session {
    camera: CameraIdentity,
    spectrum: Spectrum,
    model: Digest,
    threshold: f32,
    looks: Vec<Taken>,
}

/// # Errors
/// Nothing was enrolled, and why.
pub fn enroll(desk: &Desk, subject: &Subject, label: Option<Label>) -> Result<Reply, Unavailable> {
    let held = keys::hold(desk, subject)?;
    let before = match keys::enrollment_of(desk, subject) {
        Err(Unavailable::NotEnrolled) => None,
        other => Some(other?),
    };
    let options = desk.config.vault_options();
    // Whatever keeps the templates from being stored is better known before the person sits through it.
    let (mut enrollment, key, recovery_key) = match before {
        Some(enrollment) => {
            let key = keys::unseal(&enrollment, &options).map_err(|error| error.report(desk, subject))?;
            keys::check(&enrollment, &key).map_err(|error| error.report(desk, subject))?;
            (enrollment, key, None)
        }
        None => {
            let (enrollment, key, recovery_key) = begin(desk, subject).map_err(|error| error.report(desk, subject))?;
            (enrollment, key, Some(recovery_key))
        }
    };
    let session = take_looks(desk, subject)?;
    admit(desk, subject, &enrollment, &key, &session)?;
    add(&mut enrollment, &key, &session, label).map_err(|error| error.report(desk, subject))?;
    if enrollment.templates.len() > MAX_TEMPLATES {
        desk.line(Priority::Notice, "enroll", subject).with("refused", "too many templates").write();
        return Err(Unavailable::EnrollmentRejected);
    }
    desk.enrollments.save(&held, &enrollment).map_err(store_failed)?;
    desk.line(Priority::Notice, "enroll", subject).with("templates", enrollment.templates.len()).write();
    let warning = (session.spectrum == Spectrum::Color).then(|| {
        "this camera sees colour only. A good picture or video of the face is harder to tell from the person than with an \
         infrared camera; keep the password for what matters (see docs/security.md)."
            .to_owned()
    });
    Ok(Reply::Enrolled(EnrolledReport {
        templates: reports(&enrollment),
        recovery_key: recovery_key.map(|key| Secret(key.text().to_string())),
        protector: protector_name(&enrollment),
        warning,
    }))
}

/// A new user's key, sealed; nothing is written yet.
fn begin(desk: &Desk, subject: &Subject) -> Result<(Enrollment, TemplateKey, recovery::RecoveryKey), KeyError> {
    let mut protector = vault::open(&desk.config.vault_options())?;
    let key = TemplateKey::generate()?;
    let SealedKey { kind, bytes } = protector.seal(&key)?;
    let mut enrollment = Enrollment {
        uid: subject.uid,
        user: subject.name.as_str().into(),
        model: [0; 32],
        protector: kind as u8,
        sealed_key: bytes,
        recovery: Vec::new(),
        templates: Vec::new(),
        integrity: Vec::new(),
    };
    let recovery_key = recovery::RecoveryKey::generate()?;
    enrollment.recovery = recovery::wrap(&recovery_key, &key, &keys::recovery_aad(&enrollment))?;
    Ok((enrollment, key, recovery_key))
}

/// Refuses looks of two people, and looks too close to another user's templates.
fn admit(
    desk: &Desk,
    subject: &Subject,
    enrollment: &Enrollment,
    key: &TemplateKey,
    session: &Session,
) -> Result<(), Unavailable> {
    let refuse = |why: &str| {
        desk.line(Priority::Notice, "enroll", subject).with("refused", why).write();
        Err(Unavailable::EnrollmentRejected)
    };
    if !enrollment.templates.is_empty() {
        let gallery = Gallery::with_key(enrollment, key).map_err(|error| error.report(desk, subject))?;
        let old: Vec<Embedding> = gallery.all().cloned().collect();
        let same = session.looks.iter().any(|look| compare(&look.embedding, &old).is_some_and(|s| s >= SAME_PERSON));
        if enrollment.model == session.model.0 && !same {
            return refuse("not the person who is enrolled already");
        }
    }
    if !desk.config.enroll.unique {
        return Ok(());
    }
    for uid in desk.enrollments.uids().map_err(store_failed)? {
        let Ok(Some(other)) = desk.enrollments.load(uid) else { continue };
        if uid == subject.uid || other.model != session.model.0 {
            continue;
        }
        // Another user's templates that do not open now cannot be compared; they do not open for a login either.
        let Ok(gallery) = Gallery::open(&other, &desk.config.vault_options()) else { continue };
        let theirs: Vec<Embedding> = gallery.all().cloned().collect();
        let close = |look: &Taken| compare(&look.embedding, &theirs).is_some_and(|score| score >= session.threshold);
        if session.looks.iter().any(close) {
            return refuse("too close to another user's templates");
        }
    }
    Ok(())
}

/// Appends the looks as templates. Templates of another model never match again; they make room.
fn add(
    enrollment: &mut Enrollment,
    key: &TemplateKey,
    session: &Session,
    label: Option<Label>,
) -> Result<(), KeyError> {
    let next = enrollment.next_id();
    if enrollment.model != session.model.0 {
        enrollment.templates.clear();
        enrollment.model = session.model.0;
    }
    let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    for (n, look) in session.looks.iter().enumerate() {
        let mut template = StoredTemplate {
            id: next.saturating_add(n as u32),
            label: label.as_ref().map_or_else(|| "face".into(), |label| label.as_str().into()),
            created,
            camera: session.camera.as_str().into(),
            spectrum: session.spectrum,
            quality: look.quality,
            sealed: Vec::new(),
        };
        keys::seal_template(enrollment, &mut template, &look.embedding, key)?;
        enrollment.templates.push(template);
    }
    keys::bind(enrollment, key)
}

/// Takes looks until there are enough, or no more that differ.
fn take_looks(desk: &Desk, subject: &Subject) -> Result<Session, Unavailable> {
    let deadline = Instant::now() + desk.config.deadlines().enroll;
    let side: Arc<Side> = Inbox::new();
    let hangup = Arc::clone(&side);
    desk.connection.watch(move || hangup.hang_up()).map_err(|_| Unavailable::Internal)?;
    desk.connection.send_event(Event::Progress(Progress::Starting));
    let (cameras, options) = (Arc::clone(&desk.cameras), desk.config.camera_options());
    let open = move |deadline| open_best(&*cameras, &options, deadline);
    let camera = start_camera(&side, Box::new(open), deadline).map_err(|_| Unavailable::Internal)?;
    let (config, inbox) = (desk.config.clone(), Arc::clone(&side));
    start_work(
        "models",
        move || Judge::load(&config),
        || Err(ModelError::Runtime("the loader panicked".into())),
        move |judge| inbox.put_engine(judge),
    )
    .map_err(|_| Unavailable::Internal)?;
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
                Arrival::Deadline => {}
                Arrival::CameraFailed(error) => return Err(keys::camera_unavailable(self.desk, &error)),
                Arrival::Engine(judge) => {
                    self.judge = Some(judge.map_err(|error| self.model_failed(&error))?);
                    self.since = Instant::now();
                }
                Arrival::Templates(()) => {}
                Arrival::Camera(identity, spectrum) => {
                    self.camera = Some((identity, spectrum));
                    self.since = Instant::now();
                    self.desk.connection.send_event(Event::Progress(Progress::NextLook(POSES[0])));
                }
                Arrival::Frame(frame) => self.frame(&frame, wanted)?,
            }
            let settled = self.looks.len() >= FEWEST.min(wanted) && self.since.elapsed() >= PATIENCE;
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
                return Err(if attacked { Unavailable::EnrollmentRejected } else { Unavailable::Timeout });
            }
        }
    }

    fn frame(&mut self, frame: &crate::types::Frame, wanted: usize) -> Result<(), Unavailable> {
        let (Some(judge), Some((_, spectrum))) = (&mut self.judge, &self.camera) else { return Ok(()) };
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
        let nearest = self.looks.iter().filter_map(|taken| cosine(&taken.embedding, &look)).reduce(f32::max);
        match (self.looks.first().and_then(|first| cosine(&first.embedding, &look)), nearest) {
            (Some(first), _) if first < SAME_PERSON => self.hint(Hint::LookAtCamera),
            (_, Some(nearest)) if nearest > TOO_ALIKE => self.hint(Hint::TurnALittle),
            _ => self.take(*look, wanted),
        }
        Ok(())
    }

    fn take(&mut self, look: Look, wanted: usize) {
        self.looks.push(Taken { embedding: look.embedding, quality: look.quality.overall() });
        self.since = Instant::now();
        self.last_hint = None;
        let taken = self.looks.len();
        let progress = Progress::LookTaken { taken: taken as u8, wanted: wanted as u8 };
        self.desk.connection.send_event(Event::Progress(progress));
        if taken < wanted {
            self.desk.connection.send_event(Event::Progress(Progress::NextLook(POSES[taken % POSES.len()])));
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

    fn model_failed(&self, error: &ModelError) -> Unavailable {
        self.desk.line(Priority::Error, "model", self.subject).with("error", error).write();
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

/// The templates, as a peer sees them.
pub fn reports(enrollment: &Enrollment) -> Vec<TemplateReport> {
    let report = |template: &StoredTemplate| TemplateReport {
        id: template.id,
        label: template.label.clone(),
        created: template.created,
        camera: template.camera.clone(),
        spectrum: template.spectrum,
        quality: template.quality,
    };
    enrollment.templates.iter().map(report).collect()
}

/// The protector's name, as a peer sees it.
pub fn protector_name(enrollment: &Enrollment) -> String {
    vault::ProtectorKind::from_byte(enrollment.protector).map_or("unknown", vault::ProtectorKind::name).into()
}
