//! `facelockctl pam`: which PAM services ask for a face, and the careful edits that change it.

mod chain;
mod diff;
mod files;
mod managed;
mod modules;
mod plan;
mod report;
mod rule;
mod slot;

use std::path::Path;

use facelock_protocol::ServiceName;
use serde_json::json;

use super::args::{PamCommand, PamEdit};
use super::failure::{Answer, Exit, Failure, require_root};
use super::terminal::Terminal;
use super::{print_json, printed, prompt};
use chain::Stacks as _;
use files::Files;
use plan::{Plan, Refusal};
pub use report::{Wired, wired_here};

/// Services that a network reaches: a face in front of this machine is not the person there.
const REMOTE: [&str; 8] = [
    "cockpit",
    "dovecot",
    "proftpd",
    "rlogin",
    "sshd",
    "vsftpd",
    "xrdp",
    "xrdp-sesman",
];

/// # Errors
/// Nothing was changed, and why.
pub fn run(command: &PamCommand, json: bool) -> Answer {
    match command {
        PamCommand::Enable { edit } => enable(edit, json),
        PamCommand::Disable { edit } => disable(edit, json),
        PamCommand::Status { service, root } => {
            report::run(&Files::of(root), service.as_deref(), json)
        }
    }
}

/// A change to one service's file, ready to be made.
struct Change {
    service: String,
    path: String,
    old: Option<String>,
    /// None takes the file away.
    new: Option<String>,
    notes: Vec<String>,
    /// What is true once it is made.
    after: String,
}

fn enable(edit: &PamEdit, json: bool) -> Answer {
    let files = Files::of(&edit.root);
    let service = checked(&edit.service)?;
    if REMOTE.contains(&service) {
        let message = format!(
            "{service} lets people in from other machines, where no camera of this one looks"
        );
        return Err(Failure::new("remote_service", message));
    }
    if let Some(manager) = files.manager(service) {
        return managed::switch(manager, true, edit, json);
    }
    let text = files.text(service);
    let new = match (&text, files.own(service).exists()) {
        (_, false) if slot::text(&files, service).is_some() => slot::text(&files, service),
        (None, _) => return Err(no_such_service(service)),
        (Some(text), _) => match plan::plan(&files, service, text) {
            Ok(Plan::Already { file }) => return already(service, &file, json),
            Ok(Plan::Insert(insertion)) => {
                return make(&files, edit, json, inserted(&files, service, insertion));
            }
            Err(refusal) => return Err(refused(service, &refusal)),
        },
    };
    let insertion = plan::Insertion {
        text: new.unwrap_or_default(),
        notes: Vec::new(),
    };
    make(&files, edit, json, inserted(&files, service, insertion))
}

fn inserted(files: &Files, service: &str, insertion: plan::Insertion) -> Change {
    let own = files.own(service);
    let mut notes = insertion.notes;
    let old = std::fs::read_to_string(&own).ok();
    if old.is_none() && files.find(service).is_some() {
        notes.push(format!(
            "{} is a copy of the package's file with face login in it; facelockctl pam disable takes the copy away.",
            own.display()
        ));
    }
    notes.extend(report::included_by(files, service));
    Change {
        service: service.into(),
        path: own.display().to_string(),
        old,
        new: Some(insertion.text),
        notes,
        after: format!(
            "{service} asks for a face. Keep another session open until a password still works; \
             facelockctl pam disable {service} takes the lines out again.\n"
        ),
    }
}

fn disable(edit: &PamEdit, json: bool) -> Answer {
    let files = Files::of(&edit.root);
    let service = checked(&edit.service)?;
    if let Some(manager) = files.manager(service) {
        return managed::switch(manager, false, edit, json);
    }
    let own = files.own(service);
    let old = std::fs::read_to_string(&own).ok();
    let text = old.clone().unwrap_or_default();
    let new = if text.lines().nth(1) == Some(slot::MARK) {
        None
    } else if let Some(before) = plan::without(&text) {
        Some(before).filter(|before| !files.goes(service, Some(before)))
    } else {
        return by_other_hand(&files, service, json);
    };
    make(
        &files,
        edit,
        json,
        Change {
            service: service.into(),
            path: own.display().to_string(),
            old,
            new,
            notes: Vec::new(),
            after: format!("{service} asks for no face any more; its file is as it was before.\n"),
        },
    )
}

