//! Which camera is used, and why each other one is not.
#![forbid(unsafe_code)]

use facelock_protocol::{CameraReport, UsbReport};

use super::device::{self, Camera, Kernel, Probe, Probed};
use super::formats::{self, Mode};
use super::quirks::Quirks;
use super::sysfs::Origin;
use super::v4l2::FourCc;
use super::{CameraError, CameraOptions, Choice};
use crate::types::Spectrum;

/// The camera for one spectrum and the mode to run it in.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    pub camera: Camera,
    pub mode: Mode,
}

/// Finds the camera that `options` mean. Opens only nodes that can be it.
///
/// # Errors
/// [`CameraError::NotFound`], [`CameraError::Virtual`], [`CameraError::PermissionDenied`],
/// [`CameraError::Busy`] where a driver refuses even to be asked; [`CameraError::Failed`] for
/// quirks that cannot be read.
pub(super) fn select(
    options: &CameraOptions,
    wanted: Spectrum,
    probe: &dyn Probe,
) -> Result<Selected, CameraError> {
    let quirks = quirks(options)?;
    let worth_opening = |place: &super::sysfs::Place| match options.choice(wanted) {
        Choice::None => false,
        Choice::Auto => place.origin != Origin::Virtual || options.allow_virtual,
        Choice::Identity(identity) => device::may_be(place, identity),
    };
    let cameras = device::scan(options, &quirks, probe, &worth_opening);
    match cameras
        .iter()
        .find(|camera| suits(camera, options, wanted).is_ok())
    {
        Some(camera) => {
            let mode =
                mode(camera, options, wanted).map_err(|why| CameraError::Failed(why.into()))?;
            Ok(Selected {
                camera: camera.clone(),
                mode,
            })
        }
        None => Err(why_none(&cameras, options, wanted)),
    }
}

pub(super) fn quirks(options: &CameraOptions) -> Result<Quirks, CameraError> {
    Quirks::load(&options.quirk_dirs).map_err(|why| CameraError::Failed(why.to_string()))
}

/// Whether a camera is one that `options` allow for `wanted`; the reason where it is not.
fn suits(camera: &Camera, options: &CameraOptions, wanted: Spectrum) -> Result<(), &'static str> {
    if camera.spectrum != Some(wanted) {
        return Err("sees by other light");
    }
    match options.choice(wanted) {
        Choice::None => return Err("the configuration uses no camera of this kind"),
        Choice::Identity(identity) if identity != camera.identity.as_str() => {
            return Err("the configuration names another camera");
        }
        Choice::Identity(_) | Choice::Auto => {}
    }
    if camera.is_virtual && !options.allow_virtual {
        return Err("virtual: whoever feeds it would be let in");
    }
    mode(camera, options, wanted).map(drop)
}

fn unopened(camera: &Camera) -> &'static str {
    match &camera.probed {
        Err(CameraError::PermissionDenied) => "may not be opened; is user facelock in group video?",
        Err(CameraError::Busy) => "held by another program",
        _ => "cannot be opened",
    }
}

fn mode(camera: &Camera, options: &CameraOptions, wanted: Spectrum) -> Result<Mode, &'static str> {
    let probed = camera.probed.as_ref().map_err(|_| unopened(camera))?;
    formats::choose(probed, wanted, camera.quirk.as_ref(), options)
        .ok_or("has no format that can be read")
}

/// The most specific reason why no camera suits.
fn why_none(cameras: &[Camera], options: &CameraOptions, wanted: Spectrum) -> CameraError {
    let meant = |camera: &&Camera| match options.choice(wanted) {
        Choice::Identity(identity) => {
            camera.probed.is_err() || identity == camera.identity.as_str()
        }
        Choice::Auto => camera.probed.is_err() || camera.spectrum == Some(wanted),
        Choice::None => false,
    };
    let mut real = cameras
        .iter()
        .filter(meant)
        .filter(|camera| !camera.is_virtual);
    if let Some(why) = real.find_map(|camera| camera.probed.as_ref().err()) {
        return why.clone();
    }
    if !options.allow_virtual
        && cameras
            .iter()
            .any(|camera| camera.is_virtual && meant(&camera))
    {
        return CameraError::Virtual;
    }
    let virtual_only = !options.allow_virtual && *options.choice(wanted) != Choice::None && {
        // Virtual nodes were not opened: being there is enough.
        let places = super::sysfs::places(&options.dev_root, &options.sysfs_root);
        !places.is_empty() && places.iter().all(|place| place.origin == Origin::Virtual)
    };
    if virtual_only {
        CameraError::Virtual
    } else {
        CameraError::NotFound
    }
}

