//! Models in the form ONNX Runtime optimised for this CPU (`.ort`), made once by root, read at
//! every login.
//!
//! The form depends on the release, on the CPU's vector instructions and on the sizes fixed in it,
//! so the file's name holds all of them beside the source's digest; another CPU or release simply
//! finds nothing. The file's own digest stands in a file beside it. Both belong to root; the
//! instance can only read them.
#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ort::session::builder::GraphOptimizationLevel;

use super::session::{Sizes, builder, failed, verified};
use super::{ModelDirs, ModelEntry, ModelError, Runtime, install, map, runtime};
use crate::types::Digest;

/// The extension of the file that records a prepared form's digest.
const DIGEST: &str = "sha256";
/// More bytes than such a file has.
const DIGEST_MOST: u64 = 128;

/// The prepared form's bytes, if there is one, it may be believed and it is whole.
pub fn find(dirs: &ModelDirs, entry: &ModelEntry, sizes: Sizes) -> Option<&'static [u8]> {
    let owner = std::fs::metadata(dirs.models.join("manifest.toml"))
        .ok()?
        .uid();
    let ours = |file: &File| {
        file.metadata()
            .is_ok_and(|meta| meta.uid() == owner && meta.mode() & 0o022 == 0)
    };
    let path = path(&dirs.cache, entry, sizes);
    let mut recorded = String::new();
    let file = File::open(path.with_extension(DIGEST)).ok().filter(ours)?;
    file.take(DIGEST_MOST).read_to_string(&mut recorded).ok()?;
    let bytes = map::map_file(&File::open(&path).ok().filter(ours)?).ok()?;
    (Digest::from_hex(recorded.trim())? == Digest::of(bytes)).then_some(bytes)
}

/// Makes the prepared form of a model, unless it is there and whole.
///
/// # Errors
/// [`ModelError`]; the cache is left without the file then.
pub fn prepare(
    runtime: &Runtime,
    dirs: &ModelDirs,
    entry: &ModelEntry,
    sizes: Sizes,
) -> Result<PathBuf, ModelError> {
    let path = path(&dirs.cache, entry, sizes);
    if find(dirs, entry, sizes).is_some() {
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
        &path.with_extension(DIGEST),
        format!("{}\n", Digest::of(&saved)).as_bytes(),
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
pub fn sweep(cache: &Path, keep: &[PathBuf]) -> std::io::Result<()> {
    for entry in std::fs::read_dir(cache)? {
        let path = entry?.path();
        let ours = path
            .extension()
            .is_some_and(|kind| kind == "ort" || kind == DIGEST || kind == "part");
        if ours && !keep.contains(&path.with_extension("ort")) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn path(cache: &Path, entry: &ModelEntry, sizes: Sizes) -> PathBuf {
    let mut kind = format!("{} {}", runtime::VERSION, cpu_features());
    for (name, size) in sizes {
        let _ = write!(kind, " {name}={size}");
    }
    let digest = Digest::of(format!("{} {kind}", entry.sha256.0).as_bytes()).to_string();
    cache.join(format!("{}-{}.ort", entry.name, &digest[..16]))
}

/// The vector instructions that ONNX Runtime chooses its layouts by.
#[cfg(target_arch = "x86_64")]
fn cpu_features() -> String {
    let features = [
        ("avx", std::is_x86_feature_detected!("avx")),
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("fma", std::is_x86_feature_detected!("fma")),
        ("avx512f", std::is_x86_feature_detected!("avx512f")),
        ("avx512bw", std::is_x86_feature_detected!("avx512bw")),
        ("avx512vnni", std::is_x86_feature_detected!("avx512vnni")),
    ];
    features
        .iter()
        .filter(|(_, there)| *there)
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join("+")
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> String {
    std::env::consts::ARCH.into()
}
