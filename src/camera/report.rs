//! The cameras of a machine as a text that a report can hold, in the format of `v4l2-ctl
//! --list-devices --list-formats-ext`. Serial numbers are left out, and so are the names that
//! virtual cameras were given.
#![forbid(unsafe_code)]

use std::fmt::Write as _;

use super::machine::Kernel;
use super::probe::{Probe, Probed, ProbedSize};
use super::sysfs::{self, Origin, Place};
use super::v4l2::FourCc;
use super::{CameraOptions, list};

/// Describes every node there is.
pub fn report(options: &CameraOptions) -> String {
    report_with(options, &Kernel)
}

/// [`report`], asking `probe` instead of the kernel.
pub fn report_with(options: &CameraOptions, probe: &dyn Probe) -> String {
    let mut text = String::new();
    let (mut last, mut serials) = (String::new(), Vec::new());
    for place in sysfs::places(&options.dev_root, &options.sysfs_root) {
        let probed = probe.probe(&place.path);
        let head = head(&place, probed.as_ref().ok(), &mut serials);
        if head != last {
            text += &head;
            last = head;
        }
        node(&mut text, &place, &probed);
    }
    for camera in list::list_with(options, probe) {
        let spectrum = camera.spectrum.map_or("unused", |spectrum| spectrum.word());
        let used = if camera.used { "used" } else { "not used" };
        let id = camera
            .usb
            .map(|usb| format!("{:04x}:{:04x} ", usb.vendor, usb.product));
        let id = id.unwrap_or_default();
        // Nothing fails on a string.
        let _ = writeln!(text, "# {id}{spectrum}, {used}: {}", camera.reason);
    }
    text
}

/// The device's lines, up to its first node.
fn head(place: &Place, probed: Option<&Probed>, serials: &mut Vec<String>) -> String {
    let name = match (&place.origin, probed) {
        (Origin::Virtual, _) => "Virtual camera",
        (_, Some(probed)) => &probed.card,
        (_, None) => &place.name,
    };
    let driver = probed.map_or(&place.driver, |probed| &probed.driver);
    match &place.origin {
        Origin::Usb(usb) => {
            let serial = usb.serial.as_ref().map(|serial| {
                let known = serials.iter().position(|known| known == serial);
                let index = known.unwrap_or_else(|| {
                    serials.push(serial.clone());
                    serials.len() - 1
                });
                format!(" serial HIDDEN{}", index + 1)
            });
            let serial = serial.unwrap_or_default();
            let (vendor, product) = (usb.vendor, usb.product);
            let fixed = if usb.fixed { "    fixed\n" } else { "" };
            format!(
                "{name} ({}):\n    usb {vendor:04x}:{product:04x}{serial}\n{fixed}    driver {driver}\n",
                usb.port
            )
        }
        Origin::Platform(path) => format!("{name} (platform:{path}):\n    driver {driver}\n"),
        Origin::Virtual => format!("{name} (virtual):\n    driver {driver}\n    virtual\n"),
    }
}

fn node(text: &mut String, place: &Place, probed: &std::io::Result<Probed>) {
    // Nothing fails on a string.
    let _ = writeln!(text, "    /dev/video{}", place.number);
    if let Origin::Usb(usb) = &place.origin {
        let _ = writeln!(text, "        interface {}", usb.interface);
    }
    let probed = match probed {
        Ok(probed) => probed,
        Err(error) => {
            let _ = writeln!(text, "        # cannot be asked: {error}");
            return;
        }
    };
    let captures = match (probed.captures, probed.is_multi_planar) {
        (true, _) => "Video Capture, Streaming",
        (false, true) => "Video Capture Multiplanar, Streaming",
        (false, false) => "none that is used",
    };
    let stage = if probed.is_stage { ", I/O MC" } else { "" };
    let _ = writeln!(text, "        capabilities {captures}{stage}");
    if let Some(closed) = probed.shutter_closed {
        let _ = writeln!(text, "        control privacy {}", u8::from(closed));
    }
    for (index, format) in probed.formats.iter().enumerate() {
        let _ = writeln!(text, "        [{index}]: '{}'", FourCc(format.four_cc));
        format.sizes.iter().for_each(|size| intervals(text, size));
    }
}

fn intervals(text: &mut String, size: &ProbedSize) {
    let _ = writeln!(
        text,
        "            Size: Discrete {}x{}",
        size.width, size.height
    );
    for &(frames, seconds) in &size.rates {
        let fps = f64::from(frames) / f64::from(seconds.max(1));
        let _ = writeln!(
            text,
            "                Interval: Discrete {seconds}/{frames}s ({fps:.3} fps)"
        );
    }
}
