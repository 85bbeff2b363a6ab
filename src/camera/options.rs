//! What root configured about cameras.

use std::path::PathBuf;

use super::v4l2::{FourCc, Rate};
use crate::types::{CameraIdentity, MAX_FRAME_SIDE, Spectrum, find_camera};

/// The size of picture that is asked for, in pixels: faces at arm's length are large enough, and
/// frames small.
pub(super) const WANTED_SIZE: (u32, u32) = (640, 480);
/// The rate that is asked for, of a camera that has many.
pub(super) const WANTED_RATE: Rate = Rate {
    frames: 30,
    seconds: 1,
};

/// Which camera is meant for one spectrum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CameraChoice {
    /// The first real one, in an order that does not depend on node numbers.
    #[default]
    Auto,
    /// The one with this identity and no other.
    Identity(String),
    /// None: this spectrum is not used.
    None,
}

/// How far the picture is turned clockwise before it is used.
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

/// A pixel format and a size that root or a quirk names: `MJPG`, `MJPG 1280x720` or `1280x720`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamedFormat {
    pub four_cc: Option<[u8; 4]>,
    pub size: Option<(u32, u32)>,
}

impl NamedFormat {
    /// `auto` names nothing. `None` for what is neither a format nor a size.
    pub fn parse(text: &str) -> Option<Self> {
        let mut named = Self::default();
        if text == "auto" {
            return Some(named);
        }
        let mut words = text.split_ascii_whitespace().peekable();
        let is_format = |word: &&str| !(word.contains('x') && word.starts_with(char::is_numeric));
        if let Some(word) = words.next_if(is_format) {
            let mut four_cc = [b' '; 4];
            let plain = word.bytes().all(|b| b.is_ascii_alphanumeric());
            if !plain || word.len() > 4 {
                return None;
            }
            four_cc[..word.len()].copy_from_slice(word.as_bytes());
            named.four_cc = Some(four_cc);
        }
        if let Some(word) = words.next() {
            named.size = Some(size(word)?);
        }
        let complete = words.next().is_none() && named != Self::default();
        complete.then_some(named)
    }
}

impl std::fmt::Display for NamedFormat {
    /// As [`NamedFormat::parse`] reads it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let four_cc = self.four_cc.map(|four_cc| FourCc(four_cc).to_string());
        let size = self.size.map(|(width, height)| format!("{width}x{height}"));
        let words: Vec<String> = four_cc.into_iter().chain(size).collect();
        f.write_str(if words.is_empty() { "auto" } else { "" })?;
        f.write_str(&words.join(" "))
    }
}

/// `640x480`, within what a frame may be.
fn size(word: &str) -> Option<(u32, u32)> {
    let (width, height) = word.split_once('x')?;
    let side = |digits: &str| {
        digits
            .parse()
            .ok()
            .filter(|n| (16..=MAX_FRAME_SIDE).contains(n))
    };
    Some((side(width)?, side(height)?))
}

/// Everything the room needs to know. The roots are parameters so that identity logic can be tested
/// on recorded trees.
#[derive(Clone, Debug)]
pub struct CameraOptions {
    pub color: CameraChoice,
    pub infrared: CameraChoice,
    /// By what their names say, cameras that the user has templates of: tried before all others.
    pub enrolled: Vec<CameraIdentity>,
    /// No camera but an enrolled one is any use.
    pub only_enrolled: bool,
    /// The formats to use, where root names them.
    pub color_format: NamedFormat,
    pub infrared_format: NamedFormat,
    /// Accept v4l2loopback, vivid and their like. A program that may feed such a device may log in.
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
    pub fn format(&self, wanted: Spectrum) -> NamedFormat {
        match wanted {
            Spectrum::Color => self.color_format,
            Spectrum::Infrared => self.infrared_format,
        }
    }

    /// The enrolled cameras of one spectrum, in order.
    pub(super) fn enrolled_by(&self, wanted: Spectrum) -> impl Iterator<Item = &CameraIdentity> {
        let enrolled = self.enrolled.iter();
        enrolled.filter(move |identity| identity.spectrum() == Some(wanted))
    }

    /// What the configuration and the templates say that a camera sees by; `name` and `present`
    /// are without spectrum.
    pub(super) fn named_spectrum(&self, name: &str, present: &[&str]) -> Option<Spectrum> {
        let configured = [&self.infrared, &self.color].into_iter();
        let configured = configured.filter_map(|choice| match choice {
            CameraChoice::Identity(identity) => Some(identity.as_str()),
            CameraChoice::Auto | CameraChoice::None => None,
        });
        // A template made by color does not keep an enrollment from finding out better.
        let counts = |identity: &&CameraIdentity| {
            self.only_enrolled || identity.spectrum() == Some(Spectrum::Infrared)
        };
        let enrolled = self
            .enrolled
            .iter()
            .filter(counts)
            .map(CameraIdentity::as_str);
        configured.chain(enrolled).find_map(|identity| {
            let (before, _) = identity.rsplit_once('/')?;
            let means_it = find_camera(before, present) == Some(name);
            CameraIdentity::new(identity)
                .spectrum()
                .filter(|_| means_it)
        })
    }

    pub fn choice(&self, wanted: Spectrum) -> &CameraChoice {
        match wanted {
            Spectrum::Color => &self.color,
            Spectrum::Infrared => &self.infrared,
        }
    }
}

impl Default for CameraOptions {
    fn default() -> Self {
        Self {
            color: CameraChoice::Auto,
            infrared: CameraChoice::Auto,
            enrolled: Vec::new(),
            only_enrolled: false,
            color_format: NamedFormat::default(),
            infrared_format: NamedFormat::default(),
            allow_virtual: false,
            rotation: Rotation::None,
            width: WANTED_SIZE.0,
            height: WANTED_SIZE.1,
            quirk_dirs: vec![
                "/usr/share/facelock/quirks.d".into(),
                "/etc/facelock/quirks.d".into(),
            ],
            lock_path: "/var/lib/facelock/camera/camera.lock".into(),
            state_dir: "/var/lib/facelock/camera".into(),
            dev_root: "/dev".into(),
            sysfs_root: "/sys".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_and_a_size_can_be_named() {
        let named = |four_cc: Option<&[u8; 4]>, size| {
            let four_cc = four_cc.copied();
            Some(NamedFormat { four_cc, size })
        };
        assert_eq!(NamedFormat::parse("auto"), named(None, None));
        assert_eq!(NamedFormat::parse("MJPG"), named(Some(b"MJPG"), None));
        assert_eq!(
            NamedFormat::parse("MJPG 1280x720"),
            named(Some(b"MJPG"), Some((1280, 720)))
        );
        assert_eq!(
            NamedFormat::parse("Y8 640x480"),
            named(Some(b"Y8  "), Some((640, 480)))
        );
        assert_eq!(NamedFormat::parse("640x480"), named(None, Some((640, 480))));
        for text in ["auto", "MJPG", "MJPG 1280x720", "Y8 640x480", "640x480"] {
            assert_eq!(NamedFormat::parse(text).unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "MJPEG",
            "MJPG 640",
            "640x480 MJPG",
            "MJPG 9999x1",
            "M-PG",
            "0x0",
        ] {
            assert_eq!(NamedFormat::parse(wrong), None, "{wrong}");
        }
    }
}