/// What there is, which of it an attempt would use, and why.
pub fn list(options: &CameraOptions) -> Vec<CameraReport> {
    list_with(options, &Kernel)
}

/// [`list`], asking `probe` instead of the kernel.
pub fn list_with(options: &CameraOptions, probe: &dyn Probe) -> Vec<CameraReport> {
    let quirks = quirks(options);
    let cameras = device::scan(
        options,
        quirks.as_ref().unwrap_or(&Quirks::default()),
        probe,
        &|_| true,
    );
    let first = |wanted| {
        cameras
            .iter()
            .position(|camera| suits(camera, options, wanted).is_ok())
    };
    let used = [first(Spectrum::Color), first(Spectrum::Infrared)];
    let reports = cameras.iter().enumerate().map(|(index, camera)| {
        let (used, reason) = match (&quirks, verdict(camera, options)) {
            (Err(why), _) => (false, why.to_string()),
            (Ok(_), Err(why)) => (false, why.to_owned()),
            (Ok(_), Ok(why)) if used.contains(&Some(index)) => (true, why),
            (Ok(_), Ok(_)) => (
                false,
                "another camera comes first; name this one in the configuration to use it".into(),
            ),
        };
        report(camera, used, reason)
    });
    reports.collect()
}

fn verdict(camera: &Camera, options: &CameraOptions) -> Result<String, &'static str> {
    let wanted = match camera.spectrum {
        Some(spectrum) => spectrum,
        None if camera.probed.is_err() => return Err(unopened(camera)),
        None => return Err("has no format that can be read"),
    };
    suits(camera, options, wanted)?;
    let chosen = mode(camera, options, wanted)?;
    let by = match options.choice(wanted) {
        Choice::Identity(_) => "named by the configuration",
        Choice::Auto | Choice::None => "first real camera of its kind",
    };
    let evidence = match (
        camera.quirk.as_ref().and_then(|quirk| quirk.spectrum),
        wanted,
    ) {
        (Some(_), _) => "its kind is known from the quirks",
        (None, Spectrum::Infrared) => "infrared because all its formats are mono",
        (None, Spectrum::Color) => "color by its formats",
    };
    Ok(format!(
        "{by}; {evidence}; {} {}x{}",
        chosen.four_cc, chosen.width, chosen.height
    ))
}

fn report(camera: &Camera, used: bool, reason: String) -> CameraReport {
    let probed = camera.probed.as_ref().ok();
    let usb = match &camera.place.origin {
        Origin::Usb(usb) => Some(UsbReport {
            vendor: usb.vendor,
            product: usb.product,
            serial: usb.serial.clone(),
        }),
        Origin::Platform(_) | Origin::Virtual => None,
    };
    CameraReport {
        identity: camera.identity.to_string(),
        group: camera.group.clone(),
        name: probed.map_or_else(|| camera.place.name.clone(), |probed| probed.card.clone()),
        driver: probed.map_or_else(
            || camera.place.driver.clone(),
            |probed| probed.driver.clone(),
        ),
        bus: probed.map_or_else(String::new, |probed| probed.bus.clone()),
        usb,
        spectrum: camera.spectrum,
        is_virtual: camera.is_virtual,
        formats: probed.map_or_else(Vec::new, lines),
        used,
        reason,
    }
}

/// `MJPG 640x480 30/s`, one line a size, the rates slowest last.
fn lines(probed: &Probed) -> Vec<String> {
    let formats = probed.formats.iter();
    let sizes =
        formats.flat_map(|format| format.sizes.iter().map(move |size| (format.four_cc, size)));
    let line = |(four_cc, size): ([u8; 4], &super::ProbedSize)| {
        let rates = size.rates.iter().filter(|rate| rate.1 > 0);
        let rates: Vec<String> = rates
            .map(|rate| format!("{}", rate.0 as f32 / rate.1 as f32))
            .collect();
        let rates = if rates.is_empty() {
            String::new()
        } else {
            format!(" {}/s", rates.join(","))
        };
        format!("{} {}x{}{rates}", FourCc(four_cc), size.width, size.height)
    };
    sizes.map(line).take(128).collect()
}
