//! The infrared emitter: a vendor's extension-unit control, set from a quirk, never found by
//! trying.
//!
//! Must hold:
//! 1. Only a payload from root's quirks, or one root hands in to be tried, is ever sent, and only
//!    where the control has exactly that length.
//! 2. What is to be sent to put the light out is on disk before the light goes on.
//! 3. The light goes out when its `Light` is dropped; after a crash, by [`restore_pending`].
//! 4. Nobody puts out the light of an instance that is still looking: restoring takes the camera's
//!    lock.
#![forbid(unsafe_code)]

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::device::{self, Camera};
use super::machine::{Kernel, Machine as _};
use super::quirks::{Emitter, PAYLOAD_MAX};
use super::v4l2::{Node, XuRequest};
use super::{CameraChoice, CameraError, CameraOptions, decode, exposure, lock, select, session};
use crate::types::{Spectrum, find_camera};

const MARKER: &str = "emitter-on";
/// Longest marker: an identity, two numbers and a payload in hex.
const MARKER_MAX: u64 = 1024;

/// A lit emitter. Dropping it puts the light out.
#[derive(Debug)]
pub(super) struct Light {
    node: Node,
    emitter: Emitter,
    marker: PathBuf,
}

impl Light {
    /// Leaves the marker, then sends the payload.
    ///
    /// # Errors
    /// [`CameraError::Failed`] where the control has another length, or the marker cannot be
    /// written; the camera's own.
    pub fn on(
        node: &Node,
        camera: &Camera,
        emitter: &Emitter,
        options: &CameraOptions,
    ) -> Result<Self, CameraError> {
        let why = |error: std::io::Error| CameraError::from_io(&error);
        let mut length = [0; 2];
        node.extension_unit(
            emitter.unit,
            emitter.selector,
            XuRequest::Length,
            &mut length,
        )
        .map_err(|why| CameraError::Failed(format!("no such emitter control: {why}")))?;
        let length = usize::from(u16::from_le_bytes(length));
        if length != emitter.on.len() || length != emitter.off.len() {
            return Err(CameraError::Failed(format!(
                "the emitter control takes {length} bytes"
            )));
        }
        let marker = options.state_dir.join(MARKER);
        leave(
            &marker,
            &Pending {
                identity: camera.identity.to_string(),
                emitter: emitter.clone(),
            },
        )
        .map_err(|why| CameraError::Failed(format!("emitter marker: {why}")))?;
        let light = Self {
            node: node.duplicate().map_err(why)?,
            emitter: emitter.clone(),
            marker,
        };
        send(node, &light.emitter, &light.emitter.on).map_err(why)?;
        Ok(light)
    }
}

impl Drop for Light {
    fn drop(&mut self) {
        // Where the camera is gone so is its light; where it merely refuses, the marker stays for
        // the next process.
        match send(&self.node, &self.emitter, &self.emitter.off) {
            Err(why) if CameraError::from_io(&why) != CameraError::Unplugged => {}
            _ => drop(std::fs::remove_file(&self.marker)),
        }
    }
}

fn send(node: &Node, emitter: &Emitter, payload: &[u8]) -> std::io::Result<()> {
    node.extension_unit(
        emitter.unit,
        emitter.selector,
        XuRequest::Set,
        &mut payload.to_vec(),
    )
}

/// What a marker holds: the camera and the control; of the payloads only `off` counts.
#[derive(Debug, PartialEq, Eq)]
struct Pending {
    identity: String,
    emitter: Emitter,
}

impl Pending {
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
fn leave(marker: &Path, pending: &Pending) -> std::io::Result<()> {
    let new = marker.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW);
    let mut file = options.open(&new)?;
    file.write_all(pending.encode().as_bytes())?;
    file.sync_data()?;
    std::fs::rename(new, marker)
}

/// Puts out a light that a crashed instance left on. Returns whether there was one.
///
/// # Errors
/// The camera's, the marker staying for the next try; none where another instance holds the camera,
/// which then has the light in its hand.
pub fn restore_pending(options: &CameraOptions) -> Result<bool, CameraError> {
    if !options.state_dir.join(MARKER).exists() {
        return Ok(false);
    }
    match lock::acquire(options, Spectrum::Infrared, Instant::now(), &|| false) {
        Ok(_lock) => restore_under_lock(options),
        Err(CameraError::Busy) => Ok(false),
        Err(why) => Err(why),
    }
}

