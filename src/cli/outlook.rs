//! `facelockctl status`: what a login would meet, and what each service would do now.

use facelock_protocol::{
    EnrollmentState, Gate, Reply, Request, ServiceReport, StatusReport, Subject, Unavailable,
};
use serde_json::{Value, json};

use super::args::Args;
use super::cameras::{distinct, templates};
use super::doctor::probe;
use super::failure::{Answer, Exit, Failure};
use super::history::{self, Attempt};
use super::pam::{self, Wired};
use super::print::{print_json, printed};
use super::rows::Rows;
use super::terminal::Terminal;
use super::words::{self, filled, said};
use super::{client, outcome, status};
use crate::types::find_camera;

/// What the instance and the PAM stacks say.
pub struct Outlook {
    report: StatusReport,
    /// Every service with a stack.
    stacks: Vec<Wired>,
}

/// # Errors
/// The instance cannot be asked, or does not answer with it.
pub fn of(args: &Args, subject: &Subject) -> Result<Outlook, Failure> {
    let request = Request::Status {
        subject: subject.clone(),
    };
    match client::ask(&args.socket, &request, drop)? {
        Reply::Status(report) => Ok(Outlook {
            report,
            stacks: pam::wired_here(),
        }),
        reply => Err(outcome::failure(&request, &reply).unwrap_or_else(Failure::broken)),
    }
}

/// `status`.
///
/// # Errors
/// It cannot be asked for, or standard output cannot be written.
pub fn run(args: &Args, subject: &Subject) -> Answer {
    let outlook = of(args, subject)?;
    let last = history::attempts(Some(subject.name.as_str()), 1);
    let last = last.ok().and_then(|attempts| attempts.into_iter().last());
    if args.json {
        return print_json(&outlook.json(last.as_ref()));
    }
    printed(&outlook.told(args, subject, last.as_ref()))?;
    Ok(Exit::Done)
}

/// What a service does whose gates are open.
pub fn doing(mode: &str) -> String {
    said(match mode {
        "auto" => "looks at once",
        "ask" => "looks when Enter alone is pressed; a typed password is not held up",
        "confirm" => "looks at once; Enter confirms a match",
        _ => "is off: no face is looked for",
    })
}

impl Outlook {
    /// Whether the service's PAM stack asks for a face.
    pub fn wired(&self, service: &str) -> bool {
        let mut stacks = self.stacks.iter();
        stacks.any(|stack| stack.service == service && stack.file.is_some())
    }

    /// The gate that is closed for a listed service.
    pub fn gate(&self, service: &str) -> Option<Gate> {
        let mut services = self.report.services.iter();
        services.find(|report| report.service == service)?.closed
    }

    /// Why no service looks at all.
    fn blocked(&self) -> Option<Unavailable> {
        let report = &self.report;
        match report.enrollment {
            EnrollmentState::None => return Some(Unavailable::NotEnrolled),
            EnrollmentState::Damaged => return Some(Unavailable::TemplatesRejected),
            EnrollmentState::Enrolled { .. } => {}
        }
        let sandbox = Some(Unavailable::SandboxMissing);
        (sandbox.filter(|_| !report.sandbox_missing.is_empty()))
            .or(report.tally.lockout)
            .or((!report.protector_present).then_some(Unavailable::VaultMissing))
            .or(report.camera.as_ref().err().copied())
    }

    fn now(&self, report: &ServiceReport) -> String {
        match report.closed {
            Some(gate) => {
                let why = words::gate(gate);
                filled(
                    "password: {why} [{gate}]",
                    &[("why", &why), ("gate", &gate.name())],
                )
            }
            None => doing(&report.mode),
        }
    }

    fn told(&self, args: &Args, subject: &Subject, last: Option<&Attempt>) -> String {
        let terminal = Terminal::stdout();
        let mut rows = Rows::default();
        rows.add("User:", subject.name.as_str());
        rows.extend(status::rows(&self.report));
        if let Some(attempt) = last {
            rows.add("Last try:", attempt.told());
        }
        if let Some(reason) = self.blocked() {
            let why = words::unavailable(reason);
            let text = filled(
                "every service goes on to the password: {why}",
                &[("why", &why)],
            );
            rows.add("Now:", text);
        }
        for name in distinct(&templates(args, subject)) {
            let used = self.report.camera.as_deref().ok();
            let is_used = used.is_some_and(|used| find_camera(name, &[used]).is_some());
            let place = filled(
                if is_used {
                    "{camera} (in use)"
                } else {
                    "{camera} (not in use)"
                },
                &[("camera", &name)],
            );
            rows.add("On camera:", place);
        }
        if let Some(warning) = status::boot(&self.report.protector, probe::secure_boot()) {
            rows.add("Warning:", warning);
        }
        rows.shown(&terminal) + &terminal.wrap(&self.services(), 11)
    }

