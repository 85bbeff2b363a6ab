//! Files that another program writes: that program is asked.

use std::fmt::Display;
use std::process::Command;

use serde_json::json;

use super::files::Manager;
use crate::cli::args::PamEdit;
use crate::cli::failure::{Answer, Failure, require_root};
use crate::cli::print::{print_json, wrapped};
use crate::cli::prompt;
use crate::cli::words::{self, filled, said};

/// Switches face login on or off in what `manager` writes.
///
/// # Errors
/// The program is not there, or does not do it.
pub fn switch(manager: Manager, on: bool, edit: &PamEdit, json: bool) -> Answer {
    let arguments: &[&str] = match (manager, on) {
        (Manager::PamAuthUpdate, true) => &["pam-auth-update", "--enable", "facelock"],
        (Manager::PamAuthUpdate, false) => &["pam-auth-update", "--disable", "facelock"],
        (Manager::Authselect, true) => &["authselect", "enable-feature", "with-facelock"],
        (Manager::Authselect, false) => &["authselect", "disable-feature", "with-facelock"],
    };
    let line = arguments.join(" ");
    if !edit.dry_run {
        require_root()?;
        if !json {
            let text = filled(
                "{service} is written by another program; this asks it:",
                &[("service", &edit.service)],
            );
            wrapped(&format!("{text}\n  {line}"))?;
        }
        if !edit.yes && !prompt::confirm(&said("Run it?"), &said(words::YES_OR_DRY_RUN))? {
            return Err(Failure::declined());
        }
        call(arguments, &line)?;
    }
    if json {
        return print_json(&json!({
            "outcome": "done", "service": edit.service, "changed": !edit.dry_run,
            "file": null, "diff": "", "notes": [line], "dry_run": edit.dry_run,
        }));
    }
    let text = if edit.dry_run {
        filled("This would run: {command}", &[("command", &line)])
    } else {
        said(
            "Done. Services that include this file ask for a face where [services] in /etc/facelock/config.toml lets them.",
        )
    };
    wrapped(&text)
}

fn call(arguments: &[&str], line: &str) -> Result<(), Failure> {
    let output = Command::new(arguments[0]).args(&arguments[1..]).output();
    let output = output.map_err(|error| {
        let values: &[(&str, &dyn Display)] = &[("command", &line), ("error", &error)];
        Failure::new(
            "failed",
            filled("{command} cannot be run ({error})", values),
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let why = match told.lines().next() {
        Some(line) => line.to_owned(),
        None => said("it says no reason"),
    };
    let values: &[(&str, &dyn Display)] = &[("command", &line), ("why", &why)];
    let failure = Failure::new("failed", filled("{command} failed: {why}", values));
    Err(if arguments[0] == "authselect" {
        failure.help(said(
            "sudo authselect select facelock with-facelock, after reading authselect show facelock",
        ))
    } else {
        failure
    })
}
