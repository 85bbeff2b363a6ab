//! `facelockctl models`: for root, at install; no instance takes part.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::ModelsCommand;
use super::failure::{Answer, Failure};
use super::print::{print_json, printed};
use super::terminal::Terminal;
use super::words::{self, filled, said};
use crate::face;
use crate::models::{
    self, Event, InstallError, InstallOptions, Installed, Missing, Programs, Tried, install,
};
use crate::onnx::{ModelDirs, Role, folder};

/// # Errors
/// A model that no login does without cannot be had, is not the pinned one, or cannot be prepared.
pub fn run(command: &ModelsCommand, json: bool) -> Answer {
    let ModelsCommand::Install {
        from,
        dest,
        cache,
        manifest,
        runtime,
        with,
        python,
        no_cache,
    } = command;
    let dest = &dest.clone().unwrap_or_else(usual_folder);
    let manifest = manifest.clone().unwrap_or_else(|| {
        // Where models go beside /usr, the package's manifest still says which.
        let folder = if dest == Path::new(folder::OWN) {
            Path::new(folder::PACKAGED)
        } else {
            dest
        };
        folder.join("manifest.toml")
    });
    let options = InstallOptions {
        manifest,
        mirror: from.clone(),
        dest: dest.clone(),
        with: with.clone(),
        programs: Programs {
            python: python.clone(),
            ..Programs::default()
        },
    };
    let installed = installed(&options, json)?;
    if !json {
        let line = |model: &String| filled("installed {model}", &[("model", model)]) + "\n";
        let lines: String = installed.fetched.iter().map(line).collect();
        printed(&lines)?;
    }
    let prepared = match no_cache {
        true => Vec::new(),
        false => prepare(dest, cache, runtime)?,
    };
    if json {
        return print_json(&as_json(&installed, &prepared));
    }
    let line = |model: &String| filled("prepared {model}", &[("model", model)]) + "\n";
    let mut text: String = prepared.iter().map(line).collect();
    text.extend(installed.missing.iter().map(told));
    printed(&Terminal::stdout().wrap(&text, 2))
}

/// Installs, and tells how far it is.
fn installed(options: &InstallOptions, json: bool) -> Result<Installed, Failure> {
    let mut progress = Progress::new(json);
    let installed = install(options, &mut |event| progress.tell(&event));
    progress.clear();
    installed.map_err(failure)
}

/// Where models go by themselves: beside /usr where that is mounted read-only.
fn usual_folder() -> PathBuf {
    let packaged = Path::new(folder::PACKAGED);
    let there = packaged.ancestors().find(|folder| folder.exists());
    let access = rustix::fs::access(there.unwrap_or(packaged), rustix::fs::Access::WRITE_OK);
    match access {
        Err(rustix::io::Errno::ROFS) => folder::OWN.into(),
        _ => packaged.into(),
    }
}

fn prepare(dest: &Path, cache: &Path, runtime: &Path) -> Result<Vec<String>, Failure> {
    let dirs = ModelDirs {
        models: dest.into(),
        cache: cache.into(),
        runtime: std::path::absolute(runtime)?,
    };
    let paths = models::prepare(&dirs, &face::detector_sizes())
        .with_context(|| said("the models cannot be prepared for this CPU"))?;
    let name = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    Ok(paths.iter().map(name).collect())
}

fn failure(error: InstallError) -> Failure {
    match &error {
        InstallError::Io { error, path } if error.kind() == ErrorKind::PermissionDenied => {
            let text = format!("{}: {error}", path.display());
            Failure::from(anyhow::Error::msg(text))
        }
        InstallError::Unknown(model) => Failure::usage(filled(
            "the manifest lists no model {model}",
            &[("model", model)],
        )),
        InstallError::NotFound(missing) => {
            let help = said(
                "put the files into a folder, under these names, and run: \
                 facelockctl models install --from FOLDER",
            );
            let text: String = missing.iter().map(not_had).collect();
            Failure::new("models_missing", text.trim_end()).help("\n".to_owned() + &help)
        }
        _ => Failure::from(anyhow::Error::from(error)),
    }
}

