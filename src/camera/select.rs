//! Which cameras may be used, and in which order they are tried.
#![forbid(unsafe_code)]

use super::classify::Evidence;
use super::device::{self, Camera};
use super::formats::Mode;
use super::probe::Probe;
use super::quirks::Quirks;
use super::ranking;
use super::sysfs::{self, Origin, Place};
use super::{CameraChoice, CameraError, CameraOptions};
use crate::types::{CameraIdentity, Spectrum, find_camera};

/// A camera for one spectrum and the modes to run it in, the best first; there is one.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    pub camera: Camera,
    /// The name that the user's templates know it by; its own where they know it by none.
    pub known_as: CameraIdentity,
    pub modes: Vec<Mode>,
}

/// The cameras that `options` allow, in the order they are tried: those that the user is enrolled
/// on, then the machine's own, then the others. Opens only nodes that can be one.
///
/// # Errors
/// [`CameraError::NotFound`], [`CameraError::Virtual`], [`CameraError::PermissionDenied`],
/// [`CameraError::Busy`] where a driver refuses even to be asked; [`CameraError::OtherCamera`]
/// where there is a camera, but none that the user is enrolled on; [`CameraError::Failed`] for
/// quirks that cannot be read.
pub(super) fn candidates(
    options: &CameraOptions,
    wanted: Spectrum,
    probe: &dyn Probe,
) -> Result<Vec<Selected>, CameraError> {
    let quirks = quirks(options)?;
    let allowed = |place: &Place, names: &[&str]| match options.choice(wanted) {
        CameraChoice::None => false,
        CameraChoice::Auto => place.origin != Origin::Virtual || options.allow_virtual,
        CameraChoice::Identity(identity) => device::could_be(place, identity, names),
    };
    let enrolled = |place: &Place, names: &[&str]| {
        let mut enrolled = options.enrolled_by(wanted);
        enrolled.any(|identity| device::could_be(place, identity.as_str(), names))
    };
    let cameras = device::scan(options, &quirks, probe, &|place, names| {
        allowed(place, names) && (!options.only_enrolled || enrolled(place, names))
    });
    let found = ordered(&cameras, options, wanted);
    if !found.is_empty() {
        return Ok(found);
    }
    let unbound = sysfs::unbound(&options.dev_root, &options.sysfs_root);
    let unbound_names: Vec<String> = unbound.iter().map(device::place_name).collect();
    let unbound_names: Vec<&str> = unbound_names.iter().map(String::as_str).collect();
    let mut meant = unbound
        .iter()
        .filter(|place| enrolled(place, &unbound_names));
    if let Some(place) = meant.next() {
        return Err(CameraError::Unbound(place.number));
    }
    let other_is_there = options.only_enrolled && {
        let all = device::scan(options, &quirks, probe, &allowed);
        all.iter()
            .any(|camera| suits(camera, &names(&all), options, wanted).is_ok())
    };
    if other_is_there && cameras.iter().all(|camera| camera.probed.is_ok()) {
        return Err(CameraError::OtherCamera);
    }
    Err(why_none(&cameras, options, wanted))
}

/// The suitable ones, those first that the user is enrolled on.
fn ordered(cameras: &[Camera], options: &CameraOptions, wanted: Spectrum) -> Vec<Selected> {
    let names = names(cameras);
    let selected = cameras.iter().filter_map(|camera| {
        let modes = suits(camera, &names, options, wanted).ok()?;
        let name = camera.identity.as_str();
        let mut enrolled = options.enrolled_by(wanted);
        let known = enrolled.find(|stored| find_camera(stored.as_str(), &names) == Some(name));
        if options.only_enrolled && known.is_none() {
            return None;
        }
        let selected = Selected {
            known_as: known.unwrap_or(&camera.identity).clone(),
            camera: camera.clone(),
            modes,
        };
        Some((known.is_none(), selected))
    });
    let mut selected: Vec<(bool, Selected)> = selected.collect();
    selected.sort_by_key(|(unknown, _)| *unknown);
    selected.into_iter().map(|(_, selected)| selected).collect()
}

