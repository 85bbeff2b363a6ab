//! The file's sections, each with its defaults.

use std::path::PathBuf;

use serde::Deserialize;

use crate::decision::RequireInfrared;
use crate::decision::lockout::{AfterBoot, LockoutRules};
use crate::decision::verdict::DecisionRules;
use crate::vault::ProtectorChoice;

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CameraSection {
    /// `auto`, `none`, or an identity as `facelockctl devices` shows it.
    pub color: String,
    pub infrared: String,
    /// `auto`, or a format and a size such as `MJPG 640x480`.
    pub color_format: String,
    pub infrared_format: String,
    pub allow_virtual: bool,
    /// Degrees clockwise.
    pub rotation: u16,
}

impl Default for CameraSection {
    fn default() -> Self {
        Self {
            color: "auto".into(),
            infrared: "auto".into(),
            color_format: "auto".into(),
            infrared_format: "auto".into(),
            allow_virtual: false,
            rotation: 0,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaultSection {
    pub protector: ProtectorChoice,
    pub tcti: String,
    pub pcrs: Vec<u8>,
}

impl Default for VaultSection {
    fn default() -> Self {
        Self {
            protector: ProtectorChoice::Tpm,
            tcti: "device:/dev/tpmrm0".into(),
            pcrs: vec![7],
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MatchSection {
    /// Matching frames for a match.
    pub frames: u8,
}

impl Default for MatchSection {
    fn default() -> Self {
        Self {
            frames: DecisionRules::default().matches,
        }
    }
}

/// What a matching face is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChallengeName {
    None,
    /// To turn the head, twice, each time left or right by chance.
    Turn,
}

/// Presentation attack detection.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PadSection {
    /// Judge color frames by the MiniFASNet models.
    pub cnn: bool,
    /// Judge infrared frames by the emitter's light on the face.
    pub infrared: bool,
    /// Judge how landmarks move.
    pub motion: bool,
    /// Let no face in whose eyes are shut in every frame, where the model for that is installed.
    pub eyes: bool,
    pub require_infrared: RequireInfrared,
    pub challenge: ChallengeName,
}

impl Default for PadSection {
    fn default() -> Self {
        Self {
            cnn: true,
            infrared: true,
            motion: true,
            eyes: true,
            require_infrared: RequireInfrared::Enrolled,
            challenge: ChallengeName::None,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TallySection {
    pub misses: u32,
    pub wait_s: u64,
    pub total: u32,
    pub password_after_boot: AfterBoot,
    pub password_every_h: u64,
    /// The same for users whom only a color camera checks.
    pub color_password_every_h: u64,
    /// Password first where such a user's face was not used for this long.
    pub color_unused_h: u64,
}

impl TallySection {
    /// What is counted in hours, with its key.
    pub fn hours(&self) -> [(u64, &'static str); 3] {
        [
            (self.password_every_h, "tally.password_every_h"),
            (self.color_password_every_h, "tally.color_password_every_h"),
            (self.color_unused_h, "tally.color_unused_h"),
        ]
    }
}

impl Default for TallySection {
    fn default() -> Self {
        let rules = LockoutRules::default();
        Self {
            misses: rules.misses,
            wait_s: rules.wait.as_secs(),
            total: rules.total,
            password_after_boot: rules.password_after_boot,
            password_every_h: rules.password_every.as_secs() / 3600,
            color_password_every_h: rules.color_password_every.as_secs() / 3600,
            color_unused_h: rules.color_unused.as_secs() / 3600,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadlineSection {
    pub attempt_ms: u64,
    pub no_face_ms: u64,
    pub dark_ms: u64,
    pub enroll_s: u64,
    pub challenge_ms: u64,
}

impl Default for DeadlineSection {
    fn default() -> Self {
        Self {
            attempt_ms: 6000,
            no_face_ms: 3000,
            dark_ms: 2500,
            enroll_s: 60,
            challenge_ms: 8000,
        }
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

/// Who counts as at this machine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PresenceSection {
    /// A closed lid keeps no face from being looked for: its sensor is stuck, or the camera is not
    /// in it.
    pub ignore_lid: bool,
}

/// Where users who want to be notified have a file (`facelockctl notify`).
pub const EVENTS: &str = "/var/lib/facelock-events";

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathsSection {
    pub state: PathBuf,
    /// Does not survive a boot.
    pub run: PathBuf,
    /// Where users who want to hear of their attempts have a file.
    pub events: PathBuf,
    pub models: PathBuf,
    pub cache: PathBuf,
    pub runtime: PathBuf,
}

impl Default for PathsSection {
    fn default() -> Self {
        Self {
            state: "/var/lib/facelock".into(),
            run: "/run/facelock-state".into(),
            events: EVENTS.into(),
            models: "/usr/share/facelock/models".into(),
            cache: "/var/cache/facelock/models".into(),
            runtime: "/usr/lib/facelock/libonnxruntime.so".into(),
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnrollSection {
    /// Samples taken, one template each. `looks` is what 0.1.0 calls it.
    #[serde(alias = "looks")]
    pub samples: u8,
    /// Refuse templates that are too close to another user's.
    pub unique: bool,
}

impl Default for EnrollSection {
    fn default() -> Self {
        Self {
            samples: 5,
            unique: true,
        }
    }
}
