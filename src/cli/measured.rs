//! `devices --time`: which format of a camera gives its first lit picture soonest. What is found is
//! a quirk in a file of root's, beside those that root writes.

use std::path::{Path, PathBuf};

use facelock_protocol::{CameraReport, ModeTime, Reply, Request};
use serde_json::json;

use super::args::Args;
use super::failure::{Answer, Exit, Failure};
use super::print::{print_json, wrapped};
use super::words::{filled, said};
use super::{client, json, render, replace};
use crate::camera::quirks::{Quirk, Quirks};
use crate::camera::{CameraOptions, NamedFormat, Rotation};

const FILE: &str = "90-measured.toml";
const HEAD: &str = "# Written by facelockctl devices --time. Remove an entry, or this file, to forget what was measured.\n";
/// Where the facts come from.
const SOURCE: &str = "measured by facelockctl devices --time";
/// A format is remembered where it is sooner than the one in use by this much: what two runs differ
/// by anyway says nothing.
const WORTH_MS: u32 = 30;
const WORTH_PERCENT: u32 = 10;

/// # Errors
/// A camera cannot be measured, or what was found cannot be written.
pub fn run(args: &Args) -> Answer {
    let reply = client::ask(&args.socket, &Request::Devices, drop)?;
    let Reply::Devices(cameras) = reply else {
        return Err(refusal(&reply));
    };
    let folder = CameraOptions::default().quirk_dirs.pop();
    let folder = folder.unwrap_or_default();
    let mut reports = Vec::new();
    for camera in cameras.iter().filter(|camera| camera.used) {
        let times = measure(args, camera)?;
        let found = sooner(&times);
        let written = match found {
            Some(format) => remember(camera, format, &folder)?,
            None => None,
        };
        if args.json {
            reports.push(json!({
                "identity": camera.identity, "modes": json::modes(&times),
                "remembered": written.as_ref().and(found),
            }));
        } else {
            wrapped(&text(camera, &times, found, written.as_deref()))?;
        }
    }
    if args.json {
        print_json(&json!({ "outcome": "done", "cameras": reports }))?;
    }
    Ok(Exit::Done)
}

fn measure(args: &Args, camera: &CameraReport) -> Result<Vec<ModeTime>, Failure> {
    let request = Request::TimeModes {
        camera: camera.identity.clone(),
    };
    match client::ask(&args.socket, &request, drop)? {
        Reply::ModeTimes(times) => Ok(times),
        reply => Err(refusal(&reply)),
    }
}

fn refusal(reply: &Reply) -> Failure {
    match reply {
        Reply::Unavailable(reason) => Failure::unavailable(*reason),
        Reply::Denied(denied) => Failure::denied(*denied),
        _ => Failure::broken(),
    }
}

/// The format that is sooner than the first, which is in use, by enough to remember it.
fn sooner(times: &[ModeTime]) -> Option<&str> {
    let (used, others) = times.split_first()?;
    let timed = others
        .iter()
        .filter_map(|mode| Some((mode.first_lit?, mode)));
    let (soonest, mode) = timed.min_by_key(|(time, _)| *time)?;
    let worth = used.first_lit.is_none_or(|used| {
        let enough = WORTH_MS.max(used.saturating_mul(WORTH_PERCENT) / 100);
        soonest.saturating_add(enough) <= used
    });
    worth.then_some(&*mode.format)
}

fn text(
    camera: &CameraReport,
    times: &[ModeTime],
    found: Option<&str>,
    written: Option<&Path>,
) -> String {
    let end = match (found, written) {
        (Some(format), Some(path)) => filled(
            "{format} is sooner, and is used from now on: {path}",
            &[("format", &format), ("path", &path.display())],
        ),
        (Some(format), None) => filled(
            "{format} is sooner; this camera is not on USB, so name it in \
             /etc/facelock/config.toml",
            &[("format", &format)],
        ),
        (None, _) => said("No other format is sooner than the first, which is in use."),
    };
    format!("{}\n{}{end}", camera.identity, render::mode_times(times))
}

