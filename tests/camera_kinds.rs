//! Further cameras of each kind that a description in tests/cameras stands for, as a hostile
//! reviewer would think them up: each must be taken for what it is, or refused in words.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

use facelock::camera::described::DescribedCameras;
use facelock::camera::{CameraOptions, list_with};
use facelock::types::find_camera;
use facelock_protocol::{CameraReport, Spectrum};

/// A function: its interface, and its formats with one size and interval each.
type Function<'a> = (&'a str, &'a [(&'a str, &'a str, &'a str)]);

/// A function's formats.
type Names<'a> = &'a [&'a str];
/// What functions are taken for.
type Kinds<'a> = &'a [Option<Spectrum>];

const USUAL: &str = "Discrete 0.033s (30.000 fps)";

fn listed(functions: &[Function<'_>], change: impl Fn(&mut CameraOptions)) -> Vec<CameraReport> {
    let mut text = "Camera (usb-0000:00:14.0-6):\n    usb 04f2:b6d9\n    fixed\n".to_owned();
    for (number, (interface, formats)) in functions.iter().enumerate() {
        text += &format!(
            "    /dev/video{}\n        interface {interface}\n",
            number * 2
        );
        for (index, (format, size, interval)) in formats.iter().enumerate() {
            text +=
                &format!("        [{index}]: '{format}' (…)\n            Size: Discrete {size}\n");
            if !interval.is_empty() {
                text += &format!("                Interval: {interval}\n");
            }
        }
    }
    let cameras = DescribedCameras::parse(&text).unwrap();
    let root = tempfile::tempdir().unwrap();
    let mut options = cameras.unfold(root.path()).unwrap();
    change(&mut options);
    list_with(&options, &cameras)
}

/// What each function is taken for.
fn kinds(functions: &[Function<'_>]) -> Vec<Option<Spectrum>> {
    let mut cameras = listed(functions, |_| {});
    cameras.sort_by_key(|camera| camera.identity.rsplit_once(':').unwrap().1.to_owned());
    cameras.iter().map(|camera| camera.spectrum).collect()
}

const COLOR: Option<Spectrum> = Some(Spectrum::Color);
const INFRARED: Option<Spectrum> = Some(Spectrum::Infrared);

fn of<'a>(names: &[&'a str]) -> Vec<(&'a str, &'static str, &'static str)> {
    names.iter().map(|name| (*name, "640x480", USUAL)).collect()
}

#[test]
fn a_function_is_what_its_formats_and_its_siblings_say() {
    let cases: [(&[Names<'_>], Kinds<'_>); 15] = [
        // An ordinary black-and-white camera looks like an infrared one, and is told as assumed.
        (&[&["GREY"]], &[INFRARED]),
        (&[&["Y8"], &["YUYV"]], &[INFRARED, COLOR]),
        // A thermal camera of one function: it has colors, and no sibling.
        (&[&["UYVY", "Y16", "GREY", "RGBP", "BGR3"]], &[COLOR]),
        // The infrared function comes first, and third.
        (&[&["GREY"], &["MJPG", "YUYV"]], &[INFRARED, COLOR]),
        (
            &[&["MJPG"], &["H264"], &["GREY", "MJPG"]],
            &[COLOR, None, INFRARED],
        ),
        // Two infrared functions beside one color function.
        (
            &[&["MJPG"], &["GREY"], &["Y16", "MJPG"]],
            &[COLOR, INFRARED, INFRARED],
        ),
        // Depth and packed values beside something that can be read.
        (&[&["Z16", "GREY"]], &[INFRARED]),
        (&[&["Y10P", "YUYV"]], &[COLOR]),
        (&[&["Y8I", "YUYV"]], &[COLOR]),
        (&[&["Y8I", "GREY", "YUYV"]], &[INFRARED]),
        // Nothing here can be read.
        (&[&["H264"], &["HEVC"], &["Z16"]], &[None, None, None]),
        (&[&["BA81"], &["pBAA"]], &[None, None]),
        // Formats of capture sticks and of single-board computers.
        (
            &[&["NV21", "YV12"], &["YU12", "YVYU", "VYUY"]],
            &[COLOR, COLOR],
        ),
        (&[&["YM12"], &["NV16"]], &[None, None]),
        // Both functions list both: nothing tells them apart.
        (&[&["GREY", "YUYV"], &["GREY", "YUYV"]], &[COLOR, COLOR]),
    ];
    for (formats, expected) in cases {
        let formats: Vec<_> = formats.iter().map(|names| of(names)).collect();
        let interfaces = ["1.0", "1.2", "1.4"];
        let functions: Vec<Function<'_>> = interfaces
            .into_iter()
            .zip(&formats)
            .map(|(i, f)| (i, &f[..]))
            .collect();
        assert_eq!(kinds(&functions), expected, "{functions:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    for (format, words) in [
        ("NV16", "no format that can be read: NV16"),
        ("RGB3", "no format that can be read: RGB3"),
        ("HEVC", "no format that can be read: HEVC"),
        ("Y14", "no format that can be read: Y14"),
        ("Y12I", "no format that can be read: Y12I"),
        ("RG10", "raw pictures only (RG10)"),
        ("pgAA", "raw pictures only (pgAA)"),
        ("GRBG", "raw pictures only (GRBG)"),
        ("\u{7f}\u{1}", "no format that can be read"),
        ("", "no format that can be read"),
    ] {
        let cameras = listed(&[("1.0", &[(format, "640x480", USUAL)])], |_| {});
        assert!(
            cameras[0].reason.contains(words),
            "{format}: {}",
            cameras[0].reason
        );
        assert!(!cameras[0].used);
    }
}

/// The format, size and rate that are chosen among these.
fn chosen(formats: &[(&str, &str, &str)]) -> String {
    let cameras = listed(&[("1.0", formats)], |_| {});
    let reason = cameras[0].reason.clone();
    reason.rsplit("; ").next().unwrap().to_owned()
}

#[test]
fn sizes_and_rates_that_make_no_sense_do_not_win() {
    let good = ("MJPG", "640x480", USUAL);
    for odd in [
        ("YUYV", "0x0", USUAL),
        ("YUYV", "1x1", USUAL),
        ("YUYV", "15x4000", USUAL),
        ("YUYV", "65535x65535", USUAL),
        ("YUYV", "4294967295x1", USUAL),
        ("YUYV", "640x480", "Discrete 1/1s"),
        ("YUYV", "640x480", "Discrete 30/1s"),
        ("YUYV", "160x120", USUAL),
        ("YUYV", "319x239", "Discrete 1/120s"),
        ("YUYV", "1920x1080", USUAL),
    ] {
        assert_eq!(chosen(&[odd, good]), "MJPG 640x480", "{odd:?}");
    }
    // Alone, each that is a picture at all is better than none.
    for (odd, expected) in [
        (("YUYV", "640x480", "Discrete 30/1s"), "YUYV 640x480"),
        (("YUYV", "160x120", USUAL), "YUYV 160x120"),
        (("YUYV", "640x480", ""), "YUYV 640x480"),
        (("YUYV", "640x480", "Discrete 0/0s"), "YUYV 640x480"),
        (
            ("YUYV", "640x480", "Discrete 1/4294967295s"),
            "YUYV 640x480",
        ),
        (("YUYV", "1x1", USUAL), "has no format that can be read"),
    ] {
        assert_eq!(chosen(&[odd]), expected, "{odd:?}");
    }
}

#[test]
fn a_name_means_one_camera_or_none() {
    let bare = "usb:046d:0825:-@usb-0000:00:14.0-1.4:1.0/color";
    let serial = "usb:5986:118c:SN0001@usb-0000:07:00.3-1:1.0/color";
    // Stored, what is there, and what is found.
    let cases: [(&str, &[&str], Option<usize>); 12] = [
        // The bus, the domain and the bridge are dealt out anew.
        (
            bare,
            &["usb:046d:0825:-@usb-10000:e1:14.0-1.4:1.0/color"],
            Some(0),
        ),
        (
            bare,
            &["usb:046d:0825:-@usb-0000:00:14.0-1.3:1.0/color"],
            None,
        ),
        (
            bare,
            &["usb:046d:0825:-@usb-0000:00:0d.0-1.4:1.0/color"],
            None,
        ),
        // A serial number that another make has, or another interface, or another light.
        (
            serial,
            &["usb:046d:0825:SN0001@usb-0000:07:00.3-1:1.0/color"],
            None,
        ),
        (
            serial,
            &["usb:5986:118c:SN0001@usb-0000:07:00.3-1:1.2/color"],
            None,
        ),
        (
            serial,
            &["usb:5986:118c:SN0001@usb-0000:07:00.3-1:1.0/infrared"],
            None,
        ),
        (
            serial,
            &["usb:5986:118c:sn0001@usb-0000:07:00.3-1:1.0/color"],
            None,
        ),
        // The camera has lost its serial number, or found one.
        (
            serial,
            &["usb:5986:118c:-@usb-0000:07:00.3-1:1.0/color"],
            None,
        ),
        (
            bare,
            &["usb:046d:0825:SN9@usb-0000:00:14.0-1.4:1.0/color"],
            None,
        ),
        // Zeroes are no serial number.
        (
            "usb:046d:0825:00000000@usb-0000:00:14.0-1:1.0/color",
            &["usb:046d:0825:00000000@usb-0000:00:14.0-2:1.0/color"],
            None,
        ),
        // Names that hold the format's own signs.
        ("usb:/@:/color", &[bare], None),
        ("", &[bare, serial], None),
    ];
    for (stored, present, expected) in cases {
        let found = find_camera(stored, present);
        assert_eq!(
            found,
            expected.map(|at| present[at]),
            "{stored} in {present:?}"
        );
    }
    // Two that could both be meant are neither.
    let twice = [
        "usb:5986:118c:SN0001@usb-0000:00:14.0-2:1.0/color",
        "usb:5986:118c:SN0001@usb-0000:00:14.0-3:1.0/color",
    ];
    assert_eq!(find_camera(serial, &twice), None);
}
