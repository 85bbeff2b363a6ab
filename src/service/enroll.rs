//! Enrollment: several samples of one person become templates, in one transaction. Until the last
//! of them is taken nothing is written; a peer that hangs up, a crash or a full disk leaves what
//! was there before.

mod refusal;
mod sampling;

use std::time::SystemTime;

use facelock_protocol::{EnrolledReport, Label, Reply, Secret, TemplateReport};

use refusal::refused;
use sampling::{TakenSamples, take_samples};

use super::context::Context;
use super::enrollments;
use super::failure::Answer;
use super::journal::Priority;
use super::keyring;
use super::templates::{self, Gallery, KeyError};
use crate::decision::keyring as decision;
use crate::face::compare;
use crate::pipeline::enrollment::{SAME_PERSON, Sample};
use crate::store::{Enrollment, Margin, StoredTemplate};
use crate::types::{Digest, Embedding, Spectrum, Subject, Unavailable};
use crate::vault::{self, SealedKey, TemplateKey, recovery};

/// # Errors
/// Nothing was enrolled, and why.
pub fn enroll(context: &Context, subject: &Subject, label: Option<Label>) -> Answer<Reply> {
    let held = enrollments::hold(context, subject)?;
    let before = enrollments::find(context, subject)?;
    let options = context.config.vault_options();
    // What would keep the templates from being stored is found before the person sits down.
    let (mut enrollment, key, recovery_key) = match before {
        Some(enrollment) => {
            let key = templates::unseal(&enrollment, &options)?;
            templates::check(&enrollment, &key)?;
            (enrollment, key, None)
        }
        None => {
            let (enrollment, key, recovery_key) = begin(context, subject)?;
            (enrollment, key, Some(recovery_key))
        }
    };
    let taken = take_samples(context, subject, &enrollment)?;
    admit(context, subject, &enrollment, &key, &taken)?;
    add(&mut enrollment, &key, &taken, label)?;
    // A peer that hung up would not hear the recovery key: it has cancelled.
    if !context.connection.is_open() {
        return Err(Unavailable::Cancelled.into());
    }
    // A new key opens no old password, and color keeps none. Before the enrollment is there: a
    // failure behind it would hide the recovery key.
    if recovery_key.is_some() || !decision::may_be_kept(&enrollment.spectra()) {
        keyring::drop_kept(context, subject)?;
    }
    context.enrollments.save(&held, &enrollment)?;
    context
        .line(Priority::Notice, "enroll", subject)
        .with("templates", enrollment.templates.len())
        .write();
    let warning = (taken.spectrum == Spectrum::Color).then(|| {
        "this camera sees color only. A good picture or video of the face is harder to tell from \
         the person than with an infrared camera; keep the password for what matters (see \
         docs/security.md)."
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
fn begin(
    context: &Context,
    subject: &Subject,
) -> Result<(Enrollment, TemplateKey, recovery::RecoveryKey), KeyError> {
    let mut protector = vault::open(&context.config.vault_options())?;
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
    enrollment.recovery = recovery::wrap(
        &recovery_key,
        &key,
        &templates::recovery_binding(&enrollment),
    )?;
    Ok((enrollment, key, recovery_key))
}

/// Refuses samples of two people, and samples too close to another user's templates.
fn admit(
    context: &Context,
    subject: &Subject,
    enrollment: &Enrollment,
    key: &TemplateKey,
    taken: &TakenSamples,
) -> Answer<()> {
    let refuse = |why: &str| Err(refused(context, subject, why));
    if !enrollment.templates.is_empty() {
        let gallery = Gallery::with_key(enrollment, key)?;
        let old: Vec<Embedding> = gallery.all().cloned().collect();
        let same = taken
            .samples
            .iter()
            .any(|sample| compare(&sample.embedding, &old).is_some_and(|s| s >= SAME_PERSON));
        if enrollment.model == taken.model.0 && !same {
            return refuse("not the person who is enrolled already");
        }
    }
    if !context.config.enroll.unique {
        return Ok(());
    }
    for uid in context.enrollments.uids()? {
        let Ok(Some(other)) = context.enrollments.load(uid) else {
            continue;
        };
        if uid == subject.uid || other.model != taken.model.0 {
            continue;
        }
        // Another user's templates that do not open now cannot be compared; they do not open for a
        // login either.
        let Ok(gallery) = Gallery::open(&other, &context.config.vault_options()) else {
            continue;
        };
        let theirs: Vec<Embedding> = gallery.all().cloned().collect();
        let close = |sample: &Sample| {
            let score = taken.weights.compare(&sample.embedding, &theirs);
            score.is_some_and(|score| score >= taken.threshold)
        };
        if taken.samples.iter().any(close) {
            return refuse("too close to another user's templates");
        }
    }
    Ok(())
}

/// Appends the samples as templates. Templates of another model never match again; they make room.
fn add(
    enrollment: &mut Enrollment,
    key: &TemplateKey,
    taken: &TakenSamples,
    label: Option<Label>,
) -> Result<(), KeyError> {
    let next = enrollment.next_id();
    if enrollment.model != taken.model.0 {
        enrollment.templates.clear();
        enrollment.model = taken.model.0;
    }
    let created = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    for (n, sample) in taken.samples.iter().enumerate() {
        let mut template = StoredTemplate {
            id: next.saturating_add(n as u32),
            label: label
                .as_ref()
                .map_or_else(|| "face".into(), |label| label.as_str().into()),
            created,
            camera: taken.camera.as_str().into(),
            spectrum: taken.spectrum,
            quality: sample.quality,
            sealed: Vec::new(),
            margin: margin(taken.networks, sample),
        };
        templates::seal_template(enrollment, &mut template, &sample.embedding, key)?;
        enrollment.templates.push(template);
    }
    templates::bind(enrollment, key)
}

fn margin(networks: Option<Digest>, sample: &Sample) -> Option<Margin> {
    let networks = networks?.0;
    let reading = sample.margin.filter(|margin| margin.is_finite())?;
    Some(Margin { networks, reading })
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
    vault::ProtectorKind::from_byte(enrollment.protector)
        .map_or("unknown", vault::ProtectorKind::name)
        .into()
}