/// [`restore_pending`] for one who holds the infrared camera's lock.
pub(super) fn restore_under_lock(options: &CameraOptions) -> Result<bool, CameraError> {
    let marker = options.state_dir.join(MARKER);
    let mut text = String::new();
    match std::fs::File::open(&marker) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        file => file.and_then(|file| file.take(MARKER_MAX).read_to_string(&mut text)),
    }
    .map_err(|why| CameraError::Failed(format!("emitter marker: {why}")))?;
    let done = match Pending::decode(&text) {
        Some(pending) => put_out(options, &pending),
        // Not ours, or damaged: it can restore nothing.
        None => Ok(false),
    };
    if matches!(
        done,
        Ok(_) | Err(CameraError::NotFound | CameraError::Unplugged)
    ) {
        let _ = std::fs::remove_file(&marker);
    }
    done
}

fn put_out(options: &CameraOptions, pending: &Pending) -> Result<bool, CameraError> {
    let camera = find(options, &pending.identity)?;
    let node = Node::open(&camera.place.path).map_err(|why| CameraError::from_io(&why))?;
    send(&node, &pending.emitter, &pending.emitter.off)
        .map_err(|why| CameraError::from_io(&why))?;
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

/// What trying a payload showed: mean brightness of the frames, 0..=255, before and while it was in
/// force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    pub before: f32,
    pub during: f32,
}

/// Streams from the infrared camera `identity`, lights its emitter by `emitter` for `duration`,
/// then puts it out.
///
/// # Errors
/// [`CameraError::Failed`] where the payload has not the control's length; the camera's own
/// otherwise. The light is put out on every path; [`CameraError::TimedOut`] where the driver hangs.
pub fn try_payload(
    options: &CameraOptions,
    identity: &str,
    emitter: Emitter,
    duration: Duration,
) -> Result<Trial, CameraError> {
    let options = CameraOptions {
        infrared: CameraChoice::Identity(identity.to_owned()),
        ..options.clone()
    };
    let (sender, receiver) = mpsc::channel();
    let run = move || drop(sender.send(trial(&options, &emitter, duration)));
    std::thread::Builder::new()
        .name("emitter".into())
        .spawn(run)
        .map_err(|why| CameraError::Failed(why.to_string()))?;
    receiver
        .recv_timeout(duration * 2 + Duration::from_secs(3))
        .unwrap_or(Err(CameraError::TimedOut))
}

fn trial(
    options: &CameraOptions,
    emitter: &Emitter,
    duration: Duration,
) -> Result<Trial, CameraError> {
    let _lock = lock::acquire(
        options,
        Spectrum::Infrared,
        Instant::now() + Duration::from_secs(1),
        &|| false,
    )?;
    // A light that a crash left on is put out before its marker makes room for this one's.
    let _ = restore_under_lock(options);
    let error = |error: std::io::Error| CameraError::from_io(&error);
    let found = select::candidates(options, Spectrum::Infrared, &Kernel)?;
    let (camera, mode) = (&found[0].camera, found[0].modes[0]);
    let mut stream = Kernel
        .claim(&camera.place.path, &mode.asked())
        .map_err(error)?;
    let layout = session::layout(&stream.format(), mode)?;
    let handle = Node::open(&camera.place.path).map_err(error)?;
    stream.start().map_err(error)?;
    let mut mean = |during: Duration| {
        let (end, mut sum, mut count) = (Instant::now() + during, 0.0, 0.0_f32);
        while Instant::now() < end {
            let mut look = |bytes: &[u8], _| {
                if let Ok(frame) = decode::to_gray(bytes, mode.encoding, layout) {
                    sum += exposure::judge(&frame).mean;
                    count += 1.0;
                }
            };
            let wait = Duration::from_millis(50);
            stream.next(wait, &mut look).map_err(error)?;
        }
        Ok::<f32, CameraError>(sum / count.max(1.0))
    };
    let before = mean(duration.min(Duration::from_secs(1)))?;
    let light = Light::on(&handle, camera, emitter, options)?;
    let during = mean(duration);
    drop(light);
    Ok(Trial {
        before,
        during: during?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        let off = vec![1, 3, 1, 0, 0, 0, 0, 0, 0];
        Pending {
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
        assert_eq!(Pending::decode(&pending().encode()), Some(pending()));
    }

    #[test]
    fn a_damaged_marker_says_nothing() {
        let whole = pending().encode();
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
            assert_eq!(Pending::decode(case), None, "{case:?}");
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
        let marker = dir.path().join(MARKER);
        leave(&marker, &pending()).unwrap();
        assert_eq!(restore_pending(&options(&dir)), Err(CameraError::NotFound));
        assert!(!marker.exists());
    }

    #[test]
    fn the_light_of_a_living_instance_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (options, marker) = (options(&dir), dir.path().join(MARKER));
        leave(&marker, &pending()).unwrap();
        let _living =
            lock::acquire(&options, Spectrum::Infrared, Instant::now(), &|| false).unwrap();
        assert_eq!(restore_pending(&options), Ok(false));
        assert!(marker.exists());
    }
}
