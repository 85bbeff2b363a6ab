//! `facelockctl setup`: from nothing to a screen lock that asks for a face, one verb after the
//! other. Each step is a command of its own, done whole or not at all, and is left out where it was
//! done before: setup can be stopped and run again.

mod desktop;

use std::fmt::Display;
use std::path::Path;
use std::process::{Command, Stdio};

use facelock_protocol::{EnrollmentState, Reply, Request, StatusReport, Subject};
use serde_json::{Value, json};

use super::args::{Args, Setup};
use super::failure::{Answer, Exit, Failure, require_root};
use super::print::{print_json, printed, wrapped};
use super::terminal::Terminal;
use super::words::{self, filled, said};
use super::{client, doctor, outcome, pam, prompt, subject};

/// # Errors
/// A step was not done; what was done before stays.
pub fn run(args: &Args, options: &Setup) -> Answer {
    if args.json && !options.yes && !options.dry_run {
        return Err(Failure::usage(said(
            "setup asks: with --json it needs --yes or --dry-run",
        )));
    }
    if !options.dry_run {
        require_root()?;
    }
    let subject = subject::resolve(options.user.name.as_deref())?;
    let mut run = Run {
        args,
        options,
        subject,
        steps: Vec::new(),
    };
    match run.all() {
        // What was done before is told as well: a recovery key is shown once.
        Err(failure) if args.json => {
            let mut value = failure.json();
            value["steps"] = Value::Array(run.steps);
            print_json(&value)?;
            Ok(failure.exit)
        }
        Err(failure) => Err(failure),
        Ok(()) => run.end(),
    }
}

