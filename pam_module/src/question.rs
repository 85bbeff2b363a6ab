//! One question to an instance, and what the person is told meanwhile.

use std::time::{Duration, Instant};

use facelock_protocol::{
    Consent, Event, Evidence, Hint, Password, Progress, Reply, Request, ServiceName, Subject, words,
};
use pam::module::PamHandle;

use crate::args::Args;
use crate::client::{self, ClientError, Heard};
use crate::prompts::tell;

/// Nothing is said for so long. An owner is in after half a second, and on many desktops a message
/// costs more time than that, or waits to be acknowledged.
const SILENCE: Duration = Duration::from_millis(800);
/// A hint must stand this long before another one follows.
const HINT_PACE: Duration = Duration::from_millis(700);

/// One question to an instance.
pub struct Question<'a> {
    pub args: &'a Args,
    pub silent: bool,
    pub subject: Subject,
    pub service: ServiceName,
    pub evidence: Evidence,
}

/// What came of it.
pub struct Answer {
    pub reply: Reply,
    /// What a match needs.
    pub consent: Consent,
    /// No message is to be shown.
    pub silent: bool,
    /// The person's login password, where this line may have it.
    pub password: Option<Password>,
}

pub enum Failure {
    /// The configuration wants the person asked before any camera opens.
    AskFirst,
    Client(ClientError),
}

impl Question<'_> {
    pub fn put(
        &self,
        handle: &PamHandle,
        mode: Option<Consent>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let mut client =
            client::connect(&self.args.socket, begun + patience).map_err(Failure::Client)?;
        let request = Request::Verify {
            subject: self.subject.clone(),
            service: self.service.clone(),
            consent: mode,
            evidence: self.evidence.clone(),
        };
        // The strictest, until the instance says what the service wants.
        let mut consent = mode.unwrap_or(Consent::Confirm);
        let mut hints = Hints {
            handle,
            silent: self.silent || self.args.quiet,
            from: begun + SILENCE,
            looks: false,
            waiting: None,
            last: None,
            told: None,
            challenged: false,
        };
        let mut password = None;
        let reply = client.ask(&request, Some(begun + SILENCE), |heard| {
            match heard {
                Heard::Event(Event::Service {
                    consent: wanted,
                    quiet,
                }) => {
                    consent = mode.unwrap_or(wanted);
                    hints.silent |= quiet;
                }
                Heard::Event(Event::Keyring(kept)) => {
                    password = Some(kept).filter(|_| self.args.keyring);
                }
                Heard::Event(event) => hints.hear(&event),
                Heard::Time => hints.catch_up(),
            }
            mode.is_some() || consent != Consent::Ask
        });
        match reply {
            Ok(reply) => Ok(Answer {
                reply,
                consent,
                silent: hints.silent,
                password,
            }),
            Err(ClientError::GivenUp) => Err(Failure::AskFirst),
            Err(error) => Err(Failure::Client(error)),
        }
    }
}

/// Hints, each told once, not too early and not too fast.
struct Hints<'a> {
    handle: &'a PamHandle,
    silent: bool,
    /// Nothing is told before.
    from: Instant,
    looks: bool,
    /// The last hint that came too early.
    waiting: Option<Hint>,
    last: Option<Hint>,
    told: Option<Instant>,
    challenged: bool,
}

impl Hints<'_> {
    fn hear(&mut self, event: &Event) {
        match *event {
            // A question is no message, and the way back is a part of it: neither PAM_SILENT nor
            // `quiet` keeps it back, nor does a hint just before it.
            Event::Hint(hint)
                if client::is_challenge(event) || self.challenged && hint == Hint::LookAtCamera =>
            {
                self.challenged = true;
                self.last = Some(hint);
                tell(self.handle, false, words::hint(hint));
            }
            Event::Hint(hint) if Instant::now() < self.from => self.waiting = Some(hint),
            Event::Hint(hint) => {
                self.catch_up();
                self.tell(hint);
            }
            Event::Progress(Progress::Starting) => self.looks = true,
            _ => {}
        }
    }

    /// Tells what was held back.
    fn catch_up(&mut self) {
        if std::mem::take(&mut self.looks) && self.waiting.is_none_or(|hint| hint == Hint::NoFace) {
            tell(self.handle, self.silent, words::LOOKING);
        }
        if let Some(hint) = self.waiting.take() {
            self.tell(hint);
        }
    }

    fn tell(&mut self, hint: Hint) {
        let early = self.told.is_some_and(|told| told.elapsed() < HINT_PACE);
        // The first "no face" says what "Looking for you" said.
        if self.last == Some(hint) || hint == Hint::NoFace || early {
            return;
        }
        self.last = Some(hint);
        self.told = Some(Instant::now());
        tell(self.handle, self.silent, words::hint(hint));
    }
}
