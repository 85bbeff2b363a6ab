//! /etc/facelock/config.toml as validated types. A missing file is the defaults; a file that cannot be understood is an
//! error, and face login is off until it is mended.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use facelock_protocol::Consent;
use serde::Deserialize;

use crate::camera::{CameraOptions, Choice as Camera, Rotation};
use crate::face::EngineOptions;
use crate::onnx::ModelDirs;
use crate::service::{decide, tally};
use crate::vault::{Choice as Protector, VaultOptions};

/// Largest configuration file, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("{0} can be written by others than root")]
    NotRoots(PathBuf),
    #[error("{path}: {detail}")]
    Syntax { path: PathBuf, detail: String },
    #[error("{key} {rule}")]
    Value { key: &'static str, rule: &'static str },
}

/// Everything that can be configured. Durations carry their unit in the key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    camera: CameraSection,
    vault: VaultSection,
    r#match: MatchSection,
    pub pad: PadSection,
    tally: TallySection,
    consent: ConsentSection,
    deadline: DeadlineSection,
    pub sandbox: SandboxSection,
    pub paths: PathsSection,
    pub enroll: EnrollSection,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CameraSection {
    /// `auto`, `none`, or an identity as `facelockctl devices` shows it.
    color: String,
    infrared: String,
    allow_virtual: bool,
    /// Degrees clockwise.
    rotation: u16,
}

