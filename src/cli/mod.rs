//! facelockctl: arguments → request → rendering. The same socket as PAM; there is no second path.

mod args;
mod cameras;
mod client;
mod configuration;
mod date;
mod doctor;
mod failure;
pub mod help;
mod history;
mod homed;
mod image;
mod json;
mod keyring;
mod language;
mod manual;
mod measured;
mod models;
mod names;
mod narrate;
mod notify;
mod outcome;
mod outlook;
mod overview;
mod pam;
mod preview;
mod print;
mod prompt;
mod rehearse;
mod render;
mod replace;
mod rows;
mod setup;
mod status;
mod subject;
mod switch;
mod terminal;
mod uninstall;
pub mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use facelock_protocol::{EmitterTrial, Label, Request, Secret, Subject};

use crate::sandbox;
use args::{Args, CameraCommand, Command, TpmCommand};
use failure::{Answer, Exit, Failure};
use print::{printed, report, shown};

/// Runs `facelockctl` with this process's arguments.
pub fn run() -> ExitCode {
    sandbox::silence_libraries();
    let json = std::env::args_os().any(|argument| argument == "--json");
    if !json {
        language::begin();
    }
    if std::env::args_os().skip(1).eq(["-h"]) {
        return answered(printed(&overview::text()), false);
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return misused(&error, json),
    };
    answered(execute(&args), args.json)
}

fn answered(answer: Answer, json: bool) -> ExitCode {
    answer
        .unwrap_or_else(|failure| report(&failure, json))
        .into()
}

/// Help and version are what was asked for; anything else is wrong usage.
fn misused(error: &clap::Error, json: bool) -> ExitCode {
    if !error.use_stderr() {
        return answered(shown(&help::text(error, &words::heard), json), json);
    }
    if json {
        let text = error.render().to_string();
        let line = text.lines().next().unwrap_or_default();
        let failure = Failure::usage(line.trim_start_matches("error: "));
        return report(&failure.help("facelockctl --help"), true).into();
    }
    // There is no reader where standard error is closed.
    let _ = if overview::is_wanted(error) {
        write!(std::io::stderr(), "{}", overview::text())
    } else {
        write!(std::io::stderr(), "{}", help::text(error, &words::heard))
    };
    Exit::Usage.into()
}

fn execute(args: &Args) -> Answer {
    let subject = |user: &args::User| subject::resolve(user.name.as_deref());
    let request = match &args.command {
        Command::Enroll { user, label, now } => {
            enrollment(subject(user)?, label.as_ref(), *now || args.json)?
        }
        Command::Test { user, service } => return test(args, subject(user)?, service.as_deref()),
        Command::List { user } => Request::List {
            subject: subject(user)?,
        },
        Command::Remove { user, template } => Request::Remove {
            subject: subject(user)?,
            template: *template,
        },
        Command::Clear { user, yes } => clear(subject(user)?, *yes)?,
        Command::Rename {
            user,
            template,
            label,
        } => rename(subject(user)?, *template, label)?,
        Command::Status { user } => return outlook::run(args, &subject(user)?),
        Command::Unlock { user } => Request::Unlock {
            subject: subject(user)?,
        },
        Command::Tpm {
            command: TpmCommand::Reseal { user },
        } => reseal(subject(user)?)?,
        Command::Devices { user, report, time } => return devices(args, user, *report, *time),
        Command::Camera {
            command: CameraCommand::Move(options),
        } => cameras::moved(args, &subject(&options.user)?, options)?,
        Command::Preview(options) => return preview::run(args, options),
        Command::Emitter(options) => emitter(options),
        Command::Models { command } => return models::run(command, args.json),
        Command::Doctor { user } => return doctor::run(args, user),
        Command::History(options) => return history::run(args, options),
        Command::Config { command } => return configuration::run(command, args.json),
        Command::Setup(options) => return setup::run(args, options),
        Command::Disable { hours } => return switch::disable(*hours, args.json),
        Command::Notify(options) => return notify::run(args, options),
        Command::Keyring { command } => return keyring::run(args, command),
        Command::Enable => return switch::enable(args.json),
        Command::Uninstall(options) => return uninstall::run(args, options),
        Command::Pam { command } => return pam::run(command, args.json),
        Command::Completions { shell } => return completions(*shell, args.json),
        Command::Man { page } => return manual::run(*page, args.json),
    };
    ask(args, &request)
}

fn completions(shell: clap_complete::Shell, json: bool) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "facelockctl", &mut script);
    shown(&String::from_utf8_lossy(&script), json)
}

fn named(argument: &str, label: String) -> Result<Label, Failure> {
    Label::new(label).map_err(|error| {
        Failure::usage({
            let why = words::heard(&error.to_string());
            format!("{argument}: {why}")
        })
    })
}

fn enrollment(subject: Subject, label: Option<&String>, now: bool) -> Result<Request, Failure> {
    let label = label.cloned().map(|label| named("--label", label));
    let label = label.transpose()?;
    if !now {
        prompt::wait_for_enter(&words::of_user(
            words::BEFORE_ENROLLING,
            subject.name.as_str(),
        ))?;
    }
    Ok(Request::Enroll { subject, label })
}

fn test(args: &Args, subject: Subject, service: Option<&str>) -> Answer {
    match service {
        Some(service) => rehearse::run(args, subject, service),
        None => ask(args, &Request::Test { subject }),
    }
}

fn devices(args: &Args, user: &args::User, report: bool, time: bool) -> Answer {
    match (report, time) {
        (true, _) => cameras::described(args.json),
        (_, true) => measured::run(args),
        _ => cameras::devices(args, user),
    }
}

fn rename(subject: Subject, template: u32, label: &str) -> Result<Request, Failure> {
    Ok(Request::Rename {
        subject,
        template,
        label: named("label", label.to_owned())?,
    })
}

fn reseal(subject: Subject) -> Result<Request, Failure> {
    Ok(Request::Reseal {
        subject,
        recovery_key: Secret(prompt::secret(&words::said("Recovery key: "))?.to_string()),
    })
}

fn emitter(options: &args::Emitter) -> Request {
    Request::TryEmitter(EmitterTrial {
        camera: options.camera.clone(),
        unit: options.unit,
        selector: options.selector,
        payload: options.payload.0.clone(),
        off: options.off.0.clone(),
        seconds: options.seconds,
    })
}

fn clear(subject: Subject, yes: bool) -> Result<Request, Failure> {
    let question = words::of_user("Remove every template of {user}?", subject.name.as_str());
    if !yes && !prompt::confirm(&question, "--yes")? {
        return Err(Failure::new(
            "declined",
            words::said("Nothing was removed."),
        ));
    }
    Ok(Request::Clear { subject })
}

fn ask(args: &Args, request: &Request) -> Answer {
    let mut narrator = narrate::Narrator::new(args.json);
    let reply = client::ask(&args.socket, request, |event| narrator.tell(&event))?;
    let reply = homed::noted(request, reply, std::path::Path::new("/"));
    if args.json {
        json::finish(request, &reply, &narrator)
    } else {
        render::finish(request, &reply, &narrator)
    }
}
