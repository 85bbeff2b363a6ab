//! One authentication, as PAM asks for it.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use facelock_protocol::{
    Consent, Evidence, Reply, ServiceName, Subject, Unavailable, Verdict, words,
};
use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::module::PamHandle;

use crate::args::Args;
use crate::code::NoDecision;
use crate::question::{Answer, Failure, Question};
use crate::{code, evidence, ffi, keyring, prompts, record, transaction};

/// Between two looks of a module that waits.
const PAUSE: Duration = Duration::from_secs(1);
/// KDE takes an answer that comes sooner for a module that did not look.
const SOONEST: Duration = Duration::from_millis(60);

type Decided = Result<PamResultCode, NoDecision>;

pub fn authenticate(handle: &mut PamHandle, args: &[&CStr], flags: PamFlag) -> PamResultCode {
    let args = match Args::parse(args) {
        Ok(args) => args,
        Err(wrong) => {
            ffi::log(handle, libc::LOG_ERR, &format!("wrong argument {wrong}"));
            return code::NO_DECISION;
        }
    };
    for unknown in &args.unknown {
        ffi::log(
            handle,
            libc::LOG_WARNING,
            &format!("unknown argument {unknown}"),
        );
    }
    if args.record {
        return record::note_password(handle, &args);
    }
    let mut whom = None;
    let outcome = attempt(handle, &args, flags, &mut whom);
    if args.report {
        record::note_whom(handle, whom);
    }
    match outcome {
        Ok(code) => code,
        Err(NoDecision(why)) => {
            if args.debug {
                ffi::log(handle, libc::LOG_DEBUG, &why);
            }
            code::NO_DECISION
        }
    }
}

/// One attempt; `whom` is told who it is about, whatever comes of it.
fn attempt(
    handle: &mut PamHandle,
    args: &Args,
    flags: PamFlag,
    whom: &mut Option<Subject>,
) -> Decided {
    // Whatever an earlier round in this transaction came to.
    ffi::remember_match(handle, false);
    ffi::remember_typed(handle, None);
    let (subject, mut patience) = transaction::subject(handle, args.timeout)?;
    *whom = Some(subject.clone());
    let service = transaction::service(handle)?;
    let evidence = gathered(handle, &subject, &mut patience)?;
    let mut asked = args.mode == Some(Consent::Ask);
    if asked {
        prompts::prompt_password_or_face(handle, &service)?;
    }
    let question = Question {
        args,
        silent: flags & PAM_SILENT != 0,
        subject,
        service,
        evidence,
    };
    let until = Instant::now() + args.wait;
    loop {
        let begun = Instant::now();
        let mode = if asked {
            Some(Consent::Auto)
        } else {
            args.mode
        };
        match question.put(handle, mode, patience) {
            Ok(Answer {
                reply: Reply::Unavailable(reason),
                ..
            }) if unseen(reason) && Instant::now() < until => {
                std::thread::sleep(PAUSE.min(until.saturating_duration_since(Instant::now())));
                patience = args.timeout;
            }
            Ok(answer) => {
                let code = into_pam_code(handle, &question.service, &answer)?;
                return Ok(held_back(args, &answer.reply, code, begun));
            }
            // The configuration wants the person asked before any camera opens.
            Err(Failure::AskFirst) if !asked => {
                prompts::prompt_password_or_face(handle, &question.service)?;
                asked = true;
            }
            Err(Failure::AskFirst) => return Err(NoDecision("asked twice for consent".into())),
            Err(Failure::Client(error)) => return Err(NoDecision(error.to_string())),
        }
    }
}

/// The evidence, where no gate is closed by it alone. What it takes comes off the patience: it asks
/// the name services, too.
fn gathered(
    handle: &PamHandle,
    subject: &Subject,
    patience: &mut Duration,
) -> Result<Evidence, NoDecision> {
    let begun = Instant::now();
    let evidence = evidence::gather(handle);
    if let Some(gate) = evidence::closed_here(&evidence, subject.uid) {
        let why = format!("no face: {} [{}]", words::gate(gate), gate.name());
        ffi::log(handle, libc::LOG_NOTICE, &why);
        return Err(NoDecision(why));
    }
    *patience = transaction::left_of(handle, *patience, begun)?;
    Ok(evidence)
}

/// Whether there was no face to judge: another look may find one.
fn unseen(reason: Unavailable) -> bool {
    matches!(
        reason,
        Unavailable::NoFace | Unavailable::TooDark | Unavailable::Timeout | Unavailable::Busy
    )
}

/// With `unseen=auth_err`: a host that takes "unavailable" for a service that is broken hears that
/// no face was seen as a failure, and never sooner than it believes one.
fn held_back(args: &Args, reply: &Reply, code: PamResultCode, begun: Instant) -> PamResultCode {
    if !args.unseen_is_failure {
        return code;
    }
    std::thread::sleep(SOONEST.saturating_sub(begun.elapsed()));
    match reply {
        Reply::Unavailable(reason) if unseen(*reason) => PamResultCode::PAM_AUTH_ERR,
        _ => code,
    }
}

/// From the reply to PAM's code: a match may want to be confirmed.
fn into_pam_code(handle: &mut PamHandle, service: &ServiceName, answer: &Answer) -> Decided {
    if let Reply::Unavailable(reason) = answer.reply
        && prompts::worth_telling(reason)
    {
        let text = words::unavailable_by(reason, ffi::translated);
        prompts::tell(handle, answer.silent, &text);
    }
    if matches!(answer.reply, Reply::Verdict(Verdict::Match)) {
        if answer.consent == Consent::Confirm {
            prompts::confirm(handle, service, answer.silent)?;
        }
        ffi::remember_match(handle, true);
        if let Some(password) = &answer.password {
            keyring::hand_over(handle, password);
        }
    }
    Ok(code::of(&answer.reply))
}
