//! Everything that looks at no face: list, remove, clear, status, reseal, unlock, record.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use facelock_protocol::{
    CameraReport, EmitterTrial, EnrollmentState, Label, Reply, Secret, StatusReport, TallyReport,
};

use super::context::Context;
use super::enroll::{protector_name, reports};
use super::enrollments;
use super::failure::{Answer, Failure};
use super::journal::Priority;
use super::keyring;
use super::presence;
use super::templates;
use crate::camera::CameraError;
use crate::camera::quirks::Emitter;
use crate::camera::{CameraOptions, emitter};
use crate::decision::keyring as decision;
use crate::decision::spectrum;
use crate::types::{Spectrum, Subject, Unavailable, may_have_moved};
use crate::vault::{self, VaultError, recovery};

/// Cameras answer within milliseconds; one that sleeps, within a second.
const LIST_PATIENCE: Duration = Duration::from_secs(2);

/// # Errors
/// The store's failure.
pub fn list(context: &Context, subject: &Subject) -> Answer<Reply> {
    let enrollment = enrollments::find(context, subject)?;
    Ok(Reply::Templates(
        enrollment.as_ref().map(reports).unwrap_or_default(),
    ))
}

/// # Errors
/// Nothing was removed, and why.
pub fn remove(context: &Context, subject: &Subject, template: u32) -> Answer<Reply> {
    let held = enrollments::hold(context, subject)?;
    let mut enrollment = enrollments::of(context, subject)?;
    let key = templates::unseal(&enrollment, &context.config.vault_options())?;
    templates::check(&enrollment, &key)?;
    let before = enrollment.templates.len();
    enrollment.templates.retain(|stored| stored.id != template);
    let changed = enrollment.templates.len() < before;
    if enrollment.templates.is_empty() {
        context.enrollments.remove(&held, subject.uid)?;
    } else if changed {
        templates::bind(&mut enrollment, &key)?;
        context.enrollments.save(&held, &enrollment)?;
    }
    if !decision::may_be_kept(&enrollment.spectra()) {
        keyring::drop_kept(context, subject)?;
    }
    context
        .line(Priority::Notice, "remove", subject)
        .with("template", template)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// Gives one template another label; the header, which holds it, is bound to the key again.
///
/// # Errors
/// Nothing was changed, and why.
pub fn rename(context: &Context, subject: &Subject, template: u32, label: &Label) -> Answer<Reply> {
    let held = enrollments::hold(context, subject)?;
    let mut enrollment = enrollments::of(context, subject)?;
    let key = templates::unseal(&enrollment, &context.config.vault_options())?;
    templates::check(&enrollment, &key)?;
    let mut named = enrollment.templates.iter_mut();
    let changed = match named.find(|stored| stored.id == template) {
        Some(stored) => {
            stored.label = label.as_str().to_owned();
            templates::bind(&mut enrollment, &key)?;
            context.enrollments.save(&held, &enrollment)?;
            true
        }
        None => false,
    };
    context
        .line(Priority::Notice, "rename", subject)
        .with("template", template)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// Names the camera of some templates anew: each is sealed again, since its name is part of what it
/// is bound to.
///
/// # Errors
/// Nothing was changed, and why; [`Unavailable::OtherCamera`] where the two names cannot be one
/// camera's.
pub fn move_camera(context: &Context, subject: &Subject, from: &str, to: &str) -> Answer<Reply> {
    if !may_have_moved(from, to) {
        return Err(Unavailable::OtherCamera.into());
    }
    let held = enrollments::hold(context, subject)?;
    let mut enrollment = enrollments::of(context, subject)?;
    let key = templates::unseal(&enrollment, &context.config.vault_options())?;
    templates::check(&enrollment, &key)?;
    let mut changed = false;
    for index in 0..enrollment.templates.len() {
        let mut template = enrollment.templates[index].clone();
        if template.camera == from {
            let embedding = templates::open_template(&enrollment, &template, &key)?;
            template.camera = to.to_owned();
            templates::seal_template(&enrollment, &mut template, &embedding, &key)?;
            enrollment.templates[index] = template;
            changed = true;
        }
    }
    if changed {
        templates::bind(&mut enrollment, &key)?;
        context.enrollments.save(&held, &enrollment)?;
    }
    context
        .line(Priority::Notice, "camera-move", subject)
        .with("from", from)
        .with("to", to)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// Removes whatever is there, readable or not. The tally stays: removing a face does not give
/// guesses back.
///
/// # Errors
/// The store's failure.
pub fn clear(context: &Context, subject: &Subject) -> Answer<Reply> {
    let held = enrollments::hold(context, subject)?;
    let changed = context.enrollments.remove(&held, subject.uid)?;
    let changed = keyring::drop_kept(context, subject)? || changed;
    context
        .line(Priority::Notice, "clear", subject)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// # Errors
/// The tally's failure.
pub fn status(context: &Context, subject: &Subject) -> Answer<Reply> {
    let mut templates = Vec::new();
    let mut options = context.config.camera_options();
    let enrollment = match enrollments::find(context, subject) {
        Ok(Some(enrollment)) => {
            options = enrollments::login_camera_options(context, &enrollment);
            let protector = protector_name(&enrollment);
            templates = enrollment.spectra();
            EnrollmentState::Enrolled {
                templates: templates.len() as u32,
                protector,
            }
        }
        Ok(None) => EnrollmentState::None,
        Err(failure) => {
            failure.settle(&context.asker, Some(subject));
            EnrollmentState::Damaged
        }
    };
    // Whom color would check is held to color's rules.
    let rule = context.config.pad.require_infrared;
    let by = spectrum::for_login(&templates, rule).unwrap_or(Spectrum::Infrared);
    let (misses, lockout) = context.tally.peek(subject.uid, by)?;
    let (protector, protector_present, cameras) = if context.is_confined() {
        let (protector, present) = protector(context);
        let cameras =
            cameras(context, options).map_err(|failure| failure.settle(&context.asker, None));
        (protector, present, cameras)
    } else {
        let protector = context.config.protector_name();
        (protector, false, Err(Unavailable::SandboxMissing))
    };
    Ok(Reply::Status(StatusReport {
        enrollment,
        tally: TallyReport { misses, lockout },
        password: (!templates.is_empty()).then(|| context.config.tally_rules().password_rule(by)),
        protector: protector.into(),
        protector_present,
        // Which camera there is, is root's and the owner's business; what is plugged in beside it
        // is not.
        camera: cameras.and_then(|cameras| {
            spectrum::camera(&cameras, &templates, context.config.pad.require_infrared)
        }),
        sandbox_missing: context
            .sandbox_missing
            .iter()
            .map(ToString::to_string)
            .collect(),
        services: presence::services(context, subject),
    }))
}

/// The protector that would be used, and whether it is there.
fn protector(context: &Context) -> (&'static str, bool) {
    match vault::open(&context.config.vault_options()) {
        Ok(protector) => (protector.kind().name(), true),
        Err(_) => (context.config.protector_name(), false),
    }
}

/// The cameras that the configuration allows to be asked.
pub fn devices(context: &Context) -> Answer<Reply> {
    cameras(context, context.config.camera_options()).map(Reply::Devices)
}

/// The cameras there are. Every one is opened and asked, which a stuck driver never answers: it is
/// not waited for.
///
/// # Errors
/// [`Unavailable::CameraFailed`]: one does not answer in time.
pub fn cameras(context: &Context, options: CameraOptions) -> Answer<Vec<CameraReport>> {
    let cameras = Arc::clone(&context.cameras);
    let (sender, receiver) = channel();
    let ask = move || drop(sender.send(cameras.list(&options)));
    std::thread::Builder::new()
        .name("cameras".into())
        .spawn(ask)
        .map_err(Failure::Thread)?;
    receiver.recv_timeout(LIST_PATIENCE).map_err(|_| {
        Failure::Camera(CameraError::Failed(
            "a camera does not answer; cameras cannot be listed".into(),
        ))
    })
}

/// Seals the user's key under the platform's present state, opened by the recovery key.
///
/// # Errors
/// [`Unavailable::WrongRecoveryKey`]; else the vault's or the store's failure.
pub fn reseal(context: &Context, subject: &Subject, recovery_key: &Secret) -> Answer<Reply> {
    let held = enrollments::hold(context, subject)?;
    let mut enrollment = enrollments::of(context, subject)?;
    let recovery_key =
        recovery::RecoveryKey::parse(&recovery_key.0).ok_or(Unavailable::WrongRecoveryKey)?;
    let key = recovery::unwrap(
        &recovery_key,
        &templates::recovery_binding(&enrollment),
        &enrollment.recovery,
    )
    .map_err(|error| match error {
        VaultError::Damaged => Failure::Refused(Unavailable::WrongRecoveryKey),
        other => other.into(),
    })?;
    templates::check(&enrollment, &key)?;
    let sealed = vault::open(&context.config.vault_options())?.seal(&key)?;
    if sealed.kind as u8 != enrollment.protector {
        // Templates are bound to the kind of protector they were enrolled under.
        let why = "enrolled under another kind of protector; enroll again";
        return Err(VaultError::Refused(why).into());
    }
    enrollment.sealed_key = sealed.bytes;
    context.enrollments.save(&held, &enrollment)?;
    context.line(Priority::Notice, "reseal", subject).write();
    Ok(Reply::Done { changed: true })
}

/// # Errors
/// The tally's failure.
pub fn record_password(context: &Context, subject: &Subject) -> Answer<Reply> {
    match enrollments::find(context, subject) {
        // Nothing is kept about people who do not use this.
        Ok(None) => return Ok(Reply::Done { changed: false }),
        Ok(Some(_)) => {}
        // A password counts whatever became of the templates.
        Err(failure) => drop(failure.settle(&context.asker, Some(subject))),
    }
    context.tally.record_password(subject.uid)?;
    Ok(Reply::Done { changed: true })
}

/// # Errors
/// The tally's failure.
pub fn unlock(context: &Context, subject: &Subject) -> Answer<Reply> {
    let changed = context.tally.unlock(subject.uid)?;
    context
        .line(Priority::Notice, "unlock", subject)
        .with("changed", changed)
        .write();
    Ok(Reply::Done { changed })
}

/// Switches the emitter on for some seconds, and off again. `changed` says whether the picture
/// became brighter.
///
/// # Errors
/// Nothing was sent, and why.
pub fn try_emitter(context: &Context, trial: EmitterTrial) -> Answer<Reply> {
    let duration = Duration::from_secs(trial.seconds.clamp(1, 10).into());
    let emitter = Emitter {
        unit: trial.unit,
        selector: trial.selector,
        on: trial.payload,
        off: trial.off,
    };
    let options = context.config.camera_options();
    let light = emitter::try_payload(&options, &trial.camera, emitter, duration)?;
    context
        .asker
        .line(Priority::Notice, "emitter", None)
        .with("camera", trial.camera)
        .with("before", format!("{:.1}", light.before))
        .with("during", format!("{:.1}", light.during))
        .write();
    Ok(Reply::Done {
        changed: light.during > light.before * 1.2 + 2.0,
    })
}
