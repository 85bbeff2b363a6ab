//! What is left on disk while an emitter is lit, so that a later process can switch it off.
#![forbid(unsafe_code)]

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::device::{self, Camera};
use super::super::machine::Kernel;
use super::super::quirks::{Emitter, PAYLOAD_MAX};
use super::super::v4l2::Node;
use super::super::{CameraError, CameraOptions, lock, select};
use super::control::send;
use crate::types::{Spectrum, find_camera};

const NAME: &str = "emitter-on";
/// Longest marker: an identity, two numbers and a payload in hex.
const BYTES_MAX: u64 = 1024;

pub(super) fn path(options: &CameraOptions) -> PathBuf {
    options.state_dir.join(NAME)
}

/// What a marker holds: the camera and the control; of the payloads only `off` counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marker {
    pub identity: String,
    pub emitter: Emitter,
}

impl Marker {
    fn encode(&self) -> String {
        let hex: String = self
            .emitter
            .off
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!(
            "{} {} {hex} {}\n",
            self.emitter.unit, self.emitter.selector, self.identity
        )
    }

    fn decode(text: &str) -> Option<Self> {
        let mut fields = text.strip_suffix('\n')?.splitn(4, ' ');
        let (unit, selector) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let digits = fields.next()?;
        if !digits.is_ascii()
            || digits.is_empty()
            || digits.len() % 2 != 0
            || digits.len() > 2 * PAYLOAD_MAX
        {
            return None;
        }
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        let off: Vec<u8> = (0..digits.len())
            .step_by(2)
            .map(byte)
            .collect::<Option<_>>()?;
        let identity = fields.next()?.to_owned();
        Some(Self {
            identity,
            emitter: Emitter {
                unit,
                selector,
                on: off.clone(),
                off,
            },
        })
    }
}

/// Writes the marker whole or not at all.
pub(super) fn write_marker(path: &Path, marker: &Marker) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW);
    let mut file = options.open(&new)?;
    file.write_all(marker.encode().as_bytes())?;
    file.sync_data()?;
    std::fs::rename(new, path)
}

/// Whether a light is on, or was left on.
pub fn is_pending(options: &CameraOptions) -> bool {
    path(options).exists()
}

/// Puts out a light that a crashed instance left on. Returns whether there was one.
///
/// # Errors
/// The camera's, the marker staying for the next try; none where another instance holds the camera,
/// which then has the light in its hand.
pub fn restore_pending(options: &CameraOptions) -> Result<bool, CameraError> {
    if !is_pending(options) {
        return Ok(false);
    }
    match lock::acquire(options, Spectrum::Infrared, Instant::now(), &|| false) {
        Ok(_lock) => restore_under_lock(options),
        Err(CameraError::Busy) => Ok(false),
        Err(error) => Err(error),
    }
}

/// [`restore_pending`] for one who holds the infrared camera's lock.
pub(in crate::camera) fn restore_under_lock(options: &CameraOptions) -> Result<bool, CameraError> {
    let path = path(options);
    let mut text = String::new();
    match std::fs::File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        file => file.and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text)),
    }
    .map_err(|error| CameraError::Failed(format!("emitter marker: {error}")))?;
    let done = match Marker::decode(&text) {
        Some(marker) => switch_off(options, &marker),
        // Not ours, or damaged: it can restore nothing.
        None => Ok(false),
    };
    if matches!(
        done,
        Ok(_) | Err(CameraError::NotFound | CameraError::Unplugged)
    ) {
        let _ = std::fs::remove_file(&path);
    }
    done
}

fn switch_off(options: &CameraOptions, marker: &Marker) -> Result<bool, CameraError> {
    let camera = find(options, &marker.identity)?;
    let node = Node::open(&camera.place.path).map_err(|error| CameraError::from_io(&error))?;
    send(&node, &marker.emitter, &marker.emitter.off)
        .map_err(|error| CameraError::from_io(&error))?;
    Ok(true)
}

fn find(options: &CameraOptions, identity: &str) -> Result<Camera, CameraError> {
    let quirks = select::quirks(options)?;
    let cameras = device::scan(options, &quirks, &Kernel, &|place, names| {
        device::could_be(place, identity, names)
    });
    let named = find_camera(identity, &select::names(&cameras)).map(str::to_owned);
    cameras
        .into_iter()
        .find(|camera| Some(camera.identity.as_str()) == named.as_deref())
        .ok_or(CameraError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> Marker {
        let off = vec![1, 3, 1, 0, 0, 0, 0, 0, 0];
        Marker {
            identity: "usb:174f:11a8:-@usb-0000:00:14.0-6:1.2/infrared".into(),
            emitter: Emitter {
                unit: 14,
                selector: 6,
                on: off.clone(),
                off,
            },
        }
    }

    fn options(dir: &tempfile::TempDir) -> CameraOptions {
        let at = |name| dir.path().join(name);
        CameraOptions {
            state_dir: at(""),
            lock_path: at("camera.lock"),
            dev_root: at("dev"),
            sysfs_root: at("sys"),
            quirk_dirs: Vec::new(),
            ..CameraOptions::default()
        }
    }

    #[test]
    fn a_marker_says_how_to_put_the_light_out() {
        assert_eq!(Marker::decode(&marker().encode()), Some(marker()));
    }

    /// A light that the version before left on.
    #[test]
    fn the_marker_of_version_one_is_read_and_written_so() {
        let written = include_str!("../../../tests/fixtures/files-1/emitter-on");
        assert_eq!(Marker::decode(written), Some(marker()));
        assert_eq!(marker().encode(), written);
    }

    #[test]
    fn a_damaged_marker_says_nothing() {
        let whole = marker().encode();
        let long = format!("14 6 {} id\n", "00".repeat(PAYLOAD_MAX + 1));
        let cases = [
            "",
            "\n",
            "14 6\n",
            "14 6 0 id\n",
            "14 6 zz id\n",
            "300 6 00 id\n",
            "14 6 \u{e9}\u{e9} id\n",
            &long,
        ];
        for case in cases.into_iter().chain([&whole[..whole.len() - 1]]) {
            assert_eq!(Marker::decode(case), None, "{case:?}");
        }
    }

    #[test]
    fn nothing_pending_touches_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(restore_pending(&options(&dir)), Ok(false));
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "not even a lock file"
        );
    }

    #[test]
    fn a_marker_of_a_camera_that_is_gone_goes_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        write_marker(&path, &marker()).unwrap();
        assert_eq!(restore_pending(&options(&dir)), Err(CameraError::NotFound));
        assert!(!path.exists());
    }

    #[test]
    fn the_light_of_a_living_instance_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (options, path) = (options(&dir), dir.path().join(NAME));
        write_marker(&path, &marker()).unwrap();
        let _living =
            lock::acquire(&options, Spectrum::Infrared, Instant::now(), &|| false).unwrap();
        assert_eq!(restore_pending(&options), Ok(false));
        assert!(path.exists());
    }
}