struct Run<'a> {
    args: &'a Args,
    options: &'a Setup,
    subject: Subject,
    /// What was done, for a script.
    steps: Vec<Value>,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), Failure> {
        self.models()?;
        let status = self.status()?;
        self.cameras(status.as_ref())?;
        self.protector(status.as_ref())?;
        self.enrollment(status.as_ref())?;
        self.services()
    }

    fn models(&mut self) -> Result<(), Failure> {
        if doctor::models_are_there() {
            return self.skip("models", &said("the models are there"));
        }
        self.verb("models", &["models", "install"])
    }

    fn cameras(&mut self, status: Option<&StatusReport>) -> Result<(), Failure> {
        let Some(report) = status else {
            return self.skip(
                "camera",
                &said("no instance answers yet, so no camera is looked for"),
            );
        };
        let reason = match &report.camera {
            Ok(identity) => {
                let found = filled("{camera} would be used", &[("camera", identity)]);
                if self.options.yes
                    || self.options.dry_run
                    || !self.asks(&said("Show what it sees, for 5 seconds?"))?
                {
                    return self.skip("camera", &found);
                }
                return self.verb("camera", &["preview", "--seconds", "5"]);
            }
            Err(reason) => *reason,
        };
        Err(Failure::unavailable(reason).help(said(
            "sudo facelockctl devices shows every camera and why it is not used",
        )))
    }

    fn protector(&mut self, status: Option<&StatusReport>) -> Result<(), Failure> {
        let Some(report) = status else {
            return self.skip("protector", &said("not known before the instance answers"));
        };
        if report.protector_present {
            let is_file = report.protector == "file";
            let what = said(if is_file {
                "the key to the templates is in a file: a copy of the disk opens them"
            } else {
                "the key to the templates is sealed by this machine's TPM: a copy of the disk opens nothing"
            });
            return self.skip("protector", &what);
        }
        let question = said(
            "There is no TPM that answers. Keep the key to the templates in a file instead? A copy of the disk opens them then.",
        );
        let file = self.options.key_file
            || !self.options.yes && !self.options.dry_run && self.asks(&question)?;
        if !file && self.options.dry_run {
            return self.skip(
                "protector",
                &said("without a TPM it would stop here; --key-file keeps the key in a file"),
            );
        }
        if !file {
            return Err(Failure::new(
                "vault_missing",
                said("without a TPM nothing can be enrolled"),
            )
            .help(said(
                "facelockctl setup --key-file, or docs/troubleshooting.md to find the TPM",
            )));
        }
        self.verb(
            "protector",
            &["config", "set", "vault.protector", "tpm-or-file"],
        )
    }

    fn enrollment(&mut self, status: Option<&StatusReport>) -> Result<(), Failure> {
        let name = self.subject.name.as_str().to_owned();
        let enrolled = status.is_some_and(|r| !matches!(r.enrollment, EnrollmentState::None));
        if enrolled {
            self.skip("enroll", &words::of_user("{user} is enrolled", &name))?;
        } else {
            self.verb("enroll", &["enroll", "--user", &name])?;
        }
        if self.options.no_test {
            return self.skip("test", &said("left out"));
        }
        self.verb("test", &["test", "--user", &name])
    }

    fn services(&mut self) -> Result<(), Failure> {
        let reader = Path::new("/usr/lib/systemd/system/fprintd.service").exists();
        let offered = desktop::offered(&pam::wired_here(), &self.options.service, reader);
        if offered.is_empty() {
            return self.skip(
                "services",
                &said("every service that is here asks for a face already"),
            );
        }
        for (service, what) in offered {
            let named = self.options.service.contains(&service);
            let meant = named || (self.options.yes && desktop::is_first(&service));
            if meant || self.options.dry_run {
                self.note(&what)?;
            } else if self.options.yes
                || !self.asks(
                    &(what.clone()
                        + " "
                        + &filled("Switch it on for {service}?", &[("service", &service)])),
                )?
            {
                continue;
            }
            match self.options.dry_run {
                true => self.verb_now(
                    &service,
                    &service,
                    &["pam", "enable", &service, "--dry-run"],
                )?,
                false => {
                    self.verb_now(&service, &service, &["pam", "enable", &service, "--yes"])?
                }
            }
        }
        Ok(())
    }

    fn end(self) -> Answer {
        if self.args.json {
            return print_json(
                &json!({ "outcome": "done", "dry_run": self.options.dry_run, "steps": self.steps }),
            );
        }
        let text = said(if self.options.dry_run {
            words::DRY_RUN
        } else {
            "Done. facelockctl doctor says whether anything stands in the way; facelockctl pam disable SERVICE undoes a service."
        });
        wrapped(&text)
    }

    /// What the instance says of this user; a dry run goes on without.
    fn status(&self) -> Result<Option<StatusReport>, Failure> {
        let request = Request::Status {
            subject: self.subject.clone(),
        };
        let answer = client::ask(&self.args.socket, &request, drop).and_then(|reply| match reply {
            Reply::Status(report) => Ok(report),
            other => Err(outcome::failure(&request, &other).unwrap_or_else(Failure::broken)),
        });
        match answer {
            Err(_) if self.options.dry_run => Ok(None),
            other => other.map(Some),
        }
    }

    fn asks(&self, question: &str) -> Result<bool, Failure> {
        prompt::confirm(question, &said("--yes, or the option that answers"))
    }

    fn note(&self, text: &str) -> Result<(), Failure> {
        if !self.args.json {
            printed(&Terminal::stdout().wrap(&format!("{text}\n"), 2))?;
        }
        Ok(())
    }

    fn skip(&mut self, step: &'static str, why: &str) -> Result<(), Failure> {
        self.steps
            .push(json!({ "step": step, "state": "skipped", "message": why }));
        self.note(&format!("{}: {why}", said(step)))
    }

    /// Runs a verb, or says that it would.
    fn verb(&mut self, step: &'static str, arguments: &[&str]) -> Result<(), Failure> {
        if !self.options.dry_run {
            return self.verb_now(step, &said(step), arguments);
        }
        let line = format!("facelockctl {}", arguments.join(" "));
        self.steps
            .push(json!({ "step": step, "state": "planned", "message": line }));
        let values: &[(&str, &dyn Display)] = &[("step", &said(step)), ("command", &line)];
        self.note(&filled("{step}: this would run {command}", values))
    }

    /// Runs a verb of this program, in sight of the person.
    fn verb_now(&mut self, step: &str, shown: &str, arguments: &[&str]) -> Result<(), Failure> {
        let line = format!("facelockctl {}", arguments.join(" "));
        self.note(&format!("{shown}: {line}"))?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("--socket")
            .arg(&self.args.socket)
            .args(arguments);
        let (status, answer) = answer(&mut command, self.args.json)?;
        let why = |key: &str| answer[key].as_str().map(str::to_owned);
        let (message, help) = (why("message"), why("help"));
        let state = if status == Some(0) { "done" } else { "failed" };
        self.steps
            .push(json!({ "step": step, "state": state, "message": line, "answer": answer }));
        let line: &[(&str, &dyn Display)] = &[("command", &line)];
        let failure = match status {
            Some(0) => return Ok(()),
            Some(1) => Failure::new(
                "stopped",
                filled("{command} did not recognise the face", line),
            )
            .exit(Exit::NoMatch),
            _ => {
                let why = message.map(|why| format!(": {why}")).unwrap_or_default();
                Failure::new("stopped", filled("{command} was not done", line) + &why)
            }
        };
        Err(failure.help(help.unwrap_or_else(|| said("sudo facelockctl setup goes on from here"))))
    }
}

/// How a verb ended. A script is told what it answered: an enrollment's recovery key is shown once.
fn answer(command: &mut Command, json: bool) -> Result<(Option<i32>, Value), Failure> {
    if !json {
        return Ok((command.status()?.code(), Value::Null));
    }
    let output = command.arg("--json").stderr(Stdio::inherit()).output()?;
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Ok((output.status.code(), answer))
}
