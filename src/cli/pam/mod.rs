//! `facelockctl pam`: which PAM services ask for a face, and the careful edits that change it.

mod chain;
mod change;
mod diff;
mod files;
mod managed;
mod modules;
mod plan;
mod report;
mod rule;
mod service;
mod slot;

use std::fmt::Display;

use super::args::{PamCommand, PamEdit, ServiceMode};
use super::failure::{Answer, Failure};
use super::words::{filled, said};
use chain::Stacks as _;
use change::{Change, Edit, Kind};
use files::Files;
use plan::{Plan, Refusal};
pub use report::{Wired, takes_password, wired_here};
use service::{REMOTE, checked, no_such_service};

/// # Errors
/// Nothing was changed, and why.
pub fn run(command: &PamCommand, json: bool) -> Answer {
    match command {
        PamCommand::Enable { edit, mode } => enable(edit, *mode, json),
        PamCommand::Disable { edit } => disable(edit, json),
        PamCommand::Status { service, root } => {
            report::run(&Files::of(root), service.as_deref(), json)
        }
    }
}

fn enable(edit: &PamEdit, mode: Option<ServiceMode>, json: bool) -> Answer {
    let files = Files::of(&edit.root);
    let service = checked(&edit.service)?;
    if REMOTE.contains(&service) {
        let message = filled(
            "{service} lets people in from other machines, where no camera of this one looks",
            &[("service", &service)],
        );
        return Err(Failure::new("remote_service", message));
    }
    if let Some(manager) = files.manager(service) {
        return managed::switch(manager, true, edit, json);
    }
    let text = files.text(service);
    let slot = slot::text(&files, service).filter(|_| !files.own(service).exists());
    let insertion = match (slot, &text) {
        (Some(text), _) => Some(plan::Insertion {
            text,
            notes: Vec::new(),
        }),
        (None, None) => return Err(no_such_service(service)),
        (None, Some(text)) => match plan::plan(&files, service, text) {
            Ok(Plan::Already { .. }) => None,
            Ok(Plan::Insert(insertion)) => Some(insertion),
            Err(refusal) => return Err(refused(service, &refusal)),
        },
    };
    let configured = change::mode(&edit.root, service, mode)?;
    enabled(&files, service, configured, insertion).make(&files, edit, json)
}

fn enabled(
    files: &Files,
    service: &str,
    configured: Option<Edit>,
    insertion: Option<plan::Insertion>,
) -> Change {
    let mut notes = Vec::new();
    let mut edits: Vec<Edit> = configured.into_iter().collect();
    if let Some(insertion) = insertion {
        let path = files.own(service);
        let old = std::fs::read_to_string(&path).ok();
        notes = insertion.notes;
        if old.is_none() && files.find(service).is_some() {
            notes.push(filled(
                "{path} is a copy of the package's file with face login in it; facelockctl pam disable takes the copy away.",
                &[("path", &path.display())],
            ));
        }
        notes.extend(report::included_by(files, service));
        edits.push(Edit {
            path,
            old,
            new: Some(insertion.text),
            kind: Kind::Insert,
        });
    }
    let after = filled(
        if edits.is_empty() {
            "{service} asks for a face already."
        } else {
            "{service} asks for a face. Keep another session open until a password still works; facelockctl pam disable \
             {service} takes the lines out again."
        },
        &[("service", &service)],
    ) + "\n";
    Change {
        service: service.into(),
        edits,
        notes,
        after,
    }
}

fn disable(edit: &PamEdit, json: bool) -> Answer {
    let files = Files::of(&edit.root);
    let service = checked(&edit.service)?;
    if let Some(manager) = files.manager(service) {
        return managed::switch(manager, false, edit, json);
    }
    let path = files.own(service);
    let old = std::fs::read_to_string(&path).ok();
    let text = old.clone().unwrap_or_default();
    let (new, ours) = if text.lines().nth(1) == Some(slot::MARK) {
        (None, true)
    } else {
        let before = plan::without(&text);
        let ours = before.is_some();
        (
            before.filter(|before| !files.goes(service, Some(before))),
            ours,
        )
    };
    if !ours {
        by_other_hand(&files, service)?;
    }
    let edits = ours.then_some(Edit {
        path,
        old,
        new,
        kind: Kind::Restore,
    });
    let after = filled(
        if ours {
            "{service} asks for no face any more; its file is as it was before."
        } else {
            "{service} asks for no face."
        },
        &[("service", &service)],
    ) + "\n";
    let change = Change {
        service: service.into(),
        edits: edits.into_iter().collect(),
        notes: Vec::new(),
        after,
    };
    change.make(&files, edit, json)
}

/// Where there is nothing of facelockctl's to take out, nothing else may ask for a face either.
fn by_other_hand(files: &Files, service: &str) -> Result<(), Failure> {
    let text = files.text(service);
    let text = text.ok_or_else(|| no_such_service(service))?;
    let Ok(Plan::Already { file }) = plan::plan(files, service, &text) else {
        return Ok(());
    };
    if files.manager(&file).is_some() {
        let values: &[(&str, &dyn Display)] = &[("service", &service), ("file", &file)];
        let message = filled(
            "{service} asks for a face through {file}, as every service that includes it",
            values,
        );
        return Err(Failure::new("managed", message).help(filled(
            "sudo facelockctl config set services.{service} off, or sudo facelockctl pam disable {file}",
            values,
        )));
    }
    let message = filled(
        "{file} names pam_facelock.so, and facelockctl did not write that",
        &[("file", &file)],
    );
    Err(Failure::new("not_ours", message).help(said("take the line out of that file")))
}

fn refused(service: &str, refusal: &Refusal) -> Failure {
    Failure::new("by_hand", format!("{service}: {}", refusal.told()))
        .help(said("docs/pam.md says how to write the line by hand"))
}
