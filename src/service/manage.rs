//! Everything that looks at no face: list, remove, clear, status, reseal, unlock, record.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use facelock_protocol::{CameraReport, EnrollmentState, Reply, Secret, StatusReport, TallyReport};

use super::answer::{Desk, store_failed};
use super::enroll::{protector_name, reports};
use super::journal::{Line, Priority};
use super::keys::{self, KeyError};
use crate::camera::emitter;
use crate::camera::quirks::Emitter;
use crate::decision::spectrum;
use crate::types::{Subject, Unavailable};
use crate::vault::{self, VaultError, recovery};

/// Cameras answer within milliseconds; one that sleeps, within a second.
const LIST_PATIENCE: Duration = Duration::from_secs(2);

type Answer = Result<Reply, Unavailable>;

/// # Errors
/// The store's failure.
pub fn list(desk: &Desk, subject: &Subject) -> Answer {
    match keys::enrollment_of(desk, subject) {
        Ok(enrollment) => Ok(Reply::Templates(reports(&enrollment))),
        Err(Unavailable::NotEnrolled) => Ok(Reply::Templates(Vec::new())),
        Err(reason) => Err(reason),
    }
}

/// # Errors
/// Nothing was removed, and why.
pub fn remove(desk: &Desk, subject: &Subject, template: u32) -> Answer {
    let held = keys::hold(desk, subject)?;
    let mut enrollment = keys::enrollment_of(desk, subject)?;
    let key = keys::unseal(&enrollment, &desk.config.vault_options())
        .map_err(|error| error.report(desk, subject))?;
    keys::check(&enrollment, &key).map_err(|error| error.report(desk, subject))?;
    let before = enrollment.templates.len();
    enrollment.templates.retain(|stored| stored.id != template);
    let changed = enrollment.templates.len() < before;
    if enrollment.templates.is_empty() {
        desk.enrollments
            .remove(&held, subject.uid)
            .map_err(store_failed)?;
    } else if changed {
        keys::bind(&mut enrollment, &key).map_err(|error| error.report(desk, subject))?;
        desk.enrollments
            .save(&held, &enrollment)
            .map_err(store_failed)?;
    }
    desk.line(Priority::Notice, "remove", subject)
        .with("template", template)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// Removes whatever is there, readable or not. The tally stays: removing a face does not give
/// guesses back.
///
/// # Errors
/// The store's failure.
pub fn clear(desk: &Desk, subject: &Subject) -> Answer {
    let held = keys::hold(desk, subject)?;
    let changed = desk
        .enrollments
        .remove(&held, subject.uid)
        .map_err(store_failed)?;
    desk.line(Priority::Notice, "clear", subject)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// # Errors
/// The tally's failure.
pub fn status(desk: &Desk, subject: &Subject) -> Answer {
    let mut templates = Vec::new();
    let enrollment = match keys::enrollment_of(desk, subject) {
        Ok(enrollment) => {
            let protector = protector_name(&enrollment);
            templates = enrollment.spectra();
            EnrollmentState::Enrolled {
                templates: templates.len() as u32,
                protector,
            }
        }
        Err(Unavailable::NotEnrolled) => EnrollmentState::None,
        Err(_) => EnrollmentState::Damaged,
    };
    let (misses, lockout) = desk.tally.peek(subject.uid)?;
    let options = desk.config.vault_options();
    let (protector, protector_present) = match vault::open(&options) {
        Ok(protector) => (protector.kind().name(), true),
        Err(_) => (desk.config.protector_name(), false),
    };
    // Which camera there is, is root's and the owner's business; what is plugged in beside it is
    // not.
    let cameras = cameras(desk);
    Ok(Reply::Status(StatusReport {
        enrollment,
        tally: TallyReport { misses, lockout },
        protector: protector.into(),
        protector_present,
        camera: cameras.and_then(|cameras| {
            spectrum::camera(&cameras, &templates, desk.config.pad.require_infrared)
        }),
        sandbox_missing: desk
            .sandbox_missing
            .iter()
            .map(ToString::to_string)
            .collect(),
    }))
}

/// The cameras there are. Every one is opened and asked, which a stuck driver never answers: it is
/// not waited for.
///
/// # Errors
/// [`Unavailable::CameraFailed`]: one does not answer in time.
pub fn cameras(desk: &Desk) -> Result<Vec<CameraReport>, Unavailable> {
    let (cameras, options) = (Arc::clone(&desk.cameras), desk.config.camera_options());
    let (sender, receiver) = channel();
    let ask = move || drop(sender.send(cameras.list(&options)));
    std::thread::Builder::new()
        .name("cameras".into())
        .spawn(ask)
        .map_err(|_| Unavailable::Internal)?;
    receiver.recv_timeout(LIST_PATIENCE).map_err(|_| {
        Line::new(Priority::Warning, "cameras")
            .with("error", "one does not answer")
            .write();
        Unavailable::CameraFailed
    })
}

/// Seals the user's key under the platform's present state, opened by the recovery key.
///
/// # Errors
/// [`Unavailable::WrongRecoveryKey`]; else the vault's or the store's failure.
pub fn reseal(desk: &Desk, subject: &Subject, recovery_key: &Secret) -> Answer {
    let held = keys::hold(desk, subject)?;
    let mut enrollment = keys::enrollment_of(desk, subject)?;
    let report = |error: KeyError| error.report(desk, subject);
    let recovery_key =
        recovery::RecoveryKey::parse(&recovery_key.0).ok_or(Unavailable::WrongRecoveryKey)?;
    let key = recovery::unwrap(
        &recovery_key,
        &keys::recovery_aad(&enrollment),
        &enrollment.recovery,
    )
    .map_err(|error| {
        if matches!(error, VaultError::Damaged) {
            Unavailable::WrongRecoveryKey
        } else {
            report(error.into())
        }
    })?;
    keys::check(&enrollment, &key).map_err(report)?;
    let gallery_kind = enrollment.protector;
    let mut protector =
        vault::open(&desk.config.vault_options()).map_err(|error| report(error.into()))?;
    let sealed = protector.seal(&key).map_err(|error| report(error.into()))?;
    if sealed.kind as u8 != gallery_kind {
        // Templates are bound to the kind of protector they were enrolled under.
        return Err(report(
            VaultError::Refused("enrolled under another kind of protector; enroll again").into(),
        ));
    }
    enrollment.sealed_key = sealed.bytes;
    desk.enrollments
        .save(&held, &enrollment)
        .map_err(store_failed)?;
    desk.line(Priority::Notice, "reseal", subject).write();
    Ok(Reply::Done { changed: true })
}

/// # Errors
/// The tally's failure.
pub fn record_password(desk: &Desk, subject: &Subject) -> Answer {
    match keys::enrollment_of(desk, subject) {
        // Nothing is kept about people who do not use this.
        Err(Unavailable::NotEnrolled) => Ok(Reply::Done { changed: false }),
        _ => desk
            .tally
            .record_password(subject.uid)
            .map(|()| Reply::Done { changed: true }),
    }
}

/// # Errors
/// The tally's failure.
pub fn unlock(desk: &Desk, subject: &Subject) -> Answer {
    let changed = desk.tally.unlock(subject.uid)?;
    desk.line(Priority::Notice, "unlock", subject)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// An emitter setting to try.
pub struct EmitterTrial {
    pub camera: String,
    pub unit: u8,
    pub selector: u8,
    pub payload: Vec<u8>,
    pub off: Vec<u8>,
    pub seconds: u8,
}

/// Lights the emitter for some seconds, and puts it out again. `changed` says whether the picture
/// became brighter.
///
/// # Errors
/// Nothing was sent, and why.
pub fn try_emitter(desk: &Desk, trial: EmitterTrial) -> Answer {
    let EmitterTrial {
        camera,
        unit,
        selector,
        payload,
        off,
        seconds,
    } = trial;
    let duration = Duration::from_secs(seconds.clamp(1, 10).into());
    let emitter = Emitter {
        unit,
        selector,
        on: payload,
        off,
    };
    let light = emitter::try_payload(&desk.config.camera_options(), &camera, emitter, duration)
        .map_err(|error| keys::camera_unavailable(desk, &error))?;
    Line::new(Priority::Notice, "emitter")
        .with("camera", camera)
        .with("before", format!("{:.1}", light.before))
        .with("during", format!("{:.1}", light.during))
        .write();
    Ok(Reply::Done {
        changed: light.during > light.before * 1.2 + 2.0,
    })
}
