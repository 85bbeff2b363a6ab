//! `facelockctl models`: for root, at install; no instance takes part.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::args::ModelsCommand;
use super::render;
use crate::face;
use crate::models::{self, InstallOptions, install};
use crate::onnx::ModelDirs;

/// # Errors
/// A model cannot be had, is not the pinned one, or cannot be prepared.
pub fn run(command: &ModelsCommand) -> anyhow::Result<render::Exit> {
    let ModelsCommand::Install {
        from,
        dest,
        cache,
        manifest,
        runtime,
        with,
        no_cache,
    } = command;
    let mut out = std::io::stdout();
    let manifest = manifest
        .clone()
        .unwrap_or_else(|| dest.join("manifest.toml"));
    let options = InstallOptions {
        manifest,
        mirror: from.clone(),
        dest: dest.clone(),
        with: with.clone(),
    };
    for name in install(&options)? {
        writeln!(out, "installed {name}")?;
    }
    if !no_cache {
        let runtime = std::path::absolute(runtime)?;
        let dirs = ModelDirs {
            models: dest.clone(),
            cache: cache.clone(),
            runtime,
        };
        for path in models::prepare(&dirs, &face::detector_sizes())
            .context("preparing the models for this CPU")?
        {
            writeln!(out, "prepared {}", name(&path))?;
        }
    }
    Ok(render::Exit::Done)
}

fn name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}
