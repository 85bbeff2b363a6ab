//! `facelockctl test --service`: what a PAM service would do now, told in words and played without
//! its program. The attempt is the one of `test`, counted by the same tally.

use std::fmt::Display;
use std::path::Path;

use facelock_protocol::{Consent, Reply, Request, ServiceName, Subject, Verdict, words as shown};
use serde_json::json;

use super::args::Args;
use super::failure::{Answer, Exit, Failure, require_root};
use super::narrate::Narrator;
use super::print::{print_json, printed};
use super::terminal::Terminal;
use super::words::{self, filled, said};
use super::{client, json, outcome, outlook, prompt, render};
use crate::config::{self, Config};
use crate::decision::services::{Only, Service};
use crate::types::Unavailable;

/// # Errors
/// The service would not look now, and why; or the attempt comes to no verdict.
pub fn run(args: &Args, subject: Subject, service: &str) -> Answer {
    require_root()?;
    let name =
        ServiceName::new(service).map_err(|error| Failure::usage(format!("--service: {error}")))?;
    let config = Config::load(Path::new(config::PATH))
        .map_err(|_| Failure::unavailable(Unavailable::ConfigRejected))?;
    let listed = config.service(name.as_str()).copied();
    let outlook = outlook::of(args, &subject)?;
    let mut play = Play {
        args,
        subject,
        name,
        narrator: Narrator::new(args.json),
    };
    play.tell(described(service, listed.as_ref(), outlook.wired(service)))?;
    if let Some(gate) = outlook.gate(service) {
        return Err(Failure::unavailable(Unavailable::NotAdmitted(gate)));
    }
    let Some(listed) = listed else {
        let gate = facelock_protocol::Gate::Unlisted;
        return Err(Failure::unavailable(Unavailable::NotAdmitted(gate)));
    };
    play.on(&listed)
}

/// What the service does, in words.
fn described(service: &str, listed: Option<&Service>, wired: bool) -> String {
    let named: &[(&str, &dyn Display)] = &[("service", &service)];
    let Some(listed) = listed else {
        return filled("{service} is listed nowhere: no face is looked for.", named) + "\n";
    };
    let mut text = format!("{service} {}.", outlook::doing(listed.mode.name()));
    if listed.quiet {
        text += " ";
        text += &said("It is quiet: no message is shown while it looks.");
    }
    if listed.only == Only::Unlock {
        text += " ";
        text +=
            &said("It looks only where the user has an open session already (only = \"unlock\").");
    }
    if !wired {
        text += "\n";
        text += &filled(
            "Its PAM stack asks for no face yet: sudo facelockctl pam enable {service}",
            named,
        );
    }
    text + "\n"
}

struct Play<'a> {
    args: &'a Args,
    subject: Subject,
    name: ServiceName,
    narrator: Narrator,
}

impl Play<'_> {
    /// From the first prompt to the verdict.
    fn on(&mut self, listed: &Service) -> Answer {
        let name = self.name.clone();
        if listed.consent() == Consent::Ask && !self.agrees(shown::ask(name.as_str()))? {
            self.tell(said(
                "A typed password goes on to the next module at once; no camera opens.",
            ))?;
            return self.end("password", Exit::Done);
        }
        let request = Request::Test {
            subject: self.subject.clone(),
        };
        self.narrator.quiet |= listed.quiet;
        let reply = client::ask(&self.args.socket, &request, |e| self.narrator.tell(&e))?;
        if let Some(failure) = outcome::failure(&request, &reply) {
            return Err(failure);
        }
        let Reply::Verdict(verdict) = reply else {
            return Err(Failure::broken());
        };
        let verdict_text = render::verdict_text(&words::verdict(verdict), &self.narrator);
        self.tell(verdict_text)?;
        if verdict == Verdict::Match && listed.consent() == Consent::Confirm {
            self.tell(said(shown::RECOGNISED))?;
            if !self.agrees(shown::confirm(name.as_str()))? {
                self.tell(said(
                    "The match is not confirmed: what was typed goes on as a password.",
                ))?;
                return self.end("password", Exit::Done);
            }
        }
        self.tell(if verdict == Verdict::Match {
            let values: &[(&str, &dyn Display)] =
                &[("service", &name), ("user", &self.subject.name)];
            filled("{service} would let {user} in.", values)
        } else {
            filled(
                "{service} would go on to the password.",
                &[("service", &name)],
            )
        })?;
        self.end(&words::name(&verdict), outcome::exit(&reply))
    }

    /// The prompt; a script is taken to press Enter.
    fn agrees(&self, question: &'static str) -> Result<bool, Failure> {
        let question = said(question);
        Ok(self.args.json || Consent::is_given(prompt::hidden(&question)?.as_bytes()))
    }

    fn tell(&self, text: String) -> Result<(), Failure> {
        if !self.args.json {
            let text = text.trim_end().to_owned() + "\n";
            printed(&Terminal::stdout().wrap(&text, 2))?;
        }
        Ok(())
    }

    fn end(&self, outcome: &str, exit: Exit) -> Answer {
        if self.args.json {
            let service = self.name.as_str();
            let mut value = json!({ "outcome": outcome, "service": service });
            json::measured(&mut value, &self.narrator);
            print_json(&value)?;
        }
        Ok(exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_described_by_what_is_configured() {
        let config = Config::parse("[services]\nmine = { mode = \"auto\", quiet = true }").unwrap();
        let told = |name: &str, wired| described(name, config.service(name), wired);
        assert_eq!(
            told("sudo", true),
            "sudo looks at once; Enter confirms a match.\n"
        );
        assert!(told("mine", true).contains("It is quiet"));
        assert!(told("login", true).contains("only = \"unlock\""));
        assert!(told("sudo", false).ends_with("sudo facelockctl pam enable sudo\n"));
        assert!(told("sshd", true).contains("listed nowhere"));
    }
}
