//! Lists cameras and takes frames from one, for tests on real kernel interfaces. Not packaged.
//!
//! usage: camera-probe list | take color|infrared [FRAMES] [SECONDS] | try IDENTITY UNIT SELECTOR
//! ONHEX OFFHEX [SECONDS]
//!      | restore | hang color|infrared
//!
//! Environment: `PROBE_VIRTUAL=1`, `PROBE_IDENTITY`, `PROBE_QUIRKS` (folder), `PROBE_STATE`
//! (folder; /tmp), `PROBE_ROTATION`. Prints JSON lines. Exit codes: 0 done, 2 usage, 10 not found,
//! 11 busy, 12 permission denied, 13 unplugged, 14 suspended, 15 virtual, 16 timed out, 17 failed.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::cell::Cell;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use facelock::camera::{
    self, CameraChoice, CameraError, CameraOptions, Rotation, Sink, emitter, exposure,
    quirks::Emitter,
};
use facelock::types::{CameraIdentity, Frame, Spectrum, hex};
use serde_json::json;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["list"] => list(),
        ["take", spectrum, rest @ ..] => take(
            wanted(spectrum),
            number(rest, 0, 10),
            number(rest, 1, 6),
            false,
        ),
        ["try", identity, unit, selector, on, off, rest @ ..] => {
            let emitter = Emitter {
                unit: parse(unit),
                selector: parse(selector),
                on: payload(on),
                off: payload(off),
            };
            attempt(identity, emitter, number(rest, 0, 2))
        }
        ["restore"] => emitter::restore_pending(&options(Spectrum::Infrared))
            .map(|was| println!("{}", json!({"restored": was}))),
        ["hang", spectrum] => take(wanted(spectrum), 1, 10, true),
        _ => {
            eprintln!("usage: camera-probe list | take | try | restore | hang; see the source");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!(
                "{}",
                json!({"error": why.to_string(), "kind": format!("{why:?}")})
            );
            ExitCode::from(code(&why))
        }
    }
}

fn code(why: &CameraError) -> u8 {
    match why {
        CameraError::NotFound => 10,
        CameraError::Busy => 11,
        CameraError::Unbound(_) | CameraError::PermissionDenied => 12,
        CameraError::Unplugged => 13,
        CameraError::Suspended => 14,
        CameraError::Virtual => 15,
        CameraError::TimedOut => 16,
        CameraError::Failed(_) | CameraError::Undecodable(_) => 17,
        CameraError::OtherCamera => 18,
        CameraError::NoAnswer => 19,
        CameraError::NoBandwidth => 20,
        CameraError::Covered => 21,
    }
}

fn options(wanted: Spectrum) -> CameraOptions {
    let variable = |name| std::env::var(name).ok();
    let mut options = CameraOptions {
        allow_virtual: variable("PROBE_VIRTUAL").is_some(),
        ..CameraOptions::default()
    };
    if let Some(identity) = variable("PROBE_IDENTITY") {
        match wanted {
            Spectrum::Color => options.color = CameraChoice::Identity(identity),
            Spectrum::Infrared => options.infrared = CameraChoice::Identity(identity),
        }
    }
    if let Some(dir) = variable("PROBE_QUIRKS") {
        options.quirk_dirs = vec![dir.into()];
    }
    options.state_dir = variable("PROBE_STATE")
        .unwrap_or_else(|| "/tmp".into())
        .into();
    options.lock_path = options.state_dir.join("camera.lock");
    let degrees = variable("PROBE_ROTATION")
        .and_then(|degrees| degrees.parse().ok())
        .unwrap_or(0);
    options.rotation = Rotation::from_degrees(degrees).unwrap_or_default();
    options
}

fn list() -> Result<(), CameraError> {
    let started = Instant::now();
    for camera in camera::list(&options(Spectrum::Color)) {
        println!(
            "{}",
            json!({
                    "identity": camera.identity, "group": camera.group, "name": camera.name, "driver": camera.driver,
                    "bus": camera.bus, "spectrum": camera.spectrum, "virtual": camera.is_virtual,
                    "formats": camera.formats, "used": camera.used, "reason": camera.reason,
                    "usb": camera.usb.map(|usb| {
                let serial = usb.serial.unwrap_or_default();
                format!("{:04x}:{:04x}:{serial}", usb.vendor, usb.product)
            }),
                })
        );
    }
    println!("{}", json!({"list_ms": milliseconds(started)}));
    Ok(())
}

/// Tells of each frame, until there were enough or it is too late.
struct Teller {
    started: Instant,
    deadline: Instant,
    left: Cell<u64>,
    /// Sleeps at the first frame, to be killed.
    hangs: bool,
}

impl Sink for Teller {
    fn opened(&self, identity: &CameraIdentity, spectrum: Spectrum) {
        let open = milliseconds(self.started);
        let identity = identity.as_str();
        println!(
            "{}",
            json!({"open_ms": open, "identity": identity, "spectrum": spectrum})
        );
    }

    fn assumed(&self, what: &str) {
        println!("{}", json!({"assumed": what}));
    }

    fn deliver(&self, frame: Frame) {
        let light = exposure::judge(&frame);
        println!(
            "{}",
            json!({
                "at_ms": milliseconds(self.started), "sequence": frame.sequence, "size": [frame.width(), frame.height()],
                "format": format!("{:?}", frame.format()), "illumination": format!("{:?}", frame.illumination),
                "mean": light.mean, "dark": light.dark, "saturated": light.saturated, "lit": light.lit(),
            })
        );
        if self.hangs {
            std::thread::sleep(Duration::from_secs(600));
        }
        self.left.set(self.left.get().saturating_sub(1));
    }

    fn is_closed(&self) -> bool {
        self.left.get() == 0 || Instant::now() >= self.deadline
    }
}

fn take(wanted: Spectrum, frames: u64, seconds: u64, hangs: bool) -> Result<(), CameraError> {
    let started = Instant::now();
    let deadline = started + Duration::from_secs(seconds);
    let teller = Teller {
        started,
        deadline,
        left: Cell::new(frames),
        hangs,
    };
    camera::stream(&options(wanted), wanted, deadline, &teller)?;
    println!("{}", json!({"closed_ms": milliseconds(started)}));
    if teller.left.get() > 0 {
        return Err(CameraError::TimedOut);
    }
    Ok(())
}

fn attempt(identity: &str, emitter: Emitter, seconds: u64) -> Result<(), CameraError> {
    let options = options(Spectrum::Infrared);
    let trial = emitter::try_payload(&options, identity, emitter, Duration::from_secs(seconds))?;
    println!(
        "{}",
        json!({"before": trial.before, "during": trial.during})
    );
    Ok(())
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e4).round() / 10.0
}

fn wanted(word: &str) -> Spectrum {
    if word == "infrared" {
        Spectrum::Infrared
    } else {
        Spectrum::Color
    }
}

fn number(rest: &[&str], index: usize, usual: u64) -> u64 {
    rest.get(index)
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

fn parse(text: &str) -> u8 {
    text.parse().unwrap_or(0)
}

fn payload(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap_or_default()
}