    /// What each service would do now.
    fn services(&self) -> String {
        let (asking, idle): (Vec<_>, Vec<_>) = (self.report.services.iter())
            .filter(|report| self.stacks.iter().any(|s| s.service == report.service))
            .partition(|report| self.wired(&report.service));
        let mut text = said(if asking.is_empty() {
            words::NO_SERVICE
        } else if self.blocked().is_some() {
            "Services that ask, once that is mended:"
        } else {
            "Services that ask, now:"
        });
        text += "\n";
        for report in asking {
            text += &format!("  {:<8} {}\n", report.service, self.now(report));
        }
        if !idle.is_empty() {
            let names: Vec<&str> = idle.iter().map(|report| &*report.service).collect();
            text += &filled(
                "Ask for none yet: {services}",
                &[("services", &names.join(" "))],
            );
            text += "\n";
        }
        text
    }

    fn json(&self, last: Option<&Attempt>) -> Value {
        let mut value = status::json(&self.report);
        value["blocked"] = json!(self.blocked().as_ref().map(words::name));
        value["last"] = json!(last.map(Attempt::document));
        let services = self.report.services.iter().map(|report| {
            json!({
                "service": report.service, "mode": report.mode, "gate": report.closed.map(Gate::name),
                "asks": self.wired(&report.service), "now": self.now(report),
            })
        });
        value["services"] = services.collect();
        value
    }
}

#[cfg(test)]
mod tests {
    use facelock_protocol::TallyReport;

    use super::*;

    fn outlook(camera: Result<String, Unavailable>) -> Outlook {
        let service = |name: &str, mode: &str, closed| ServiceReport {
            service: name.into(),
            mode: mode.into(),
            closed,
        };
        let stack = |name: &str, file: Option<&str>| Wired {
            service: name.into(),
            file: file.map(Into::into),
            problem: None,
        };
        Outlook {
            report: StatusReport {
                enrollment: EnrollmentState::Enrolled {
                    templates: 5,
                    protector: "tpm".into(),
                },
                tally: TallyReport::default(),
                password: None,
                protector: "tpm".into(),
                protector_present: true,
                camera,
                sandbox_missing: Vec::new(),
                services: vec![
                    service("greetd", "ask", None),
                    service("login", "ask", Some(Gate::FirstLogin)),
                    service("su", "confirm", None),
                    service("sudo", "confirm", None),
                ],
            },
            stacks: vec![
                stack("chsh", None),
                stack("login", Some("login")),
                stack("su", None),
                stack("sudo", Some("sudo")),
            ],
        }
    }

    #[test]
    fn each_service_that_asks_is_told_with_what_it_would_do_now() {
        assert_eq!(
            outlook(Ok("usb/color".into())).services(),
            format!(
                "Services that ask, now:\n  login    password: {} [first-login]\n  \
                 sudo     looks at once; Enter confirms a match\nAsk for none yet: su\n",
                words::gate(Gate::FirstLogin)
            )
        );
    }

    /// What hinders first is told: each stands before those behind it.
    #[test]
    fn what_hinders_every_service_is_named_in_its_order() {
        let mut all = outlook(Err(Unavailable::NoCamera));
        all.report.enrollment = EnrollmentState::None;
        all.report.sandbox_missing = vec!["runs as root".into()];
        all.report.tally.lockout = Some(Unavailable::PasswordRequired);
        all.report.protector_present = false;
        let enrolled = outlook(Ok(String::new())).report.enrollment;
        let mut next = |mend: &dyn Fn(&mut StatusReport)| {
            let blocked = all.blocked();
            mend(&mut all.report);
            blocked
        };
        let told = [
            next(&|report| report.enrollment = EnrollmentState::Damaged),
            next(&|report| report.enrollment = enrolled.clone()),
            next(&|report| report.sandbox_missing.clear()),
            next(&|report| report.tally.lockout = None),
            next(&|report| report.protector_present = true),
            next(&|report| report.camera = Ok("usb/color".into())),
            next(&|_| ()),
        ];
        let wanted = [
            Some(Unavailable::NotEnrolled),
            Some(Unavailable::TemplatesRejected),
            Some(Unavailable::SandboxMissing),
            Some(Unavailable::PasswordRequired),
            Some(Unavailable::VaultMissing),
            Some(Unavailable::NoCamera),
            None,
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn what_keeps_every_service_from_looking_is_told_once() {
        let busy = outlook(Err(Unavailable::CameraBusy));
        assert_eq!(busy.blocked(), Some(Unavailable::CameraBusy));
        assert!(busy.services().contains("once that is mended"));
        let mut none = outlook(Ok("usb/color".into()));
        none.stacks.retain(|stack| stack.file.is_none());
        assert!(none.services().starts_with("No PAM stack asks for a face"));
    }
}
