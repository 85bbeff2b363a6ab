//! ONNX Runtime, loaded once from one absolute path. The release in use has no telemetry; both
//! programs have switched off that of one that would (`sandbox::silence_libraries`).
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;

use super::{ModelError, memory};

/// The release that scripts/fetch-onnxruntime pins; another one is refused.
pub const VERSION: &str = "1.23.2";
/// Its commit, which is what the library itself tells.
const COMMIT: &str = "git-commit-id=a83fc4d58c";

/// The library; one a process, loaded when it is first needed.
#[derive(Clone, Debug)]
pub struct Runtime(PathBuf);

impl Runtime {
    /// Names the library. The first session loads it, while other threads verify their files.
    pub fn at(library: &Path) -> Self {
        Self(library.into())
    }

    /// Loads ONNX Runtime. Later calls give the same runtime, whatever they name.
    ///
    /// # Errors
    /// [`ModelError::Runtime`]: a relative path, no library there, another version.
    pub fn load(library: &Path) -> Result<Self, ModelError> {
        let runtime = Self::at(library);
        runtime.environment()?;
        Ok(runtime)
    }

    pub(super) fn environment(&self) -> Result<&'static Environment, ModelError> {
        static LOADED: OnceLock<Result<Environment, String>> = OnceLock::new();
        let loaded = LOADED.get_or_init(|| load(&self.0));
        loaded
            .as_ref()
            .map_err(|error| ModelError::Runtime(error.clone()))
    }
}

fn load(library: &Path) -> Result<Environment, String> {
    if !library.is_absolute() {
        return Err(format!("{} is not an absolute path", library.display()));
    }
    let builder =
        ort::init_from(library).map_err(|error| format!("{}: {error}", library.display()))?;
    let build = ort::info();
    if !build.contains(COMMIT) {
        return Err(format!(
            "{} is not version {VERSION}: {build}",
            library.display()
        ));
    }
    let environment = builder
        .with_name("facelock")
        .with_telemetry(false)
        .build()
        .map_err(|error| error.to_string())?;
    memory::share_arena(&environment).map_err(|error| error.to_string())?;
    Ok(environment)
}
