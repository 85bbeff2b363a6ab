//! /etc/facelock/config.toml as validated types. A missing file is the defaults; a file that cannot
//! be understood is an error, and face login is off until it is mended.

mod options;
mod sections;
mod services;
mod switch;

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::camera::{NamedFormat, Rotation};
use crate::decision::services::{Mode, Services};
pub use options::Deadlines;
use sections::{CameraSection, DeadlineSection, MatchSection, TallySection, VaultSection};
pub use sections::{
    EVENTS, EnrollSection, PadSection, PathsSection, PresenceSection, SandboxSection,
};
pub use switch::NAME as SWITCH;

/// Where the configuration is.
pub const PATH: &str = "/etc/facelock/config.toml";
/// Largest configuration file, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("{0} can be written by others than root")]
    NotOwnedByRoot(PathBuf),
    #[error("{path}: {detail}")]
    Syntax { path: PathBuf, detail: String },
    #[error("{key} {rule}")]
    Value {
        key: &'static str,
        rule: &'static str,
    },
}

/// Everything that can be configured. Durations carry their unit in the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    camera: CameraSection,
    vault: VaultSection,
    r#match: MatchSection,
    pub pad: PadSection,
    tally: TallySection,
    #[serde(deserialize_with = "services::read")]
    services: Services,
    /// No section any more: read so that the refusal can say what to write.
    consent: Option<serde::de::IgnoredAny>,
    deadline: DeadlineSection,
    pub presence: PresenceSection,
    pub sandbox: SandboxSection,
    pub paths: PathsSection,
    pub enroll: EnrollSection,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            camera: CameraSection::default(),
            vault: VaultSection::default(),
            r#match: MatchSection::default(),
            pad: PadSection::default(),
            tally: TallySection::default(),
            services: services::shipped(),
            consent: None,
            deadline: DeadlineSection::default(),
            presence: PresenceSection::default(),
            sandbox: SandboxSection::default(),
            paths: PathsSection::default(),
            enroll: EnrollSection::default(),
        }
    }
}

impl Config {
    /// Reads the file; the defaults where there is none. Where root has switched face login off, no
    /// service gets a face.
    ///
    /// # Errors
    /// [`ConfigError`]: not root's own, unknown keys, values out of range.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::read(path)?;
        if switch::is_off(path) {
            let services = config.services.values_mut();
            services.for_each(|service| service.mode = Mode::Off);
        }
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let io = |error| ConfigError::Io {
            path: path.into(),
            error,
        };
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self::default().checked();
            }
            other => other.map_err(io)?,
        };
        if metadata.uid() != 0 || metadata.mode() & 0o022 != 0 || metadata.len() > MAX_BYTES {
            return Err(ConfigError::NotOwnedByRoot(path.into()));
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let syntax = |error: toml::de::Error| ConfigError::Syntax {
            path: path.into(),
            detail: error.to_string(),
        };
        toml::from_str::<Self>(&text).map_err(syntax)?.checked()
    }

    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let syntax = |error: toml::de::Error| ConfigError::Syntax {
            path: PathBuf::new(),
            detail: error.to_string(),
        };
        toml::from_str::<Self>(text).map_err(syntax)?.checked()
    }

    fn check_camera(&self) -> Result<(), ConfigError> {
        rule(
            Rotation::from_degrees(self.camera.rotation).is_some(),
            "camera.rotation",
            "must be 0, 90, 180 or 270",
        )?;
        for (key, text) in [
            ("camera.color_format", &self.camera.color_format),
            ("camera.infrared_format", &self.camera.infrared_format),
        ] {
            rule(
                NamedFormat::parse(text).is_some(),
                key,
                "must be auto, or like \"MJPG\" or \"MJPG 640x480\"",
            )?;
        }
        Ok(())
    }

    /// Sections of an earlier release say where their content went.
    fn check_renamed(&self) -> Result<(), ConfigError> {
        if self.consent.is_none() {
            return Ok(());
        }
        Err(ConfigError::Value {
            key: "consent",
            rule: "is no section any more; write sudo = \"ask\" under [services]",
        })
    }

    fn checked(self) -> Result<Self, ConfigError> {
        self.check_renamed()?;
        self.check_camera()?;
        self.check_counts()?;
        self.check_deadlines()?;
        rule(
            (1..=8).contains(&self.enroll.samples),
            "enroll.samples",
            "must be 1 to 8",
        )?;
        Ok(self)
    }

    fn check_counts(&self) -> Result<(), ConfigError> {
        rule(
            !self.vault.pcrs.is_empty(),
            "vault.pcrs",
            "must name at least one register",
        )?;
        rule(
            self.vault.pcrs.iter().all(|pcr| *pcr <= 23),
            "vault.pcrs",
            "must be numbers from 0 to 23",
        )?;
        rule(
            (1..=5).contains(&self.r#match.frames),
            "match.frames",
            "must be 1 to 5",
        )?;
        rule(
            (1..=20).contains(&self.tally.misses),
            "tally.misses",
            "must be 1 to 20",
        )?;
        rule(
            (1..=3600).contains(&self.tally.wait_s),
            "tally.wait_s",
            "must be 1 to 3600",
        )?;
        rule(
            (self.tally.misses..=1000).contains(&self.tally.total),
            "tally.total",
            "must be tally.misses to 1000",
        )?;
        for (hours, key) in self.tally.hours() {
            rule((1..=24 * 365).contains(&hours), key, "must be 1 to 8760")?;
        }
        Ok(())
    }

    fn check_deadlines(&self) -> Result<(), ConfigError> {
        rule(
            (500..=30_000).contains(&self.deadline.attempt_ms),
            "deadline.attempt_ms",
            "must be 500 to 30000",
        )?;
        let within = |ms: u64| (100..=self.deadline.attempt_ms).contains(&ms);
        rule(
            within(self.deadline.no_face_ms),
            "deadline.no_face_ms",
            "must be 100 to deadline.attempt_ms",
        )?;
        rule(
            within(self.deadline.dark_ms),
            "deadline.dark_ms",
            "must be 100 to deadline.attempt_ms",
        )?;
        rule(
            (5..=300).contains(&self.deadline.enroll_s),
            "deadline.enroll_s",
            "must be 5 to 300",
        )?;
        // Below the time that the PAM module adds for a challenge.
        let challenge = 3000..=9000;
        rule(
            challenge.contains(&self.deadline.challenge_ms),
            "deadline.challenge_ms",
            "must be 3000 to 9000",
        )
    }
}

