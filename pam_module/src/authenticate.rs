//! One authentication, as PAM asks for it.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use facelock_protocol::{
    Consent, Event, Evidence, Hint, Progress, Reply, Request, ServiceName, Subject, Unavailable,
    Verdict, naming, words,
};
use pam::constants::{PAM_PROMPT_ECHO_OFF, PAM_SILENT, PAM_TEXT_INFO, PamFlag, PamResultCode};
use pam::conv::Conv;
use pam::items::{AuthTok, Service};
use pam::module::PamHandle;

use crate::args::Args;
use crate::client::{Client, ClientError};
use crate::{client, code, evidence, ffi};

/// A hint must stand this long before another one follows.
const HINT_PACE: Duration = Duration::from_millis(700);
/// Reporting a password holds nobody up.
const RECORD_PATIENCE: Duration = Duration::from_millis(500);
/// `_pam_types.h`: the application takes credentials back, as after a failure.
const DELETE_CRED: PamFlag = 0x4;

/// Why nothing was decided; for the log.
struct NoDecision(String);

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
        return note(handle);
    }
    match attempt(handle, &args, flags) {
        Ok(code) => code,
        Err(NoDecision(why)) => {
            if args.debug {
                ffi::log(handle, libc::LOG_DEBUG, &why);
            }
            code::NO_DECISION
        }
    }
}

fn attempt(handle: &mut PamHandle, args: &Args, flags: PamFlag) -> Decided {
    // Whatever an earlier round in this transaction came to.
    ffi::remember_match(handle, false);
    ffi::remember_typed(handle, None);
    let subject = subject(handle)?;
    let service = service(handle)?;
    let evidence = evidence::gather(handle);
    if let Some(gate) = evidence::closed_here(&evidence, subject.uid) {
        let why = format!("no face: {} [{}]", words::gate(gate), gate.name());
        ffi::log(handle, libc::LOG_NOTICE, &why);
        return Err(NoDecision(why));
    }
    let silent = flags & PAM_SILENT != 0;
    let mut asked = false;
    if args.mode == Some(Consent::Ask) {
        asked = ask_first(handle)?;
    }
    let mut question = Question {
        args,
        silent,
        subject,
        service,
        evidence,
    };
    let (reply, consent) = match question.put(
        handle,
        if asked {
            Some(Consent::Auto)
        } else {
            args.mode
        },
    ) {
        Ok(answer) => answer,
        // The configuration wants the person asked before any camera opens.
        Err(Failure::AskFirst) => {
            ask_first(handle)?;
            question
                .put(handle, Some(Consent::Auto))
                .map_err(Failure::into_no_decision)?
        }
        Err(failure) => return Err(failure.into_no_decision()),
    };
    conclude(handle, &reply, consent, silent)
}

/// From the reply to PAM's code: a match may want to be confirmed.
fn conclude(handle: &mut PamHandle, reply: &Reply, consent: Consent, silent: bool) -> Decided {
    if let Reply::Unavailable(reason) = reply
        && worth_telling(*reason)
    {
        tell(handle, silent, &words::unavailable(*reason));
    }
    if matches!(reply, Reply::Verdict(Verdict::Match)) {
        if consent == Consent::Confirm {
            confirm(handle)?;
        }
        ffi::remember_match(handle, true);
    }
    Ok(code::of(reply))
}

/// One question to an instance.
struct Question<'a> {
    args: &'a Args,
    silent: bool,
    subject: Subject,
    service: ServiceName,
    evidence: Evidence,
}

enum Failure {
    AskFirst,
    Client(ClientError),
}

impl Failure {
    fn into_no_decision(self) -> NoDecision {
        match self {
            Failure::AskFirst => NoDecision("asked twice for consent".into()),
            Failure::Client(error) => NoDecision(error.to_string()),
        }
    }
}

