//! `facelockctl uninstall`: takes face login out of every stack, so that the package can go.

use std::process::Command;

use serde_json::{Value, json};

use super::args::{Args, Uninstall};
use super::failure::{Answer, Failure, require_root};
use super::print::{print_json, printed};
use super::terminal::Terminal;
use super::words::{self, filled, said};
use super::{pam, prompt};

/// # Errors
/// A step was not done; those before it were.
pub fn run(args: &Args, options: &Uninstall) -> Answer {
    if !options.dry_run {
        require_root()?;
    }
    let steps = steps(&pam::wired_here(), options.templates);
    let terminal = Terminal::stdout();
    if !args.json {
        let lines: String = steps
            .iter()
            .map(|step| format!("  {}\n", step.join(" ")))
            .collect();
        printed(&terminal.wrap(&(said("This runs:") + "\n" + &lines), 4))?;
    }
    if !options.dry_run {
        if !options.yes && !prompt::confirm(&said("Run it?"), &said(words::YES_OR_DRY_RUN))? {
            return Err(Failure::declined());
        }
        for step in &steps {
            done(step)?;
        }
    }
    if args.json {
        let lines = steps
            .iter()
            .map(|step| step.join(" ").into())
            .collect::<Vec<Value>>();
        return print_json(
            &json!({ "outcome": "done", "dry_run": options.dry_run, "steps": lines }),
        );
    }
    let text = said(if options.dry_run {
        words::DRY_RUN
    } else {
        "No service asks for a face any more. The package's own removal takes the files away; \
         templates stay in /var/lib/facelock until it is purged, or until this runs with \
         --templates."
    });
    printed(&terminal.wrap(&(text + "\n"), 2))
}

/// The commands, in their order: stacks first, so that none names a module that is gone.
fn steps(services: &[pam::Wired], templates: bool) -> Vec<Vec<String>> {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut files: Vec<&str> = services.iter().filter_map(|s| s.file.as_deref()).collect();
    files.sort_unstable();
    files.dedup();
    let mut steps: Vec<Vec<String>> = files
        .iter()
        .map(|file| words(&format!("facelockctl pam disable {file} --yes")))
        .collect();
    steps.push(words("systemctl disable --now facelock.socket"));
    if templates {
        steps.push(words("rm -rf /var/lib/facelock /var/lib/facelock-events"));
    }
    steps
}

fn done(step: &[String]) -> Result<(), Failure> {
    let program = match step[0].as_str() {
        "facelockctl" => std::env::current_exe()?,
        other => other.into(),
    };
    let status = Command::new(program).args(&step[1..]).status()?;
    if status.success() {
        return Ok(());
    }
    let message = filled("{command} was not done", &[("command", &step.join(" "))]);
    let help = said("mend it and run facelockctl uninstall again");
    Err(Failure::new("stopped", message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_go_before_the_socket_and_templates_last() {
        let wired = |service: &str, file: Option<&str>| pam::Wired {
            service: service.into(),
            file: file.map(str::to_owned),
            problem: None,
        };
        let services = [
            wired("sudo", Some("sudo")),
            wired("greetd", Some("login")),
            wired("login", Some("login")),
            wired("su", None),
        ];
        let lines: Vec<String> = steps(&services, true)
            .iter()
            .map(|step| step.join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "facelockctl pam disable login --yes",
                "facelockctl pam disable sudo --yes",
                "systemctl disable --now facelock.socket",
                "rm -rf /var/lib/facelock /var/lib/facelock-events",
            ]
        );
    }
}