fn rule(holds: bool, key: &'static str, rule: &'static str) -> Result<(), ConfigError> {
    if holds {
        Ok(())
    } else {
        Err(ConfigError::Value { key, rule })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::decision::RequireInfrared;

    use super::*;

    #[test]
    fn the_shipped_file_says_the_defaults() {
        let shipped = Config::parse(include_str!("../../config/config.toml")).unwrap();
        assert_eq!(format!("{shipped:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "[camera]\ncolour = \"auto\"",
            "[unknown]",
            "[camera]\nrotation = 45",
            "[camera]\ncolor_format = \"MJPEG\"",
            "[vault]\npcrs = []",
            "[vault]\npcrs = [24]",
            "[vault]\nprotector = \"none\"",
            "[match]\nframes = 0",
            "[tally]\nmisses = 0",
            "[tally]\ntotal = 1",
            "[deadline]\nattempt_ms = 50",
            "[deadline]\nno_face_ms = 7000",
            "[consent]\ndefault = \"auto\"",
            "[sandbox]\nrequire = 1",
            "[pad]\nrequire_infrared = \"never\"",
            "[pad]\nrequire_infrared = true",
            "[pad]\nchallenge = \"blink\"",
            "[deadline]\nchallenge_ms = 2999",
            "[deadline]\nchallenge_ms = 9001",
        ] {
            assert!(Config::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_release_s_name_of_the_samples_is_read() {
        let samples = |text| Config::parse(text).map(|config| config.enroll.samples).ok();
        assert_eq!(samples("[enroll]\nlooks = 3"), Some(3));
        assert_eq!(samples("[enroll]\nsamples = 3"), Some(3));
        assert_eq!(samples("[enroll]\nlooks = 3\nsamples = 4"), None);
    }

    #[test]
    fn infrared_is_required_once_enrolled_unless_root_says_always() {
        assert_eq!(
            Config::default().pad.require_infrared,
            RequireInfrared::Enrolled
        );
        let config = Config::parse("[pad]\nrequire_infrared = \"always\"").unwrap();
        assert_eq!(config.pad.require_infrared, RequireInfrared::Always);
    }

    #[test]
    fn a_challenge_is_given_its_time_beside_the_attempt_s() {
        assert!(!Config::default().decide_rules().challenge);
        assert_eq!(Config::default().deadlines().challenge, Duration::ZERO);
        let config = Config::parse("[pad]\nchallenge = \"turn\"").unwrap();
        assert!(config.decide_rules().challenge);
        assert_eq!(config.deadlines().challenge, Duration::from_secs(8));
        assert_eq!(
            config.deadlines().attempt,
            Config::default().deadlines().attempt
        );
    }
}