impl Question<'_> {
    /// The reply, and the consent that a match needs.
    fn put(
        &mut self,
        handle: &PamHandle,
        mode: Option<Consent>,
    ) -> Result<(Reply, Consent), Failure> {
        let mut client = Client::connect(&self.args.socket, Instant::now() + self.args.timeout)
            .map_err(Failure::Client)?;
        let request = Request::Verify {
            subject: self.subject.clone(),
            service: self.service.clone(),
            consent: mode,
            evidence: self.evidence.clone(),
        };
        // The strictest, until the instance says what the service wants.
        let mut consent = mode.unwrap_or(Consent::Confirm);
        let mut hints = Hints {
            started: false,
            last: None,
            told: Instant::now(),
        };
        let mut challenged = false;
        let reply = client.ask(&request, |event| {
            match event {
                Event::Service {
                    consent: wanted, ..
                } if mode.is_none() => consent = wanted,
                // A question is no message, and the way back is a part of it: PAM_SILENT does not
                // keep it back, nor does a hint just before it.
                Event::Hint(hint)
                    if client::is_challenge(&event) || challenged && hint == Hint::LookAtCamera =>
                {
                    challenged = true;
                    hints.last = Some(hint);
                    tell(handle, false, words::hint(hint));
                }
                Event::Hint(hint) => hints.tell(handle, self.silent, hint),
                Event::Progress(Progress::Starting) => hints.start(handle, self.silent),
                Event::Progress(_)
                | Event::Measured(_)
                | Event::Preview(_)
                | Event::Service { .. } => {}
            }
            mode.is_some() || consent != Consent::Ask
        });
        match reply {
            Ok(reply) => Ok((reply, consent)),
            Err(ClientError::GivenUp) => Err(Failure::AskFirst),
            Err(error) => Err(Failure::Client(error)),
        }
    }
}

/// Hints, each told once and not too fast.
struct Hints {
    started: bool,
    last: Option<Hint>,
    told: Instant,
}

impl Hints {
    fn start(&mut self, handle: &PamHandle, silent: bool) {
        if !std::mem::replace(&mut self.started, true) {
            tell(handle, silent, "Looking for you");
        }
    }

    fn tell(&mut self, handle: &PamHandle, silent: bool, hint: Hint) {
        let first = self.last.is_none();
        // The first "no face" says what "Looking for you" said.
        if self.last == Some(hint)
            || hint == Hint::NoFace
            || (!first && self.told.elapsed() < HINT_PACE)
        {
            return;
        }
        self.last = Some(hint);
        self.told = Instant::now();
        tell(handle, silent, words::hint(hint));
    }
}

fn subject(handle: &mut PamHandle) -> Result<Subject, NoDecision> {
    let name = handle
        .get_user(None)
        .map_err(|code| NoDecision(format!("no user: {code:?}")))?;
    naming::resolve(&name, ffi::account_named, ffi::name_of).map_err(|error| {
        if let naming::NameError::Unusable(_) = error {
            ffi::log(handle, libc::LOG_NOTICE, &format!("{name}: {error}"));
        }
        NoDecision(error.to_string())
    })
}

fn service(handle: &PamHandle) -> Result<ServiceName, NoDecision> {
    let name = handle.get_item::<Service>().ok().flatten();
    let name = name.map_or_else(
        || "unknown".into(),
        |service| service.to_string_lossy().into_owned(),
    );
    ServiceName::new(name).map_err(|error| NoDecision(format!("service name: {error}")))
}

/// "Password, or Enter for face". A typed password goes on to the next module, and no camera opens.
/// True: Enter.
fn ask_first(handle: &mut PamHandle) -> Result<bool, NoDecision> {
    if handle
        .get_item::<AuthTok>()
        .ok()
        .flatten()
        .is_some_and(|password| !password.as_bytes().is_empty())
    {
        return Err(NoDecision("a password was typed already".into()));
    }
    let typed = prompt(handle, "Password, or Enter for face: ")?;
    if typed.is_empty() {
        return Ok(true);
    }
    ffi::set_password(handle, &typed);
    Err(NoDecision("a password was typed".into()))
}