/// Writes `format` as the camera's, beside what was known of it; `None` where it has no USB
/// address, by which alone a quirk can name it.
fn remember(
    camera: &CameraReport,
    format: &str,
    folder: &Path,
) -> Result<Option<PathBuf>, Failure> {
    let (Some(usb), Some(format)) = (&camera.usb, NamedFormat::parse(format)) else {
        return Ok(None);
    };
    let broken = |why: String| {
        let message = filled("the quirks cannot be used: {why}", &[("why", &why)]);
        Failure::new("quirks", message)
    };
    let dirs = CameraOptions::default().quirk_dirs;
    let known = Quirks::load(&dirs).map_err(|error| broken(error.to_string()))?;
    let interface = interface(&camera.identity);
    let known = known.find(usb.vendor, usb.product, interface);
    let path = folder.join(FILE);
    let mut file = Quirks::default();
    if let Ok(before) = std::fs::read_to_string(&path) {
        file.add(&before).map_err(broken)?;
    }
    let entry = entry(known, (usb.vendor, usb.product), interface, format);
    file.add(&entry.text()).map_err(broken)?;
    let entries: Vec<String> = file
        .iter()
        .map(|quirk| format!("\n{}", quirk.text()))
        .collect();
    let text = format!("{HEAD}{}", entries.concat());
    // A file that cannot be read again would take every camera away.
    Quirks::default().add(&text).map_err(broken)?;
    std::fs::create_dir_all(folder)?;
    replace::write(&path, text.as_bytes())?;
    Ok(Some(path))
}

/// The quirk with the format, keeping what else is known of the camera: the later entry replaces
/// the earlier one whole.
fn entry(
    known: Option<&Quirk>,
    (vendor, product): (u16, u16),
    interface: Option<u8>,
    format: NamedFormat,
) -> Quirk {
    let known = known.cloned();
    let source = match &known {
        Some(known) if known.source.starts_with(SOURCE) => known.source.clone(),
        Some(known) => format!("{SOURCE}; {}", known.source),
        None => SOURCE.into(),
    };
    let known = known.unwrap_or(Quirk {
        vendor,
        product,
        interface,
        spectrum: None,
        bits: None,
        rotation: Rotation::None,
        format,
        emitter: None,
        source: String::new(),
    });
    Quirk {
        interface,
        format,
        source,
        ..known
    }
}

/// Of a USB camera's identity, the number of its interface.
fn interface(identity: &str) -> Option<u8> {
    let (before, _) = identity.rsplit_once('/')?;
    before.rsplit_once('.')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(format: &str, first_lit: Option<u32>) -> ModeTime {
        ModeTime {
            format: format.into(),
            first_lit,
        }
    }

    #[test]
    fn a_format_is_remembered_where_it_is_clearly_sooner() {
        let sooner = |used, other| {
            let times = [time("YUYV 640x480", used), time("MJPG 640x480", other)];
            super::sooner(&times).map(str::to_owned)
        };
        let other = Some("MJPG 640x480".to_owned());
        assert_eq!(sooner(Some(500), Some(300)), other);
        assert_eq!(sooner(Some(500), Some(460)), None, "no tenth sooner");
        assert_eq!(sooner(Some(50), Some(30)), None, "20 ms are chance");
        assert_eq!(sooner(None, Some(900)), other, "the first gives no light");
        assert_eq!(sooner(Some(500), None), None);
        assert_eq!(super::sooner(&[]), None);
    }

    #[test]
    fn what_else_is_known_of_the_camera_stays() {
        let mut quirks = Quirks::default();
        let shipped = "[[camera]]\nusb = \"04f2:b6d9\"\nrotation = 180\nsource = \"https://x\"\n\
                       emitter = { unit = 4, selector = 6, on = [1], off = [0] }\n";
        quirks.add(shipped).unwrap();
        let known = quirks.find(0x04f2, 0xb6d9, Some(2));
        let format = NamedFormat::parse("GREY 640x360").unwrap();
        let found = entry(known, (0x04f2, 0xb6d9), Some(2), format);
        quirks.add(&found.text()).unwrap();
        let now = quirks.find(0x04f2, 0xb6d9, Some(2)).unwrap();
        assert_eq!((now.format, now.rotation), (format, Rotation::Half));
        assert_eq!(now.emitter.as_ref().unwrap().unit, 4);
        assert!(now.source.starts_with(SOURCE) && now.source.ends_with("https://x"));
        // The other function keeps the shipped entry.
        let other = quirks.find(0x04f2, 0xb6d9, Some(0)).unwrap();
        assert_eq!(other.format, NamedFormat::default());
        // Measured again, it says so once.
        let again = entry(Some(now), (0x04f2, 0xb6d9), Some(2), format);
        assert_eq!(again.source, now.source);
    }

    #[test]
    fn the_interface_is_in_the_identity() {
        let at = |text| interface(text);
        assert_eq!(
            at("usb:5986:118c:-@usb-0000:00:14.0-6:1.2/infrared"),
            Some(2)
        );
        assert_eq!(at("platform:soc/color"), None);
    }
}
