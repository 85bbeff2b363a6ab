//! Models in the form that ONNX Runtime optimises for this CPU, made once by root, at install.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use ort::session::builder::GraphOptimizationLevel;

use super::install;
use crate::onnx::{
    Manifest, ModelDirs, ModelEntry, ModelError, Role, Runtime, Sizes, builder, cache, failed,
    verified,
};
use crate::types::Digest;

/// Makes the forms of the models that this CPU and this release load fastest, for root, at install.
///
/// `detector` holds the sizes that the detector runs at.
pub fn prepare(
    dirs: &ModelDirs,
    detector: &[[(&str, i64); 2]],
) -> Result<Vec<PathBuf>, ModelError> {
    let manifest = Manifest::load(&dirs.models.join("manifest.toml"))?;
    let runtime = Runtime::load(&dirs.runtime)?;
    let mut made = Vec::new();
    for entry in manifest
        .model
        .iter()
        .filter(|entry| dirs.models.join(&entry.file).exists())
    {
        match entry.role {
            Role::Detector => {
                for sizes in detector {
                    made.push(prepare_model(&runtime, dirs, entry, sizes)?);
                }
            }
            _ => made.push(prepare_model(&runtime, dirs, entry, &[])?),
        }
    }
    sweep(&dirs.cache, &made).map_err(|error| {
        ModelError::Runtime(format!(
            "{} cannot be tidied: {error}",
            dirs.cache.display()
        ))
    })?;
    Ok(made)
}

/// Makes the prepared form of a model, unless it is there and whole.
///
/// # Errors
/// [`ModelError`]; the cache is left without the file then.
pub fn prepare_model(
    runtime: &Runtime,
    dirs: &ModelDirs,
    entry: &ModelEntry,
    sizes: Sizes,
) -> Result<PathBuf, ModelError> {
    let path = cache::path(&dirs.cache, entry, sizes);
    if cache::find(dirs, entry, sizes).is_some() {
        return Ok(path);
    }
    let cannot =
        |error: std::io::Error| ModelError::Runtime(format!("{}: {error}", path.display()));
    let bytes = verified(dirs, entry)?;
    install::create_dir(&dirs.cache).map_err(cannot)?;
    let part = path.with_extension("part");
    let mut builder = builder(runtime, GraphOptimizationLevel::All)?
        .with_config_entry("session.save_model_format", "ORT")
        .map_err(failed)?
        .with_optimized_model_path(&part)
        .map_err(failed)?;
    for (name, size) in sizes {
        builder = builder
            .with_dimension_override(name, *size)
            .map_err(failed)?;
    }
    // Saving happens while the session is made; the session itself is not needed, and never
    // destroyed.
    std::mem::forget(builder.commit_from_memory(bytes).map_err(failed)?);
    let saved = std::fs::read(&part).map_err(cannot)?;
    install::write(&path, &saved).map_err(cannot)?;
    install::write(
        &path.with_extension(cache::DIGEST),
        format!("{}\n", Digest::blake3(&saved)).as_bytes(),
    )
    .map_err(cannot)?;
    std::fs::remove_file(&part).map_err(cannot)?;
    Ok(path)
}

/// Removes whatever an earlier release or another CPU left in the cache: all but the prepared forms
/// named.
///
/// # Errors
/// The cache cannot be read, or a file cannot be removed.
fn sweep(folder: &Path, keep: &[PathBuf]) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // Earlier releases recorded SHA-256.
        let kinds = ["ort", cache::DIGEST, "part", "sha256"];
        let ours = path
            .extension()
            .is_some_and(|kind| kinds.iter().any(|ours| kind == *ours));
        let kept = keep.contains(&path.with_extension("ort"));
        if ours && (!kept || path.extension() == Some("sha256".as_ref())) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