/// Enter confirms a match. A password typed by habit goes on to the next module instead. PAM_SILENT
/// asks for no messages, and sudo always does; a question is not a message.
fn confirm(handle: &mut PamHandle) -> Result<(), NoDecision> {
    let typed = prompt(handle, "Face recognised. Press Enter to confirm: ")?;
    if typed.is_empty() {
        return Ok(());
    }
    ffi::set_password(handle, &typed);
    Err(NoDecision("the match was not confirmed".into()))
}

fn prompt(handle: &PamHandle, text: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, NoDecision> {
    let conversation = handle
        .get_item::<Conv>()
        .ok()
        .flatten()
        .ok_or_else(|| NoDecision("no conversation".into()))?;
    match conversation.send(PAM_PROMPT_ECHO_OFF, text) {
        // No answer at all is not Enter.
        Ok(None) => Err(NoDecision("the prompt was not answered".into())),
        Ok(Some(typed)) => Ok(zeroize::Zeroizing::new(typed.as_bytes().to_vec())),
        Err(code) => Err(NoDecision(format!("the prompt failed: {code:?}"))),
    }
}

/// Says something that needs no answer. A host that cannot show it changes nothing.
fn tell(handle: &PamHandle, silent: bool, text: &str) {
    if !silent && let Ok(Some(conversation)) = handle.get_item::<Conv>() {
        let _ = conversation.send(PAM_TEXT_INFO, text);
    }
}

/// Reasons that a person at the prompt can act on, or would wonder about.
fn worth_telling(reason: Unavailable) -> bool {
    matches!(
        reason,
        Unavailable::CameraBusy
            | Unavailable::CameraUnplugged
            | Unavailable::VaultRefused
            | Unavailable::VaultFailed
            | Unavailable::LockedOut { .. }
            | Unavailable::PasswordRequired
            | Unavailable::TooDark
            | Unavailable::InfraredRequired
            | Unavailable::OtherCamera
            | Unavailable::CameraSuspended
            | Unavailable::CameraNoAnswer
            | Unavailable::CameraBandwidth
            | Unavailable::CameraCovered
            | Unavailable::EmitterOff
            | Unavailable::VaultSlow
            | Unavailable::ModelsSlow
    )
}

/// `auth optional pam_facelock.so record`, behind the stack's primary block: remembers that a
/// password was typed and no face let the user in. It decides nothing, whatever happens, so it can
/// neither let anybody in nor keep anybody out: PAM_IGNORE is right here, and only here.
fn note(handle: &mut PamHandle) -> PamResultCode {
    let typed = handle
        .get_item::<AuthTok>()
        .ok()
        .flatten()
        .is_some_and(|password| !password.as_bytes().is_empty());
    let whose = if typed && !ffi::remembers_match(handle) {
        subject(handle).ok()
    } else {
        None
    };
    ffi::remember_typed(handle, whose);
    PamResultCode::PAM_IGNORE
}

/// The same line, when the application sets credentials, which it does only for a user whom the
/// whole stack let in: reports the password. In the stack itself nobody knows yet: a failed
/// `required` module does not stop it. Whose password it was is what was noted: sudo names the user
/// it changes to by now.
pub fn report(handle: &mut PamHandle, args: &[&CStr], flags: PamFlag) {
    let Ok(args) = Args::parse(args) else { return };
    if !args.record || flags & DELETE_CRED != 0 || ffi::remembers_match(handle) {
        return;
    }
    let Some(subject) = ffi::typed(handle) else {
        return;
    };
    ffi::remember_typed(handle, None);
    let deadline = Instant::now() + RECORD_PATIENCE.min(args.timeout);
    let result = Client::connect(&args.socket, deadline)
        .and_then(|mut client| client.ask(&Request::RecordPassword { subject }, |_| true));
    if let (true, Err(error)) = (args.debug, result) {
        ffi::log(handle, libc::LOG_DEBUG, &format!("record: {error}"));
    }
}