/// Functions that list nothing but color formats beside another one of the same device, which is
/// how some infrared cameras announce themselves: whether one is, only its pictures tell. For an
/// enrollment; a login knows.
pub(super) fn perhaps_infrared(
    options: &CameraOptions,
    probe: &dyn Probe,
) -> Result<Vec<Selected>, CameraError> {
    if options.only_enrolled || options.infrared != CameraChoice::Auto {
        return Ok(Vec::new());
    }
    let real = |place: &Place, _: &[&str]| place.origin != Origin::Virtual;
    let cameras = device::scan(options, &quirks(options)?, probe, &real);
    let by_color_formats = |camera: &&Camera| camera.evidence == Some(Evidence::ColorFormats);
    let has_sibling = |camera: &&Camera| {
        let mut others = cameras.iter().filter(by_color_formats);
        let is_sibling =
            |other: &Camera| other.group == camera.group && other.identity != camera.identity;
        !camera.is_virtual && others.any(is_sibling)
    };
    let unsure = cameras.iter().filter(by_color_formats).filter(has_sibling);
    // The infrared function comes second where there are two.
    let selected = unsure.rev().filter_map(|camera| {
        let camera = camera.as_infrared();
        let names = [camera.identity.as_str()];
        let modes = suits(&camera, &names, options, Spectrum::Infrared).ok()?;
        Some(Selected {
            known_as: camera.identity.clone(),
            camera,
            modes,
        })
    });
    Ok(selected.collect())
}

pub(super) fn quirks(options: &CameraOptions) -> Result<Quirks, CameraError> {
    Quirks::load(&options.quirk_dirs).map_err(|error| CameraError::Failed(error.to_string()))
}

/// The identities of the cameras.
pub(super) fn names(cameras: &[Camera]) -> Vec<&str> {
    let names = cameras.iter().map(|camera| camera.identity.as_str());
    names.collect()
}

/// The modes of a camera that `options` allow for `wanted`; the reason where it is not one.
pub(super) fn suits(
    camera: &Camera,
    names: &[&str],
    options: &CameraOptions,
    wanted: Spectrum,
) -> Result<Vec<Mode>, &'static str> {
    if camera.spectrum != Some(wanted) {
        return Err(match wanted {
            Spectrum::Color => "is not a color camera",
            Spectrum::Infrared => "is not an infrared camera",
        });
    }
    match options.choice(wanted) {
        CameraChoice::None => return Err("the configuration uses no camera of this kind"),
        CameraChoice::Identity(identity)
            if find_camera(identity, names) != Some(camera.identity.as_str()) =>
        {
            return Err("the configuration names another camera");
        }
        CameraChoice::Identity(_) | CameraChoice::Auto => {}
    }
    if camera.is_virtual && !options.allow_virtual {
        return Err("virtual: any program that feeds it could log in");
    }
    let probed = camera.probed.as_ref().map_err(|_| unopened(camera))?;
    let modes = ranking::ranked(probed, wanted, camera.quirk.as_ref(), options);
    Some(modes)
        .filter(|modes| !modes.is_empty())
        .ok_or("has no format that can be read")
}

pub(super) fn unopened(camera: &Camera) -> &'static str {
    match &camera.probed {
        Err(CameraError::PermissionDenied) => "may not be opened; is user facelock in group video?",
        Err(CameraError::Busy) => "held by another program",
        _ => "cannot be opened",
    }
}

/// The most specific reason why no camera suits.
fn why_none(cameras: &[Camera], options: &CameraOptions, wanted: Spectrum) -> CameraError {
    let names = names(cameras);
    let meant = |camera: &&Camera| match options.choice(wanted) {
        CameraChoice::Identity(identity) => {
            camera.probed.is_err()
                || find_camera(identity, &names) == Some(camera.identity.as_str())
        }
        CameraChoice::Auto => camera.probed.is_err() || camera.spectrum == Some(wanted),
        CameraChoice::None => false,
    };
    let mut real = cameras
        .iter()
        .filter(meant)
        .filter(|camera| !camera.is_virtual);
    if let Some(error) = real.find_map(|camera| camera.probed.as_ref().err()) {
        return error.clone();
    }
    if !options.allow_virtual
        && cameras
            .iter()
            .any(|camera| camera.is_virtual && meant(&camera))
    {
        return CameraError::Virtual;
    }
    let virtual_only = !options.allow_virtual && *options.choice(wanted) != CameraChoice::None && {
        // Virtual nodes were not opened: being there is enough.
        let places = sysfs::places(&options.dev_root, &options.sysfs_root);
        !places.is_empty() && places.iter().all(|place| place.origin == Origin::Virtual)
    };
    if virtual_only {
        CameraError::Virtual
    } else {
        CameraError::NotFound
    }
}
