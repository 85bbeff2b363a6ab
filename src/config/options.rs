//! What each room is told of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use super::Config;
use super::sections::{ChallengeName, DeadlineSection};
use crate::camera::{CameraChoice as Camera, CameraOptions, NamedFormat, Rotation};
use crate::decision::lockout::LockoutRules;
use crate::decision::services::{Service, Services};
use crate::decision::verdict::DecisionRules;
use crate::onnx::{ModelDirs, folder};
use crate::pad::PadOptions;
use crate::vault::{ProtectorChoice, VaultOptions};

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    pub attempt: Duration,
    /// From the moment a challenge is asked, in place of what is left of the attempt; zero where
    /// none is asked.
    pub challenge: Duration,
    pub no_face: Duration,
    pub dark: Duration,
    pub enroll: Duration,
}
impl Config {
    pub fn camera_options(&self) -> CameraOptions {
        let choice = |text: &str| match text {
            "auto" => Camera::Auto,
            "none" => Camera::None,
            identity => Camera::Identity(identity.into()),
        };
        let named = |text: &str| NamedFormat::parse(text).unwrap_or_default();
        CameraOptions {
            color: choice(&self.camera.color),
            infrared: choice(&self.camera.infrared),
            allow_virtual: self.camera.allow_virtual,
            color_format: named(&self.camera.color_format),
            infrared_format: named(&self.camera.infrared_format),
            rotation: Rotation::from_degrees(self.camera.rotation).unwrap_or_default(),
            lock_path: self.camera_folder().join("camera.lock"),
            state_dir: self.camera_folder(),
            ..CameraOptions::default()
        }
    }

    /// Where cameras are locked, and what an emitter needs to be put out is kept. A login may write
    /// here and not beside it.
    pub fn camera_folder(&self) -> PathBuf {
        self.paths.state.join("camera")
    }

    pub fn vault_options(&self) -> VaultOptions {
        VaultOptions {
            choice: self.vault.protector,
            tcti: self.vault.tcti.clone(),
            pcrs: self.vault.pcrs.clone(),
            key_file: self.paths.state.join("file.key"),
            // What is left of the attempt is for looking.
            patience: self.deadlines().attempt / 2,
        }
    }

    /// `tpm` or `file`, as configured.
    pub fn protector_name(&self) -> &'static str {
        match self.vault.protector {
            ProtectorChoice::Tpm | ProtectorChoice::TpmOrFile => "tpm",
            ProtectorChoice::File => "file",
        }
    }

    pub fn model_dirs(&self) -> ModelDirs {
        let paths = &self.paths;
        ModelDirs {
            models: folder::in_force(&paths.models),
            cache: paths.cache.clone(),
            runtime: paths.runtime.clone(),
        }
    }

    pub fn pad_options(&self) -> PadOptions {
        PadOptions {
            cnn: self.pad.cnn,
            infrared: self.pad.infrared,
            motion: self.pad.motion,
        }
    }

    pub fn decide_rules(&self) -> DecisionRules {
        let challenge = self.pad.challenge == ChallengeName::Turn;
        DecisionRules {
            matches: self.r#match.frames,
            challenge,
            ..DecisionRules::default()
        }
    }

    pub fn tally_rules(&self) -> LockoutRules {
        LockoutRules {
            misses: self.tally.misses,
            wait: Duration::from_secs(self.tally.wait_s),
            total: self.tally.total,
            password_after_boot: self.tally.password_after_boot,
            password_every: Duration::from_secs(self.tally.password_every_h * 3600),
            color_password_every: Duration::from_secs(self.tally.color_password_every_h * 3600),
            color_unused: Duration::from_secs(self.tally.color_unused_h * 3600),
        }
    }

    /// How a PAM service is served; none that is not listed is.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name)
    }

    /// The listed services, by name.
    pub fn services(&self) -> &Services {
        &self.services
    }

    pub fn deadlines(&self) -> Deadlines {
        let DeadlineSection {
            attempt_ms,
            no_face_ms,
            dark_ms,
            enroll_s,
            challenge_ms,
        } = self.deadline;
        let challenge_ms = if self.pad.challenge == ChallengeName::Turn {
            challenge_ms
        } else {
            0
        };
        Deadlines {
            attempt: Duration::from_millis(attempt_ms),
            challenge: Duration::from_millis(challenge_ms),
            no_face: Duration::from_millis(no_face_ms),
            dark: Duration::from_millis(dark_ms),
            enroll: Duration::from_secs(enroll_s),
        }
    }
}
