//! An instance without a camera, for authors of lockers, greeters and other clients: it answers
//! every connection with the same script, and prints what it was asked.
//!
//! ```text
//! cargo run -p facelock-protocol --example fake-instance -- SOCKET STEP...
//!
//! match | non-match | attack       a verdict
//! no-face | camera-busy | ...      any `Unavailable`, in lower case with dashes
//! locked-out:SECONDS               locked out for so long; without a number, until a password
//! not-permitted | ...              any `Denied`
//! consent:auto|ask|confirm         first of all: how the service wants it done; :quiet behind it
//! starting | looking               progress
//! hint:no-face | hint:turn-left    any `Hint`
//! wait:MILLISECONDS                nothing, for so long
//! hang-up                          the end, without an answer
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::os::unix::net::{UnixListener, UnixStream};
use std::process::ExitCode;
use std::time::Duration;

use facelock_protocol::{
    Consent, Denied, Event, FrameError, Hint, Message, Progress, REQUEST_CAP, Reply, Request,
    Unavailable, Verdict, read_message, write_message,
};
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};

/// One step of a script.
pub enum Step {
    Say(Message),
    Wait(Duration),
    HangUp,
}

/// Reads a script, or names the word that is none.
pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Vec<Step>, String> {
    let step = |word: &'a str| step(word).ok_or_else(|| format!("{word} is no step"));
    words.into_iter().map(step).collect()
}

fn step(word: &str) -> Option<Step> {
    let (name, value) = word.split_once(':').unwrap_or((word, ""));
    let message = match name {
        "wait" => return Some(Step::Wait(Duration::from_millis(value.parse().ok()?))),
        "hang-up" => return Some(Step::HangUp),
        "hint" => Message::Event(Event::Hint(named::<Hint>(value)?)),
        "starting" => Message::Event(Event::Progress(Progress::Starting)),
        "looking" => Message::Event(Event::Progress(Progress::Looking)),
        "consent" => {
            let (consent, quiet) = value.split_once(':').unwrap_or((value, ""));
            let consent = named::<Consent>(consent)?;
            let quiet = quiet == "quiet";
            Message::Event(Event::Service { consent, quiet })
        }
        name => Message::Reply(reply(name, value)?),
    };
    Some(Step::Say(message))
}

fn reply(name: &str, value: &str) -> Option<Reply> {
    Some(match name {
        "match" => Reply::Verdict(Verdict::Match),
        "non-match" => Reply::Verdict(Verdict::NonMatch),
        "attack" => Reply::Verdict(Verdict::AttackSuspected),
        "locked-out" => {
            let seconds = if value.is_empty() {
                None
            } else {
                Some(value.parse().ok()?)
            };
            Reply::Unavailable(Unavailable::LockedOut { seconds })
        }
        name => match named::<Unavailable>(name) {
            Some(reason) => Reply::Unavailable(reason),
            None => Reply::Denied(named::<Denied>(name)?),
        },
    })
}

/// The variant that is called so, in lower case with dashes.
fn named<T: DeserializeOwned>(word: &str) -> Option<T> {
    let capital = |part: &str| Some(part.get(..1)?.to_ascii_uppercase() + part.get(1..)?);
    let name = word.split('-').map(capital).collect::<Option<String>>()?;
    T::deserialize(StrDeserializer::<Error>::new(&name)).ok()
}

/// Reads the request, and plays the script.
pub fn play(stream: &mut UnixStream, steps: &[Step]) -> Result<Request, FrameError> {
    let request = read_message(stream, REQUEST_CAP)?;
    for step in steps {
        match step {
            Step::Say(message) => write_message(stream, message)?,
            Step::Wait(time) => std::thread::sleep(*time),
            Step::HangUp => break,
        }
    }
    Ok(request)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((socket, words)) = arguments.split_first() else {
        eprintln!("usage: fake-instance SOCKET STEP...   (the steps are in its source)");
        return ExitCode::from(64);
    };
    let steps = match parse(words.iter().map(String::as_str)) {
        Ok(steps) => steps,
        Err(wrong) => {
            eprintln!("fake-instance: {wrong}");
            return ExitCode::from(64);
        }
    };
    let _ = std::fs::remove_file(socket);
    let listener = match UnixListener::bind(socket) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("fake-instance: {socket}: {error}");
            return ExitCode::FAILURE;
        }
    };
    for stream in listener.incoming().flatten() {
        let mut stream = stream;
        match play(&mut stream, &steps) {
            Ok(request) => println!("{request:?}"),
            Err(error) => println!("no request: {error}"),
        }
    }
    ExitCode::SUCCESS
}
