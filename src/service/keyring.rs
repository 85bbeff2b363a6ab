//! Login passwords that are kept for a keyring: sealed under the key of the user's templates,
//! opened beside them, and given with a match.
//!
//! What MUST hold:
//! 1. One is kept only for a user with an infrared template, and goes when the last of them goes.
//! 2. No line of the journal holds it.
//! 3. Whatever is wrong with it, the login goes on without it.

use std::time::{Duration, Instant};

use facelock_protocol::{Event, Password, Reply};

use super::context::Context;
use super::enrollments;
use super::failure::{Answer, Failure};
use super::journal::Priority;
use super::password;
use super::templates::{self, KeyError};
use crate::decision::keyring as decision;
use crate::store::{Enrollment, Lock, StoreError, secret};
use crate::types::{Spectrum, Subject, Unavailable, Verdict};
use crate::vault::TemplateKey;

/// How long a change waits for another instance's change of the same user.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// What a login opened, or why it could not, and the camera that it looked through.
pub type Opened = (Option<Spectrum>, Result<Password, KeyError>);

/// Keeps `password`.
///
/// # Errors
/// Nothing was kept, and why; [`Unavailable::InfraredRequired`] for a user without an infrared
/// template.
pub fn store(context: &Context, subject: &Subject, password: &Password) -> Answer<Reply> {
    let held = hold(context, subject)?;
    let (enrollment, key) = open_key(context, subject)?;
    if !decision::may_be_kept(&enrollment.spectra()) {
        return Err(Unavailable::InfraredRequired.into());
    }
    keep_newer(context, subject)?;
    write(context, &held, &enrollment, &key, password)?;
    tell(context, subject, "kept");
    Ok(Reply::Done { changed: true })
}

/// Forgets what is kept.
///
/// # Errors
/// The store's failure.
pub fn forget(context: &Context, subject: &Subject) -> Answer<Reply> {
    let changed = drop_kept(context, subject)?;
    Ok(Reply::Done { changed })
}

/// The subject's password became `new`, and was `old`: keeps `new` where `old` is what is kept.
/// Whatever stands in the way of knowing that, the password that is kept is no longer the
/// subject's: it goes.
///
/// # Errors
/// The store's failure; [`Unavailable::NewerFormat`].
pub fn change(
    context: &Context,
    subject: &Subject,
    old: &Password,
    new: &Password,
) -> Answer<Reply> {
    if !context.passwords.has(subject.uid) {
        return Ok(Reply::Done { changed: false });
    }
    let held = hold(context, subject)?;
    keep_newer(context, subject)?;
    let renewed = renew(context, &held, subject, old, new).unwrap_or_else(|failure| {
        failure.settle(&context.asker, Some(subject));
        false
    });
    if !renewed {
        context.passwords.remove(&held, subject.uid)?;
    }
    tell(
        context,
        subject,
        if renewed { "renewed" } else { "forgotten" },
    );
    Ok(Reply::Done { changed: true })
}

/// Whether one is kept.
pub fn status(context: &Context, subject: &Subject) -> Reply {
    let kept = context.passwords.has(subject.uid);
    Reply::Keyring { kept }
}

/// Forgets what is kept, if anything is; whether there was.
///
/// # Errors
/// The store's failure.
pub fn drop_kept(context: &Context, subject: &Subject) -> Answer<bool> {
    let held = match hold(context, subject) {
        // Of a full disk no lock can be had, and nothing is there to go.
        Err(_) if !context.passwords.has(subject.uid) => return Ok(false),
        held => held?,
    };
    let changed = context.passwords.remove(&held, subject.uid)?;
    if changed {
        tell(context, subject, "forgotten");
    }
    Ok(changed)
}

/// What is kept for the attempt that this peer asks for `service`: to be opened with the templates.
pub fn sealed_for(context: &Context, subject: &Subject, service: &str) -> Option<Vec<u8>> {
    if !decision::may_be_opened(context.asker.peer, service) {
        return None;
    }
    let read = context.passwords.read(subject.uid, secret::MAX_BYTES);
    read.unwrap_or_else(|error| {
        Failure::from(error).settle(&context.asker, Some(subject));
        None
    })
}

/// Gives it to the peer, just before the verdict.
pub fn give(
    context: &Context,
    subject: &Subject,
    service: &str,
    verdict: Verdict,
    opened: Option<Opened>,
) {
    let Some((by, opened)) = opened else {
        return;
    };
    if !decision::is_given(context.asker.peer, service, verdict, by) {
        return;
    }
    match opened {
        Ok(password) => {
            context.connection.send_event(Event::Keyring(password));
            tell(context, subject, "given");
        }
        Err(error) => drop(Failure::from(error).settle(&context.asker, Some(subject))),
    }
}

fn hold(context: &Context, subject: &Subject) -> Answer<Lock> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    Ok(context.passwords.lock(subject.uid, deadline)?)
}

fn open_key(context: &Context, subject: &Subject) -> Answer<(Enrollment, TemplateKey)> {
    let enrollment = enrollments::of(context, subject)?;
    let key = templates::unseal(&enrollment, &context.config.vault_options())?;
    templates::check(&enrollment, &key)?;
    Ok((enrollment, key))
}

fn write(
    context: &Context,
    held: &Lock,
    enrollment: &Enrollment,
    key: &TemplateKey,
    password: &Password,
) -> Answer<()> {
    let bytes = password::seal(enrollment, key, password)?;
    Ok(context.passwords.write(held, enrollment.uid, &bytes)?)
}

/// Whether what is kept was `old`, and is `new` now.
fn renew(
    context: &Context,
    held: &Lock,
    subject: &Subject,
    old: &Password,
    new: &Password,
) -> Answer<bool> {
    let (enrollment, key) = open_key(context, subject)?;
    let read = context.passwords.read(subject.uid, secret::MAX_BYTES)?;
    let kept = password::open(&enrollment, &key, &read.unwrap_or_default())?;
    if kept != *old || !decision::may_be_kept(&enrollment.spectra()) {
        return Ok(false);
    }
    write(context, held, &enrollment, &key, new)?;
    Ok(true)
}

/// # Errors
/// [`Unavailable::NewerFormat`] for a file of a later version, which is left as it is.
fn keep_newer(context: &Context, subject: &Subject) -> Answer<()> {
    let read = match context.passwords.read(subject.uid, secret::MAX_BYTES) {
        // What is no private file is replaced.
        Err(StoreError::NotPrivate(_)) => None,
        read => read?,
    };
    match read.as_deref().map(secret::decode) {
        Some(Err(error)) if error.is_newer() => Err(Unavailable::NewerFormat.into()),
        _ => Ok(()),
    }
}

fn tell(context: &Context, subject: &Subject, what: &str) {
    let line = context.line(Priority::Notice, "keyring", subject);
    line.with("action", what).write();
}