impl Default for CameraSection {
    fn default() -> Self {
        Self { color: "auto".into(), infrared: "auto".into(), allow_virtual: false, rotation: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProtectorName {
    Tpm,
    TpmOrFile,
    File,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct VaultSection {
    protector: ProtectorName,
    tcti: String,
    pcrs: Vec<u8>,
}

impl Default for VaultSection {
    fn default() -> Self {
        Self { protector: ProtectorName::Tpm, tcti: "device:/dev/tpmrm0".into(), pcrs: vec![7] }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MatchSection {
    /// Matching frames for a match.
    frames: u8,
    fusion: bool,
}

impl Default for MatchSection {
    fn default() -> Self {
        Self { frames: decide::Rules::default().matches, fusion: false }
    }
}

/// Presentation attack detection.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PadSection {
    /// Judge colour frames by the MiniFASNet models.
    pub cnn: bool,
    /// Judge infrared frames by the emitter's light on the face.
    pub infrared: bool,
    /// Judge how landmarks move.
    pub motion: bool,
}

impl Default for PadSection {
    fn default() -> Self {
        Self { cnn: true, infrared: true, motion: true }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TallySection {
    misses: u32,
    wait_s: u64,
    total: u32,
    /// `auto`: once a password was ever reported for the user.
    password_after_boot: Tristate,
    password_every_h: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tristate {
    Auto,
    Always,
    Never,
}

impl Default for TallySection {
    fn default() -> Self {
        let rules = tally::Rules::default();
        Self {
            misses: rules.misses,
            wait_s: rules.wait.as_secs(),
            total: rules.total,
            password_after_boot: Tristate::Auto,
            password_every_h: rules.password_every.as_secs() / 3600,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ConsentName {
    Auto,
    Ask,
    Confirm,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ConsentSection {
    default: ConsentName,
    /// For services that give somebody root: a face in front of a screen is not consent to that.
    elevation: ConsentName,
    services: std::collections::BTreeMap<String, ConsentName>,
}

impl Default for ConsentSection {
    fn default() -> Self {
        Self {
            default: ConsentName::Auto,
            elevation: ConsentName::Confirm,
            services: std::collections::BTreeMap::new(),
        }
    }
}

/// PAM services that raise privileges.
const ELEVATION: [&str; 9] = ["sudo", "sudo-i", "su", "su-l", "polkit-1", "doas", "pkexec", "runuser", "runuser-l"];

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DeadlineSection {
    attempt_ms: u64,
    no_face_ms: u64,
    dark_ms: u64,
    enroll_s: u64,
}

impl Default for DeadlineSection {
    fn default() -> Self {
        Self { attempt_ms: 6000, no_face_ms: 3000, dark_ms: 1000, enroll_s: 60 }
    }
}

/// What the instance insists on.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSection {
    /// Refuse to open the vault where the unit's sandbox is not in force.
    pub require: bool,
}

impl Default for SandboxSection {
    fn default() -> Self {
        Self { require: true }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathsSection {
    pub state: PathBuf,
    /// Does not survive a boot.
    pub run: PathBuf,
    pub models: PathBuf,
    pub cache: PathBuf,
    pub runtime: PathBuf,
}

impl Default for PathsSection {
    fn default() -> Self {
        Self {
            state: "/var/lib/facelock".into(),
            run: "/run/facelock-state".into(),
            models: "/usr/share/facelock/models".into(),
            cache: "/var/cache/facelock/models".into(),
            runtime: "/usr/lib/facelock/libonnxruntime.so".into(),
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnrollSection {
    /// Looks taken, one template each.
    pub looks: u8,
    /// Refuse templates that are too close to another user's.
    pub unique: bool,
}

impl Default for EnrollSection {
    fn default() -> Self {
        Self { looks: 5, unique: true }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    pub attempt: Duration,
    pub no_face: Duration,
    pub dark: Duration,
    pub enroll: Duration,
}

impl Config {
    /// Reads the file; the defaults where there is none.
    ///
    /// # Errors
    /// [`ConfigError`]: not root's own, unknown keys, values out of range.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let io = |error| ConfigError::Io { path: path.into(), error };
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::default().checked(),
            other => other.map_err(io)?,
        };
        if metadata.uid() != 0 || metadata.mode() & 0o022 != 0 || metadata.len() > MAX_BYTES {
            return Err(ConfigError::NotRoots(path.into()));
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let syntax = |error: toml::de::Error| ConfigError::Syntax { path: path.into(), detail: error.to_string() };
        toml::from_str::<Self>(&text).map_err(syntax)?.checked()
    }

    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let syntax = |error: toml::de::Error| ConfigError::Syntax { path: PathBuf::new(), detail: error.to_string() };
        toml::from_str::<Self>(text).map_err(syntax)?.checked()
    }

    fn checked(self) -> Result<Self, ConfigError> {
        let rule = |holds: bool, key, rule| if holds { Ok(()) } else { Err(ConfigError::Value { key, rule }) };
        rule(Rotation::from_degrees(self.camera.rotation).is_some(), "camera.rotation", "must be 0, 90, 180 or 270")?;
        rule(!self.vault.pcrs.is_empty(), "vault.pcrs", "must name at least one register")?;
        rule(self.vault.pcrs.iter().all(|pcr| *pcr <= 23), "vault.pcrs", "must be numbers from 0 to 23")?;
        rule((1..=5).contains(&self.r#match.frames), "match.frames", "must be 1 to 5")?;
        rule((1..=20).contains(&self.tally.misses), "tally.misses", "must be 1 to 20")?;
        rule((1..=3600).contains(&self.tally.wait_s), "tally.wait_s", "must be 1 to 3600")?;
        rule((self.tally.misses..=1000).contains(&self.tally.total), "tally.total", "must be tally.misses to 1000")?;
        rule((1..=24 * 365).contains(&self.tally.password_every_h), "tally.password_every_h", "must be 1 to 8760")?;
        rule((500..=30_000).contains(&self.deadline.attempt_ms), "deadline.attempt_ms", "must be 500 to 30000")?;
        let within = |ms: u64| (100..=self.deadline.attempt_ms).contains(&ms);
        rule(within(self.deadline.no_face_ms), "deadline.no_face_ms", "must be 100 to deadline.attempt_ms")?;
        rule(within(self.deadline.dark_ms), "deadline.dark_ms", "must be 100 to deadline.attempt_ms")?;
        rule((5..=300).contains(&self.deadline.enroll_s), "deadline.enroll_s", "must be 5 to 300")?;
        rule((1..=8).contains(&self.enroll.looks), "enroll.looks", "must be 1 to 8")?;
        Ok(self)
    }

    pub fn camera_options(&self) -> CameraOptions {
        let choice = |text: &str| match text {
            "auto" => Camera::Auto,
            "none" => Camera::None,
            identity => Camera::Identity(identity.into()),
        };
        CameraOptions {
            color: choice(&self.camera.color),
            infrared: choice(&self.camera.infrared),
            allow_virtual: self.camera.allow_virtual,
            rotation: Rotation::from_degrees(self.camera.rotation).unwrap_or_default(),
            lock_path: self.paths.state.join("camera.lock"),
            state_dir: self.paths.state.clone(),
            ..CameraOptions::default()
        }
    }

    pub fn vault_options(&self) -> VaultOptions {
        VaultOptions {
            choice: match self.vault.protector {
                ProtectorName::Tpm => Protector::Tpm,
                ProtectorName::TpmOrFile => Protector::TpmOrFile,
                ProtectorName::File => Protector::File,
            },
            tcti: self.vault.tcti.clone(),
            pcrs: self.vault.pcrs.clone(),
            key_file: self.paths.state.join("file.key"),
        }
    }

    /// `tpm` or `file`, as configured.
    pub fn protector_name(&self) -> &'static str {
        match self.vault.protector {
            ProtectorName::Tpm | ProtectorName::TpmOrFile => "tpm",
            ProtectorName::File => "file",
        }
    }

    pub fn model_dirs(&self) -> ModelDirs {
        let paths = &self.paths;
        ModelDirs { models: paths.models.clone(), cache: paths.cache.clone(), runtime: paths.runtime.clone() }
    }

    pub fn engine_options(&self) -> EngineOptions {
        EngineOptions { fusion: self.r#match.fusion }
    }

    pub fn decide_rules(&self) -> decide::Rules {
        decide::Rules { matches: self.r#match.frames, ..decide::Rules::default() }
    }

    pub fn tally_rules(&self) -> tally::Rules {
        tally::Rules {
            misses: self.tally.misses,
            wait: Duration::from_secs(self.tally.wait_s),
            total: self.tally.total,
            password_after_boot: match self.tally.password_after_boot {
                Tristate::Auto => None,
                Tristate::Always => Some(true),
                Tristate::Never => Some(false),
            },
            password_every: Duration::from_secs(self.tally.password_every_h * 3600),
        }
    }

    /// What a PAM service needs where its module has no `mode=` of its own.
    pub fn consent(&self, service: &str) -> Consent {
        let named = self.consent.services.get(service).copied();
        let elevates = ELEVATION.contains(&service);
        match named.unwrap_or(if elevates { self.consent.elevation } else { self.consent.default }) {
            ConsentName::Auto => Consent::Auto,
            ConsentName::Ask => Consent::Ask,
            ConsentName::Confirm => Consent::Confirm,
        }
    }

    pub fn deadlines(&self) -> Deadlines {
        let DeadlineSection { attempt_ms, no_face_ms, dark_ms, enroll_s } = self.deadline;
        Deadlines {
            attempt: Duration::from_millis(attempt_ms),
            no_face: Duration::from_millis(no_face_ms),
            dark: Duration::from_millis(dark_ms),
            enroll: Duration::from_secs(enroll_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_says_the_defaults() {
        let shipped = Config::parse(include_str!("../config/config.toml")).unwrap();
        assert_eq!(format!("{shipped:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "[camera]\ncolour = \"auto\"",
            "[unknown]",
            "[camera]\nrotation = 45",
            "[vault]\npcrs = []",
            "[vault]\npcrs = [24]",
            "[vault]\nprotector = \"none\"",
            "[match]\nframes = 0",
            "[tally]\nmisses = 0",
            "[tally]\ntotal = 1",
            "[deadline]\nattempt_ms = 50",
            "[deadline]\nno_face_ms = 7000",
            "[consent]\ndefault = \"always\"",
            "[sandbox]\nrequire = 1",
        ] {
            assert!(Config::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn elevation_wants_to_be_confirmed_unless_root_says_otherwise() {
        let config = Config::parse("[consent.services]\nsudo = \"ask\"").unwrap();
        assert_eq!(config.consent("sudo"), Consent::Ask);
        assert_eq!(config.consent("su"), Consent::Confirm);
        assert_eq!(config.consent("gdm-password"), Consent::Auto);
    }
}
