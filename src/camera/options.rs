//! What root configured about cameras.

use std::path::PathBuf;

use crate::types::Spectrum;

/// The size of picture that is asked for, in pixels: faces at arm's length are large enough, and
/// frames small.
pub(super) const WANTED_SIZE: (u32, u32) = (640, 480);

/// Which camera is meant for one spectrum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first real one, in an order that does not depend on node numbers.
    #[default]
    Auto,
    /// The one with this identity and no other.
    Identity(String),
    /// None: this spectrum is not used.
    None,
}

/// How far the picture is turned clockwise before anybody sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Rotation {
    /// `None` for anything but 0, 90, 180 and 270.
    pub const fn from_degrees(degrees: u16) -> Option<Self> {
        match degrees {
            0 => Some(Rotation::None),
            90 => Some(Rotation::Quarter),
            180 => Some(Rotation::Half),
            270 => Some(Rotation::ThreeQuarters),
            _ => None,
        }
    }

    /// One turn after the other.
    pub const fn then(self, other: Self) -> Self {
        match (self as u8 + other as u8) % 4 {
            0 => Rotation::None,
            1 => Rotation::Quarter,
            2 => Rotation::Half,
            _ => Rotation::ThreeQuarters,
        }
    }
}

/// Everything the room needs to know. The roots are parameters so that identity logic can be tested
/// on recorded trees.
#[derive(Clone, Debug)]
pub struct CameraOptions {
    pub color: Choice,
    pub infrared: Choice,
    /// Accept v4l2loopback, vivid and their like. Whoever may feed such a device may log in.
    pub allow_virtual: bool,
    /// On top of what a quirk says about the camera.
    pub rotation: Rotation,
    /// The size asked for, in pixels; the closest the camera has is used.
    pub width: u32,
    pub height: u32,
    /// Folders of `*.toml`; an entry of a later folder replaces an earlier one for the same device.
    pub quirk_dirs: Vec<PathBuf>,
    /// Instances wait for each other here; `.color` and `.infrared` are appended.
    pub lock_path: PathBuf,
    /// Where the marker of a lit emitter is kept, so that a later process can put it out.
    pub state_dir: PathBuf,
    pub dev_root: PathBuf,
    pub sysfs_root: PathBuf,
}

impl CameraOptions {
    pub fn choice(&self, wanted: Spectrum) -> &Choice {
        match wanted {
            Spectrum::Color => &self.color,
            Spectrum::Infrared => &self.infrared,
        }
    }
}

impl Default for CameraOptions {
    fn default() -> Self {
        Self {
            color: Choice::Auto,
            infrared: Choice::Auto,
            allow_virtual: false,
            rotation: Rotation::None,
            width: WANTED_SIZE.0,
            height: WANTED_SIZE.1,
            quirk_dirs: vec![
                "/usr/share/facelock/quirks.d".into(),
                "/etc/facelock/quirks.d".into(),
            ],
            lock_path: "/var/lib/facelock/camera.lock".into(),
            state_dir: "/var/lib/facelock".into(),
            dev_root: "/dev".into(),
            sysfs_root: "/sys".into(),
        }
    }
}
