//! facelockctl: arguments → request → rendering. The same socket as PAM; there is no second path.

mod args;
mod client;
mod image;
mod models;
mod preview;
mod prompt;
mod render;
mod status;
mod subject;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};
use facelock_protocol::{Label, Reply, Request, Secret};

use crate::sandbox;
use args::{Args, Command, TpmCommand};

/// Runs `facelockctl` with this process's arguments.
pub fn run() -> ExitCode {
    sandbox::silence_libraries();
    let args = Args::parse();
    match execute(&args) {
        Ok(code) => code.into(),
        Err(error) => {
            // Nobody reads standard error: then there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "facelockctl: {error:#}");
            match (error.downcast_ref::<client::ClientError>(), &args.command) {
                (Some(_), _) => render::Exit::Connection.into(),
                (None, Command::Models { .. }) => render::Exit::Unavailable.into(),
                (None, _) => render::Exit::Usage.into(),
            }
        }
    }
}

fn execute(args: &Args) -> anyhow::Result<render::Exit> {
    let request = match &args.command {
        Command::Enroll { user, label } => Request::Enroll {
            subject: subject::resolve(user.name.as_deref())?,
            label: label
                .clone()
                .map(Label::new)
                .transpose()
                .context("--label")?,
        },
        Command::Test { user } => Request::Test {
            subject: subject::resolve(user.name.as_deref())?,
        },
        Command::List { user } => Request::List {
            subject: subject::resolve(user.name.as_deref())?,
        },
        Command::Remove { user, template } => Request::Remove {
            subject: subject::resolve(user.name.as_deref())?,
            template: *template,
        },
        Command::Clear { user, yes } => {
            let subject = subject::resolve(user.name.as_deref())?;
            if !yes && !prompt::confirm(&format!("Remove every template of {}?", subject.name))? {
                return Ok(render::Exit::Done);
            }
            Request::Clear { subject }
        }
        Command::Status { user } => Request::Status {
            subject: subject::resolve(user.name.as_deref())?,
        },
        Command::Unlock { user } => Request::Unlock {
            subject: subject::resolve(user.name.as_deref())?,
        },
        Command::Tpm {
            command: TpmCommand::Reseal { user },
        } => Request::Reseal {
            subject: subject::resolve(user.name.as_deref())?,
            recovery_key: Secret(prompt::secret("Recovery key: ")?),
        },
        Command::Devices => Request::Devices,
        Command::Preview {
            seconds,
            save,
            graphics,
        } => {
            return preview::run(&args.socket, *seconds, save.as_deref(), *graphics);
        }
        Command::Emitter(emitter) => Request::TryEmitter {
            camera: emitter.camera.clone(),
            unit: emitter.unit,
            selector: emitter.selector,
            payload: emitter.payload.0.clone(),
            off: emitter.off.0.clone(),
            seconds: emitter.seconds,
        },
        Command::Models { command } => return models::run(command),
        Command::Completions { shell } => {
            clap_complete::generate(
                *shell,
                &mut Args::command(),
                "facelockctl",
                &mut std::io::stdout(),
            );
            return Ok(render::Exit::Done);
        }
        Command::Man => {
            clap_mangen::Man::new(Args::command()).render(&mut std::io::stdout())?;
            return Ok(render::Exit::Done);
        }
    };
    ask(args, &request)
}

fn ask(args: &Args, request: &Request) -> anyhow::Result<render::Exit> {
    let mut narrator = render::Narrator::new(args.json);
    let reply: Reply = client::ask(&args.socket, request, |event| narrator.tell(&event))?;
    narrator.finish(&reply)
}
