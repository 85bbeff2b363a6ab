//! Models in the form ONNX Runtime optimised for this CPU (`.ort`), made once by root, read at
//! every login.
//!
//! The form depends on the release, on the CPU's vector instructions and on the sizes fixed in it,
//! so the file's name holds all of them beside the source's digest; another CPU or release simply
//! finds nothing. The file's own BLAKE3 digest stands in a file beside it: it is computed at
//! every login, where SHA-256 over 40 MB would cost as much as a look at a face. Both belong to
//! root; the instance can only read them.
#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{ModelDirs, ModelEntry, Sizes, map, runtime};
use crate::types::Digest;

/// The extension of the file that records a prepared form's digest.
pub const DIGEST: &str = "blake3";
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
    (Digest::from_hex(recorded.trim())? == Digest::blake3(bytes)).then_some(bytes)
}

/// Where the prepared form of a model lies for this release, this CPU and these sizes.
pub fn path(cache: &Path, entry: &ModelEntry, sizes: Sizes) -> PathBuf {
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