/// What a login cannot do without a model.
fn cost(missing: &Missing) -> String {
    match (&missing.fallback, missing.role) {
        (Some(fallback), _) => filled("{fallback} is used in its place", &[("fallback", fallback)]),
        (None, Role::Pad) => said(
            "no color camera's frame can be judged for liveness, so enrolling and logging in by \
             color is refused unless every detector in [pad] is off",
        ),
        (None, Role::InfraredPad) => said("infrared frames are judged by light and motion alone"),
        (None, Role::Eyes) => said("closed eyes are not noticed"),
        (None, _) => said("faces are compared without it"),
    }
}

fn told(missing: &Missing) -> String {
    let values: &[(&str, &dyn Display)] = &[("model", &missing.name), ("cost", &cost(missing))];
    filled("not installed: {model}; {cost}", values) + "\n" + &tried(missing)
}

fn not_had(missing: &Missing) -> String {
    let head = filled("{model} cannot be had", &[("model", &missing.name)]);
    head + "\n" + &tried(missing)
}

/// A line each place that did not give one of the model's files.
fn tried(missing: &Missing) -> String {
    let line = |tried: &Tried| {
        let why = words::heard(&tried.reason);
        let values: &[(&str, &dyn Display)] = &[
            ("file", &tried.file),
            ("origin", &tried.origin),
            ("why", &why),
        ];
        "  ".to_owned() + &filled("{file} from {origin}: {why}", values) + "\n"
    };
    missing.tried.iter().map(line).collect()
}

fn as_json(installed: &Installed, prepared: &[String]) -> Value {
    let tried =
        |tried: &Tried| json!({"file": tried.file, "origin": tried.origin, "reason": tried.reason});
    let missing = |missing: &Missing| {
        json!({
            "model": missing.name, "cost": cost(missing), "fallback": missing.fallback,
            "tried": missing.tried.iter().map(tried).collect::<Vec<_>>(),
        })
    };
    json!({
        "outcome": "done", "installed": installed.fetched, "prepared": prepared,
        "missing": installed.missing.iter().map(missing).collect::<Vec<_>>(),
    })
}

/// One line on a terminal that says what is being fetched, how much has come and how fast.
struct Progress {
    /// The terminal's width; nothing is shown in a pipe.
    columns: Option<usize>,
    file: String,
    begun: Instant,
}

impl Progress {
    fn new(json: bool) -> Self {
        let size = Terminal::stderr().size.filter(|_| !json);
        Self {
            columns: size.map(|(columns, _)| columns),
            file: String::new(),
            begun: Instant::now(),
        }
    }

    fn tell(&mut self, event: &Event<'_>) {
        match event {
            Event::Trying { file, origin } => {
                self.begun = Instant::now();
                self.file = (*file).into();
                let values: &[(&str, &dyn Display)] = &[("file", file), ("origin", origin)];
                self.show(&filled("{file} from {origin}", values));
            }
            Event::Bytes(bytes) => {
                let line = amount(&self.file, *bytes, self.begun.elapsed().as_secs_f64());
                self.show(&line);
            }
            Event::Failed(_) | Event::Installed(_) => self.clear(),
        }
    }

    fn show(&self, line: &str) {
        if let Some(columns) = self.columns {
            let line = Terminal::stderr().cut(line, columns.saturating_sub(1));
            let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
        }
    }

    fn clear(&self) {
        self.show("");
    }
}

fn amount(file: &str, bytes: u64, seconds: f64) -> String {
    let megabytes = bytes as f64 / 1e6;
    let rate = if seconds > 0.0 {
        megabytes / seconds
    } else {
        0.0
    };
    format!("{file}: {megabytes:.1} MB, {rate:.1} MB/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_come_is_told_with_its_rate() {
        assert_eq!(amount("a", 3_000_000, 2.0), "a: 3.0 MB, 1.5 MB/s");
        assert_eq!(amount("a", 0, 0.0), "a: 0.0 MB, 0.0 MB/s");
    }

    #[test]
    fn a_missing_model_is_told_with_what_it_costs_and_where_it_was_looked_for() {
        let mut missing = Missing {
            name: "minifasnet-v2".into(),
            role: Role::Pad,
            tried: vec![Tried {
                file: "a.onnx".into(),
                origin: "/mirror".into(),
                reason: "it is not there".into(),
            }],
            fallback: None,
        };
        let text = told(&missing);
        assert!(text.contains("every detector in [pad] is off"), "{text}");
        assert!(text.contains("a.onnx from /mirror: it is not there"));
        missing.fallback = Some("other".into());
        assert!(told(&missing).contains("other is used in its place"));
    }
}