/// There is nothing of facelockctl's to take out.
fn by_other_hand(files: &Files, service: &str, json: bool) -> Answer {
    let text = files.text(service);
    let text = text.ok_or_else(|| no_such_service(service))?;
    match plan::plan(files, service, &text) {
        Ok(Plan::Already { file }) if files.manager(&file).is_some() => {
            let message = format!(
                "{service} asks for a face through {file}, as every service that includes it"
            );
            Err(Failure::new("managed", message).help(format!(
                "sudo facelockctl pam disable {file}, or set {service} to off under [services]"
            )))
        }
        Ok(Plan::Already { file }) => {
            let message = format!("{file} names pam_facelock.so by other hands than facelockctl's");
            Err(Failure::new("not_ours", message).help("take the line out of that file"))
        }
        _ if json => print_json(
            &json!({ "outcome": "done", "service": service, "changed": false,
            "file": null, "diff": "", "notes": [], "dry_run": false }),
        ),
        _ => printed(&format!("{service} asks for no face.\n")),
    }
}

/// Shows the change, asks, makes it.
fn make(files: &Files, edit: &PamEdit, json: bool, change: Change) -> Answer {
    let diff = diff::diff(&change.path, change.old.as_deref(), change.new.as_deref());
    let terminal = Terminal::stdout();
    if !json {
        printed(&diff)?;
        for note in &change.notes {
            printed(&terminal.wrap(&format!("Note: {note}\n"), 2))?;
        }
    }
    if !edit.dry_run {
        if edit.root == Path::new("/") {
            require_root()?;
        }
        if !edit.yes && !prompt::confirm("Make this change?", "--yes or --dry-run")? {
            return Err(Failure::new("declined", "Nothing was changed."));
        }
        match &change.new {
            Some(text)
                if change
                    .old
                    .as_ref()
                    .is_none_or(|old| !old.contains(plan::BEGIN)) =>
            {
                files.replace(&change.service, text)?;
            }
            other => files.restore(&change.service, other.as_deref())?,
        }
    }
    if json {
        return print_json(&json!({
            "outcome": "done", "service": change.service, "changed": !edit.dry_run,
            "file": change.path, "diff": diff, "notes": change.notes, "dry_run": edit.dry_run,
        }));
    }
    if edit.dry_run {
        return printed("Nothing was changed: this was a dry run.\n");
    }
    printed(&terminal.wrap(&change.after, 2))
}

fn already(service: &str, file: &str, json: bool) -> Answer {
    if json {
        print_json(
            &json!({ "outcome": "done", "service": service, "changed": false,
            "file": file, "diff": "", "notes": [], "dry_run": false }),
        )?;
    } else {
        printed(&format!("{service} asks for a face already, by {file}.\n"))?;
    }
    Ok(Exit::Done)
}

/// A name that cannot lead out of PAM's folders.
fn checked(service: &str) -> Result<&str, Failure> {
    match ServiceName::new(service) {
        Ok(_) if !service.starts_with('.') => Ok(service),
        _ => Err(Failure::usage(format!(
            "{service} is no name of a PAM service"
        ))),
    }
}

fn no_such_service(service: &str) -> Failure {
    let message = format!("there is no PAM service {service} in /etc/pam.d or /usr/lib/pam.d");
    Failure::new("no_such_service", message).help("facelockctl pam status lists them")
}

fn refused(service: &str, refusal: &Refusal) -> Failure {
    Failure::new("by_hand", format!("{service}: {refusal}"))
        .help("docs/pam.md says how to write the line by hand")
}
