//! The cameras there are: what each node is, what it sees by, and by which identity it is known.
#![forbid(unsafe_code)]

use super::classify::{self, Evidence};
use super::probe::{Probe, Probed, ProbedFormat};
use super::quirks::{Quirk, Quirks};
use super::sysfs::{self, Origin, Place};
use super::{CameraError, CameraOptions};
use crate::types::{CameraIdentity, Spectrum, same_camera};

/// One camera function: a capture node with everything known about it.
#[derive(Clone, Debug)]
pub(super) struct Camera {
    pub place: Place,
    pub identity: CameraIdentity,
    /// The physical camera: siblings share it.
    pub group: String,
    pub spectrum: Option<Spectrum>,
    pub evidence: Option<Evidence>,
    pub is_virtual: bool,
    pub quirk: Option<Quirk>,
    /// What the node said, or why it could not be asked.
    pub probed: Result<Probed, CameraError>,
}

/// Every capture node, the machine's own first, in an order that does not depend on node numbers
/// except between nodes that nothing else tells apart. `wanted` says which places are worth
/// opening; one that is not is left out.
pub(super) fn scan(
    options: &CameraOptions,
    quirks: &Quirks,
    probe: &dyn Probe,
    wanted: &dyn Fn(&Place, &[&str]) -> bool,
) -> Vec<Camera> {
    let places = sysfs::places(&options.dev_root, &options.sysfs_root);
    let names: Vec<String> = places.iter().map(place_name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let worth_opening = places.into_iter().filter(|place| wanted(place, &names));
    let mut probed: Vec<(Place, Result<Probed, CameraError>)> = worth_opening
        .map(|place| {
            let answer = probe.probe(&place.path);
            (place, answer.map_err(|error| CameraError::from_io(&error)))
        })
        .collect();
    let is_camera = |probed: &Probed| probed.captures || probed.is_multi_planar;
    probed.retain(|(_, answer)| answer.as_ref().map_or(true, is_camera));
    let kinds: Vec<_> = (0..probed.len())
        .map(|index| kind(index, &probed, options, quirks, &names))
        .collect();
    let mut cameras: Vec<Camera> = probed
        .into_iter()
        .zip(kinds)
        .map(|((place, probed), kind)| camera(place, probed, kind, quirks))
        .collect();
    cameras.sort_by_cached_key(|camera| {
        let fixed = matches!(&camera.place.origin, Origin::Usb(usb) if usb.fixed);
        let identity = camera.identity.clone();
        (camera.is_virtual, !fixed, identity, camera.place.number)
    });
    cameras
}

/// What the function at `index` sees by: what a quirk says, what root or a template named it as,
/// or what its formats say.
fn kind(
    index: usize,
    probed: &[(Place, Result<Probed, CameraError>)],
    options: &CameraOptions,
    quirks: &Quirks,
    names: &[&str],
) -> Option<(Spectrum, Evidence)> {
    let (place, answer) = &probed[index];
    if let Some(declared) = quirk(place, quirks).and_then(|quirk| quirk.spectrum) {
        return Some((declared.spectrum()?, Evidence::Quirk));
    }
    let own = answer.as_ref().ok()?;
    let (group, name) = (group(place), place_name(place));
    let siblings = probed.iter().filter_map(|(other, answer)| {
        let sibling = group == self::group(other) && place_name(other) != name;
        answer.as_ref().ok().filter(|_| sibling)
    });
    let siblings: Vec<&[ProbedFormat]> = siblings.map(|other| &*other.formats).collect();
    let named = options.named_spectrum(&name, names);
    named
        .filter(|named| classify::can_be(&own.formats, *named))
        .map(|named| (named, Evidence::Named))
        .or_else(|| classify::by_formats(&own.formats, &siblings))
}

fn quirk<'a>(place: &Place, quirks: &'a Quirks) -> Option<&'a Quirk> {
    match &place.origin {
        Origin::Usb(usb) => quirks.find(usb.vendor, usb.product, usb.interface_number()),
        Origin::Platform(_) | Origin::Virtual => None,
    }
}

fn camera(
    place: Place,
    probed: Result<Probed, CameraError>,
    kind: Option<(Spectrum, Evidence)>,
    quirks: &Quirks,
) -> Camera {
    let pretends = |probed: &Probed| sysfs::VIRTUAL_DRIVERS.contains(&probed.driver.as_str());
    let spectrum = kind.map(|(spectrum, _)| spectrum);
    let group = group(&place);
    Camera {
        identity: identity(&place, &group, spectrum),
        group,
        spectrum,
        evidence: kind.map(|(_, evidence)| evidence),
        is_virtual: place.origin == Origin::Virtual || probed.as_ref().is_ok_and(pretends),
        quirk: quirk(&place, quirks).cloned(),
        place,
        probed,
    }
}

impl Camera {
    /// The same function, taken for an infrared one until its pictures say otherwise.
    pub fn as_infrared(&self) -> Self {
        let spectrum = Some(Spectrum::Infrared);
        Self {
            identity: identity(&self.place, &self.group, spectrum),
            spectrum,
            evidence: Some(Evidence::Pictures),
            ..self.clone()
        }
    }
}

/// A camera that was not asked.
pub(super) fn unopened(place: Place) -> Camera {
    camera(place, Err(CameraError::NotFound), None, &Quirks::default())
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

/// Whether a place can be the one an identity names, told without opening it; `names` are those of
/// all places.
pub(super) fn could_be(place: &Place, identity: &str, names: &[&str]) -> bool {
    let stored = identity
        .rsplit_once('/')
        .map_or(identity, |(before, _)| before);
    same_camera(stored, &place_name(place), names)
}

/// A place's identity as far as it is known without opening it: without spectrum.
pub(super) fn place_name(place: &Place) -> String {
    let identity = identity(place, &group(place), None);
    let known = identity.as_str().rsplit_once('/');
    known.map_or(String::new(), |(before, _)| before.to_owned())
}
