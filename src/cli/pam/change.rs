//! A change to a service: shown whole, asked for once, then made file by file.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::diff;
use super::files::Files;
use crate::cli::args::{PamEdit, ServiceMode};
use crate::cli::configuration;
use crate::cli::failure::{Answer, Failure, require_root};
use crate::cli::print::{print_json, printed, wrapped};
use crate::cli::terminal::Terminal;
use crate::cli::words::{self, filled, said};
use crate::cli::{prompt, replace};
use crate::config::Config;
use crate::decision::services::Mode;

/// What becomes of one file.
pub struct Edit {
    pub path: PathBuf,
    pub old: Option<String>,
    /// None takes the file away.
    pub new: Option<String>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The configuration of face login.
    Configuration,
    /// A PAM file gets its lines; what was there is kept.
    Insert,
    /// A PAM file loses them.
    Restore,
}

/// A change to one service, ready to be made.
pub struct Change {
    pub service: String,
    /// In the order in which they are made.
    pub edits: Vec<Edit>,
    pub notes: Vec<String>,
    /// What is true once it is made, or is true already where there is nothing to edit.
    pub after: String,
}

impl Change {
    /// Shows the change, asks, makes it.
    ///
    /// # Errors
    /// It was declined, or a file could not be written.
    pub fn make(&self, files: &Files, options: &PamEdit, json: bool) -> Answer {
        let diffs = self.edits.iter().map(|edit| {
            let path = edit.path.display().to_string();
            diff::diff(&path, edit.old.as_deref(), edit.new.as_deref())
        });
        let diff: String = diffs.collect();
        let terminal = Terminal::stdout();
        if !json {
            printed(&diff)?;
            for note in &self.notes {
                let note = filled("Note: {warning}", &[("warning", note)]) + "\n";
                printed(&terminal.wrap(&note, 2))?;
            }
        }
        let makes = !self.edits.is_empty() && !options.dry_run;
        if makes {
            if options.root == Path::new("/") {
                require_root()?;
            }
            if !options.yes
                && !prompt::confirm(&said("Make this change?"), &said(words::YES_OR_DRY_RUN))?
            {
                return Err(Failure::declined());
            }
            for edit in &self.edits {
                self.apply(files, edit)?;
            }
        }
        if json {
            let file = self.edits.last().map(|edit| &edit.path);
            return print_json(&json!({
                "outcome": "done", "service": self.service, "changed": makes, "file": file,
                "diff": diff, "notes": self.notes, "dry_run": options.dry_run,
            }));
        }
        if options.dry_run {
            return wrapped(&said(words::DRY_RUN));
        }
        printed(&terminal.wrap(&self.after, 2))
    }

    fn apply(&self, files: &Files, edit: &Edit) -> std::io::Result<()> {
        match (edit.kind, &edit.new) {
            (Kind::Configuration, Some(text)) => {
                if let Some(folder) = edit.path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                replace::write(&edit.path, text.as_bytes())
            }
            (Kind::Insert, Some(text)) => files.replace(&self.service, text),
            (_, text) => files.restore(&self.service, text.as_deref()),
        }
    }
}

/// What the configuration must say so that `service` is looked at: as `wanted`, else as it says
/// already, else to be confirmed.
///
/// # Errors
/// The configuration cannot be used.
pub fn mode(
    root: &Path,
    service: &str,
    wanted: Option<ServiceMode>,
) -> Result<Option<Edit>, Failure> {
    let path = root.join("etc/facelock/config.toml");
    let old = std::fs::read_to_string(&path).ok();
    let text = old.clone().unwrap_or_default();
    let config = Config::parse(&text).map_err(|error| {
        let why = error.to_string();
        let why = why.trim_start_matches(": ").trim_end();
        Failure::new(
            "config_rejected",
            filled(
                "the configuration cannot be used: {error}",
                &[("error", &why)],
            ),
        )
        .help(said(
            "mend it; facelockctl config check says when it is right",
        ))
    })?;
    let listed = config.service(service).map(|listed| listed.mode);
    let mode = match (wanted, listed) {
        (None, Some(mode)) if mode != Mode::Off => return Ok(None),
        (None, _) => "confirm",
        (Some(wanted), listed) if listed == Some(wanted.mode()) => return Ok(None),
        (Some(wanted), _) => wanted.mode().name(),
    };
    let new = configuration::with_mode(&text, service, mode)?;
    Ok(Some(Edit {
        path,
        old,
        new: Some(new),
        kind: Kind::Configuration,
    }))
}
