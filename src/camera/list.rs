//! What there is, which of it an attempt would use, and why.
#![forbid(unsafe_code)]

use facelock_protocol::{CameraReport, UsbReport};

use super::classify;
use super::device::{self, Camera};
use super::machine::Kernel;
use super::probe::{Probe, Probed, ProbedSize};
use super::quirks::Quirks;
use super::select::{self, suits, unopened};
use super::sysfs::{self, Origin};
use super::v4l2::FourCc;
use super::{CameraChoice, CameraOptions};
use crate::types::Spectrum;

/// Every capture node of the machine, and what an attempt would make of it.
pub fn list(options: &CameraOptions) -> Vec<CameraReport> {
    list_with(options, &Kernel)
}

/// [`list`], asking `probe` instead of the kernel.
pub fn list_with(options: &CameraOptions, probe: &dyn Probe) -> Vec<CameraReport> {
    let quirks = select::quirks(options);
    let table = quirks.as_ref().cloned().unwrap_or_default();
    let cameras = device::scan(options, &table, probe, &|_, _| true);
    let first = |wanted| {
        let candidates = select::candidates(options, wanted, probe).ok()?;
        candidates.into_iter().next()
    };
    let used = [first(Spectrum::Color), first(Spectrum::Infrared)];
    let names = select::names(&cameras);
    let reports = cameras.iter().map(|camera| {
        let is_used = used.iter().flatten().find(|selected| {
            selected.camera.identity == camera.identity
                && selected.camera.place.number == camera.place.number
        });
        let (used, reason) = match (&quirks, verdict(camera, &names, options, &table)) {
            (Err(error), _) => (false, error.to_string()),
            (Ok(_), Err(why)) => (false, why),
            (Ok(_), Ok(why)) if is_used.is_some() => (true, why),
            (Ok(_), Ok(_)) if options.only_enrolled => (
                false,
                "the user is not enrolled on it, or on one that comes first".into(),
            ),
            (Ok(_), Ok(_)) => (
                false,
                "another camera comes first; name this one in the configuration to use it".into(),
            ),
        };
        report(camera, used, reason)
    });
    let unbound = sysfs::unbound(&options.dev_root, &options.sysfs_root);
    let unbound = unbound.into_iter().map(|place| {
        let number = place.number;
        let camera = device::unopened(place);
        let reason = format!(
            "the unit does not bind its node: systemctl edit facelock@.service \
             facelock-restore@.service, and add to both [Service] BindPaths=-/dev/video{number}"
        );
        report(&camera, false, reason)
    });
    reports.chain(unbound).collect()
}

fn verdict(
    camera: &Camera,
    names: &[&str],
    options: &CameraOptions,
    quirks: &Quirks,
) -> Result<String, String> {
    let wanted = match (camera.spectrum, &camera.probed) {
        (Some(spectrum), _) => spectrum,
        (None, Err(_)) => return Err(unopened(camera).into()),
        (None, Ok(probed)) if probed.is_stage => {
            return Err(
                "one stage of an image processor, which streams nothing by itself; cameras behind it work by libcamera only"
                    .into(),
            );
        }
        (None, Ok(probed)) if probed.is_multi_planar => {
            return Err(
                "multi-planar; not read: such a camera works by libcamera only, and a USB one here"
                    .into(),
            );
        }
        (None, Ok(probed)) => return Err(classify::why_unread(&probed.formats)),
    };
    let modes = suits(camera, names, options, wanted)?;
    let by = match options.choice(wanted) {
        CameraChoice::Identity(_) => "named by the configuration",
        CameraChoice::Auto | CameraChoice::None => "first real camera of its kind",
    };
    let kind = camera.evidence.map_or("", |evidence| evidence.words());
    let chosen = modes[0];
    let told = match &camera.place.origin {
        Origin::Usb(usb) => quirks.find(usb.vendor, usb.product, usb.interface_number()),
        Origin::Platform(_) | Origin::Virtual => None,
    };
    let is_open_scale =
        chosen.four_cc.0 == *b"Y16 " && told.is_none_or(|quirk| quirk.bits.is_none());
    let scale = is_open_scale.then_some("its significant bits are found from the first lit frames");
    let chosen = chosen.to_string();
    let parts = [Some(by), Some(kind), Some(&*chosen), scale];
    Ok(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
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

/// `MJPG 640x480 30/s`, one line a size, the rates as the driver lists them.
fn lines(probed: &Probed) -> Vec<String> {
    let formats = probed.formats.iter();
    let sizes =
        formats.flat_map(|format| format.sizes.iter().map(move |size| (format.four_cc, size)));
    let line = |(four_cc, size): ([u8; 4], &ProbedSize)| {
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
