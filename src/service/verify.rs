//! One attempt: is the subject in front of the camera?

mod attempt;
mod comparer;
mod reports;

use std::sync::Arc;
use std::time::Instant;

use attempt::Attempt;
use facelock_protocol::{Consent, Event, Reply, ServiceName};

use super::capture::Capture;
use super::context::Context;
use super::enrollments;
use super::events;
use super::failure::{Answer, Failure};
use super::journal::Priority;
use super::keyring;
use super::presence;
use super::tally::{Charge, TallyError};
use crate::camera::Sink;
use crate::decision::lockout::AttemptEnd;
use crate::decision::spectrum;
use crate::store::Enrollment;
use crate::types::{Peer, Spectrum, Subject, Unavailable, Verdict};

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
        // A user is not asked for a face that could not let them in.
        let enrollment = enrollments::of(context, subject)?;
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
    let service = service.as_str();
    let password = keyring::sealed_for(context, subject, service);
    attempt(context, subject, service, Kind::Login(password))
}

/// Answers root's `facelockctl test`: the same attempt, counted by the same tally, with its
/// measurements told.
///
/// # Errors
/// No decision can be made, and why.
pub fn test(context: &Context, subject: &Subject) -> Answer<Reply> {
    attempt(context, subject, "facelockctl-test", Kind::Test)
}

/// What an attempt is for.
enum Kind {
    /// PAM's, with the bytes of the password's file, where this login may be given one.
    Login(Option<Vec<u8>>),
    /// Root's test, which hears measurements, and no password.
    Test,
}

fn attempt(context: &Context, subject: &Subject, service: &str, kind: Kind) -> Answer<Reply> {
    let measured = matches!(kind, Kind::Test);
    let mut opened = None;
    let decision = attempt_charged(context, subject, kind, &mut opened)
        .map_err(|failure| failure.settle(&context.asker, Some(subject)));
    let (outcome, priority) = match &decision {
        Ok(verdict) => (format!("{verdict:?}"), Priority::Notice),
        Err(reason) => (format!("{reason:?}"), Priority::Info),
    };
    if !measured {
        events::leave(
            &context.config.paths.events,
            subject.uid,
            service,
            &decision,
        );
    }
    context
        .line(priority, "verify", subject)
        .with("service", service)
        .with("outcome", outcome)
        .write();
    let verdict = decision?;
    keyring::give(context, subject, service, verdict, opened);
    Ok(Reply::Verdict(told_to(context.asker.peer, verdict)))
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
fn attempt_charged(
    context: &Context,
    subject: &Subject,
    kind: Kind,
    opened: &mut Option<keyring::Opened>,
) -> Answer<Verdict> {
    let (measured, password) = match kind {
        Kind::Login(password) => (false, password),
        Kind::Test => (true, None),
    };
    let enrollment = enrollments::of(context, subject)?;
    let wanted = spectrum::for_login(&enrollment.spectra(), context.config.pad.require_infrared)?;
    let own = !context.asker.peer.is_root();
    let charge = context.tally.begin(subject.uid, wanted, own)??;
    let begun = Instant::now();
    if measured {
        let deadlines = context.config.deadlines();
        Capture::tell_longest(context, begun + deadlines.attempt + deadlines.challenge);
    }
    let mut attempt = Attempt::new(context, subject, measured, begun);
    let mut capture = None;
    let decision = start(context, &enrollment, wanted, begun, password)
        .map_err(|error| Failure::Thread(error).settle(&context.asker, Some(subject)))
        .and_then(|started| {
            let capture = capture.insert(started);
            let decision = attempt.run(|deadline| capture.next(deadline));
            capture.close();
            decision
        });
    *opened = attempt.take_password();
    let ending = match decision {
        Ok(verdict) => AttemptEnd::from(verdict),
        Err(_) if attempt.speaks_against() => AttemptEnd::Missed,
        Err(_) => AttemptEnd::Nothing,
    };
    settle(context, subject, &charge, ending)?;
    if let Some(capture) = capture {
        capture.wait_after_reply(context.connection);
    }
    Ok(decision?)
}

/// Settles the attempt with the tally. A person who is let in does not wait for the disk: where the
/// writing is lost, the attempt stays charged. Whatever counts against them is on disk first.
fn settle(
    context: &Context,
    subject: &Subject,
    charge: &Charge,
    ending: AttemptEnd,
) -> Result<(), TallyError> {
    let settled = context.tally.settle(charge, ending)?;
    if ending != AttemptEnd::Matched {
        return settled.write();
    }
    let (asker, subject) = (context.asker, subject.clone());
    context.connection.after_reply(move || {
        if let Err(error) = settled.write() {
            Failure::from(error).settle(&asker, Some(&subject));
        }
    });
    Ok(())
}

/// Starts camera, models and vault side by side.
fn start(
    context: &Context,
    enrollment: &Enrollment,
    wanted: Spectrum,
    begun: Instant,
    password: Option<Vec<u8>>,
) -> std::io::Result<Capture> {
    let deadline = begun + context.config.deadlines().attempt;
    let cameras = Arc::clone(&context.cameras);
    let options = enrollments::login_camera_options(context, enrollment);
    let stream = move |sink: &dyn Sink| cameras.stream(&options, wanted, deadline, sink);
    let capture = Capture::start(context, Box::new(stream))?;
    capture.open_templates(context, enrollment, password)?;
    Ok(capture)
}
