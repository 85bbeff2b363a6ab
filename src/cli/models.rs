//! `facelockctl models`: for root, at install; no instance takes part.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::args::ModelsCommand;
use super::failure::{Answer, Failure};
use super::{print_json, printed};
use crate::face;
use crate::models::{self, InstallOptions, install};
use crate::onnx::ModelDirs;

/// # Errors
/// A model cannot be had, is not the pinned one, or cannot be prepared.
pub fn run(command: &ModelsCommand, json: bool) -> Answer {
    let ModelsCommand::Install {
        from,
        dest,
        cache,
        manifest,
        runtime,
        with,
        no_cache,
    } = command;
    let manifest = manifest
        .clone()
        .unwrap_or_else(|| dest.join("manifest.toml"));
    let options = InstallOptions {
        manifest,
        mirror: from.clone(),
        dest: dest.clone(),
        with: with.clone(),
    };
    let installed = install(&options).map_err(anyhow::Error::from)?;
    if !json {
        for name in &installed {
            printed(&format!("installed {name}\n"))?;
        }
    }
    let mut prepared = Vec::new();
    if !no_cache {
        let runtime = std::path::absolute(runtime)?;
        let dirs = ModelDirs {
            models: dest.clone(),
            cache: cache.clone(),
            runtime,
        };
        let paths = models::prepare(&dirs, &face::detector_sizes())
            .context("the models cannot be prepared for this CPU")
            .map_err(Failure::from)?;
        prepared = paths.iter().map(|path| name(path)).collect();
    }
    if json {
        return print_json(&json!({
            "outcome": "done", "installed": installed, "prepared": prepared,
        }));
    }
    let lines: String = prepared
        .iter()
        .map(|name| format!("prepared {name}\n"))
        .collect();
    printed(&lines)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
