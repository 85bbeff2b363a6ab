//! The cameras there are: what each node is, what it sees by, and by which identity it is known.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use super::options::WANTED_SIZE;
use super::quirks::{Quirk, Quirks};
use super::sysfs::{self, Origin, Place};
use super::v4l2::{FourCc, Node, Rate};
use super::{CameraError, CameraOptions};
use crate::types::{CameraIdentity, Spectrum};

/// Formats that only a mono sensor's node offers.
const MONO: [&[u8; 4]; 6] = [b"GREY", b"Y800", b"Y8  ", b"Y10 ", b"Y12 ", b"Y16 "];
/// Formats the color path reads.
const COLOR: [&[u8; 4]; 3] = [b"YUYV", b"NV12", b"MJPG"];

/// One format of a node with its sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedFormat {
    pub four_cc: [u8; 4],
    pub sizes: Vec<ProbedSize>,
}

/// One size in pixels, with its rates as (frames, seconds).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedSize {
    pub width: u32,
    pub height: u32,
    pub rates: Vec<(u32, u32)>,
}

/// What a node says about itself when it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    pub driver: String,
    pub card: String,
    pub bus: String,
    /// A node that streams pictures to us: neither metadata nor output.
    pub captures: bool,
    pub formats: Vec<ProbedFormat>,
}

/// Asks a node what it is. A parameter, so that recorded nodes can be listed too.
pub trait Probe {
    /// # Errors
    /// The system's, `EACCES` and `ENODEV` among them.
    fn probe(&self, node: &Path) -> io::Result<Probed>;
}

/// Asks the kernel.
pub(super) struct Kernel;

impl Probe for Kernel {
    fn probe(&self, path: &Path) -> io::Result<Probed> {
        let node = Node::open(path)?;
        let capability = node.capability()?;
        let format = |four_cc: FourCc| ProbedFormat {
            four_cc: four_cc.0,
            sizes: node
                .sizes(four_cc, WANTED_SIZE)
                .into_iter()
                .map(|size| sized(&node, four_cc, size))
                .collect(),
        };
        let formats = if capability.captures {
            node.formats().into_iter().map(format).collect()
        } else {
            Vec::new()
        };
        let (driver, card, bus) = (capability.driver, capability.card, capability.bus);
        Ok(Probed {
            driver,
            card,
            bus,
            captures: capability.captures,
            formats,
        })
    }
}

fn sized(node: &Node, four_cc: FourCc, size: (u32, u32)) -> ProbedSize {
    let rate = |rate: Rate| (rate.frames, rate.seconds);
    ProbedSize {
        width: size.0,
        height: size.1,
        rates: node.rates(four_cc, size).into_iter().map(rate).collect(),
    }
}

/// One camera function: a capture node with everything known about it.
#[derive(Clone, Debug)]
pub(super) struct Camera {
    pub place: Place,
    pub identity: CameraIdentity,
    /// The physical camera: siblings share it.
    pub group: String,
    pub spectrum: Option<Spectrum>,
    pub is_virtual: bool,
    pub quirk: Option<Quirk>,
    /// What the node said, or why it could not be asked.
    pub probed: Result<Probed, CameraError>,
}

/// Every capture node, in an order that does not depend on node numbers except between nodes that
/// nothing else tells apart. `wanted` says which places are worth opening; one that is not is left
/// out.
pub(super) fn scan(
    options: &CameraOptions,
    quirks: &Quirks,
    probe: &dyn Probe,
    wanted: &dyn Fn(&Place) -> bool,
) -> Vec<Camera> {
    let places = sysfs::places(&options.dev_root, &options.sysfs_root);
    let cameras = places
        .into_iter()
        .filter(wanted)
        .map(|place| camera(place, quirks, probe));
    let captures = |camera: &Camera| {
        camera
            .probed
            .as_ref()
            .map_or(true, |probed| probed.captures)
    };
    let mut cameras: Vec<Camera> = cameras.filter(captures).collect();
    cameras.sort_by(|a, b| {
        let key = |camera: &Camera| {
            (
                camera.is_virtual,
                camera.identity.clone(),
                camera.place.number,
            )
        };
        key(a).cmp(&key(b))
    });
    cameras
}

fn camera(place: Place, quirks: &Quirks, probe: &dyn Probe) -> Camera {
    let probed = probe
        .probe(&place.path)
        .map_err(|why| CameraError::from_io(&why));
    let quirk = match &place.origin {
        Origin::Usb(usb) => quirks
            .find(usb.vendor, usb.product, usb.interface_number())
            .cloned(),
        Origin::Platform(_) | Origin::Virtual => None,
    };
    let spectrum = match quirk.as_ref().and_then(|quirk| quirk.spectrum) {
        Some(declared) => declared.spectrum(),
        None => probed
            .as_ref()
            .ok()
            .and_then(|probed| spectrum(&probed.formats)),
    };
    let pretends = |probed: &Probed| sysfs::PRETENDERS.contains(&probed.driver.as_str());
    let is_virtual = place.origin == Origin::Virtual || probed.as_ref().is_ok_and(pretends);
    let group = group(&place);
    let identity = identity(&place, &group, spectrum);
    Camera {
        place,
        identity,
        group,
        spectrum,
        is_virtual,
        quirk,
        probed,
    }
}

/// Mono formats only: infrared. Any readable color format: color. The name is never asked.
pub(super) fn spectrum(formats: &[ProbedFormat]) -> Option<Spectrum> {
    let is = |known: &[&[u8; 4]], format: &ProbedFormat| known.contains(&&format.four_cc);
    if formats.is_empty() {
        None
    } else if formats.iter().all(|format| is(&MONO, format)) {
        Some(Spectrum::Infrared)
    } else {
        formats
            .iter()
            .any(|format| is(&COLOR, format))
            .then_some(Spectrum::Color)
    }
}

fn group(place: &Place) -> String {
    match &place.origin {
        Origin::Usb(usb) => {
            let serial = usb.serial.as_deref().unwrap_or("-");
            format!(
                "usb:{:04x}:{:04x}:{serial}@{}",
                usb.vendor, usb.product, usb.port
            )
        }
        Origin::Platform(path) => format!("platform:{path}"),
        Origin::Virtual => format!("virtual:{}", virtual_name(place)),
    }
}

fn virtual_name(place: &Place) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    place.name.chars().map(plain).take(64).collect()
}

/// [`CameraIdentity`]'s format; the bus path of a USB function ends in its interface.
fn identity(place: &Place, group: &str, spectrum: Option<Spectrum>) -> CameraIdentity {
    let word = match spectrum {
        Some(Spectrum::Color) => "color",
        Some(Spectrum::Infrared) => "infrared",
        None => "unused",
    };
    CameraIdentity::new(match &place.origin {
        Origin::Usb(usb) => format!("{group}:{}/{word}", usb.interface),
        Origin::Platform(_) | Origin::Virtual => format!("{group}/{word}"),
    })
}

/// Whether a place can be the one an identity names, told without opening it.
pub(super) fn may_be(place: &Place, identity: &str) -> bool {
    let known_so_far = identity
        .rsplit_once('/')
        .map_or(identity, |(before, _)| before);
    let nothing = CameraIdentity::new(identity_prefix(place));
    nothing.as_str() == known_so_far
}

fn identity_prefix(place: &Place) -> String {
    let identity = identity(place, &group(place), None);
    identity
        .as_str()
        .rsplit_once('/')
        .map_or(String::new(), |(before, _)| before.to_owned())
}
