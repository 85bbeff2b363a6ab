//! Which services ask for a face, and whether each does it rightly.

use std::path::Path;

use serde_json::json;

use super::chain::{Stacks as _, chain};
use super::files::Files;
use super::plan::{self, Plan};
use super::rule::{Control, Statement, statements};
use super::service::{REMOTE, checked, no_such_service};
use crate::cli::failure::Answer;
use crate::cli::print::{print_json, printed};
use crate::cli::terminal::Terminal;
use crate::cli::words::{counted, filled, said};

/// How a service asks for a face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wired {
    pub service: String,
    /// The file whose line names the module; none where no face is asked for.
    pub file: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// The same, of the running system.
pub fn wired_here() -> Vec<Wired> {
    wired(&Files::of(Path::new("/")))
}

/// Whether the service's line for the face hands a kept password on.
pub fn takes_password(service: &str) -> bool {
    let files = Files::of(Path::new("/"));
    let text = files.text(service).unwrap_or_default();
    hands_on(&files, service, &text)
}

fn hands_on(files: &Files, service: &str, text: &str) -> bool {
    let steps = chain(files, service, text).unwrap_or_default();
    let rules = steps.iter().map(|step| &step.rule);
    let mut faces = rules.filter(|rule| rule.module == "pam_facelock.so");
    faces.any(|rule| rule.arguments.iter().any(|given| given == "keyring"))
}

/// Every service with a file, and how it asks for a face.
fn wired(files: &Files) -> Vec<Wired> {
    let services = files.services();
    services.iter().filter_map(|name| of(files, name)).collect()
}

fn of(files: &Files, service: &str) -> Option<Wired> {
    let text = files.text(service)?;
    let file = match plan::plan(files, service, &text) {
        Ok(Plan::Already { file }) => Some(file),
        _ => None,
    };
    let problem = file.as_ref().and_then(|_| problem(files, service, &text));
    Some(Wired {
        service: service.into(),
        file,
        problem,
    })
}

/// What is wrong with a stack that names the module.
fn problem(files: &Files, service: &str, text: &str) -> Option<String> {
    if REMOTE.contains(&service) {
        return Some(said(
            "lets people in from other machines: no face is looked for; take it out",
        ));
    }
    let steps = chain(files, service, text).ok()?;
    let at = |module: &str| steps.iter().position(|step| step.rule.module == module);
    let face = steps
        .iter()
        .position(|step| step.rule.module == "pam_facelock.so")?;
    let rule = &steps[face].rule;
    let slot = service.starts_with("kde-") || service == "gdm-face";
    if matches!(rule.control, Control::Required | Control::Requisite) && !slot {
        return Some(said(
            "pam_facelock.so is required: without a face the password lets no one in",
        ));
    }
    let asks = [
        "pam_unix.so",
        "pam_sss.so",
        "pam_fprintd.so",
        "pam_systemd_home.so",
        "pam_ldap.so",
    ];
    let other = asks.iter().any(|module| at(module).is_some());
    if !other && !slot && at("pam_deny.so").is_none() {
        return Some(said(
            "nothing else is asked, and the stack does not end in pam_deny.so",
        ));
    }
    drifted(files, service, text)
}

/// Lines of facelockctl's whose jump no longer lands where it would be put today.
fn drifted(files: &Files, service: &str, text: &str) -> Option<String> {
    let before = plan::without(text)?;
    match plan::plan(files, service, &before) {
        Ok(Plan::Insert(insertion)) if insertion.text == text => None,
        _ => Some(filled(
            "the files it includes have changed: facelockctl pam disable {service}, then enable it again",
            &[("service", &service)],
        )),
    }
}

/// Which other services a change to this one's file is for, too.
pub fn included_by(files: &Files, service: &str) -> Option<String> {
    let includes = |other: &String| {
        let text = files.text(other).unwrap_or_default();
        statements(&text)
            .iter()
            .any(|(_, statement)| match statement {
                Statement::Include(_, name) | Statement::Substack(_, name) => name == service,
                Statement::Nothing | Statement::Rule(..) => false,
            })
    };
    let others: Vec<String> = files.services().into_iter().filter(includes).collect();
    (!others.is_empty()).then(|| {
        counted(
            "{services} includes this file and gets these lines, too.",
            "{services} include this file and get these lines, too.",
            others.len() as u32,
            &[("services", &others.join(", "))],
        )
    })
}

/// # Errors
/// There is no such service.
pub fn run(files: &Files, service: Option<&str>, json: bool) -> Answer {
    let rows = match service {
        Some(name) => {
            let name = checked(name)?;
            vec![of(files, name).ok_or_else(|| no_such_service(name))?]
        }
        None => wired(files),
    };
    if json {
        let row = |row: &Wired| {
            json!({
                "service": row.service,
                "face": row.file.is_some(),
                "file": row.file,
                "problem": row.problem,
            })
        };
        let rows = rows.iter().map(row).collect::<serde_json::Value>();
        return print_json(&json!({ "outcome": "done", "services": rows }));
    }
    let shown: Vec<&Wired> = match service {
        Some(_) => rows.iter().collect(),
        None => rows.iter().filter(|row| row.file.is_some()).collect(),
    };
    let mut text: String = shown.iter().map(|row| line(row)).collect();
    if service.is_none() {
        let off = rows.iter().filter(|row| row.file.is_none());
        let off: Vec<&str> = off.map(|row| row.service.as_str()).collect();
        text += &filled(
            "No face is asked for by: {services}",
            &[("services", &off.join(" "))],
        );
        text += "\n";
    }
    printed(&Terminal::stdout().wrap(&text, 2))
}

fn line(row: &Wired) -> String {
    let how = match &row.file {
        None => said("asks for no face"),
        Some(file) if *file == row.service => said("asks for a face"),
        Some(file) => filled("asks for a face, by {file}", &[("file", file)]),
    };
    let problem = row
        .problem
        .as_ref()
        .map_or(String::new(), |p| filled("; WRONG: {what}", &[("what", p)]));
    format!("{}: {how}{problem}\n", row.service)
}
