//! Which of a node's formats, sizes and rates is taken: pure.
#![forbid(unsafe_code)]

use super::convert::Encoding;
use super::device::{Probed, ProbedFormat, ProbedSize};
use super::quirks::Quirk;
use super::v4l2::{FourCc, Rate};
use super::{CameraOptions, Wanted};
use crate::types::MAX_FRAME_SIDE;

/// Slower streams make a face wait.
const RATE_FINE: f64 = 15.0;
/// Faster ones only cost.
const RATE_ENOUGH: f64 = 31.0;

/// A stream to ask a driver for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mode {
    pub four_cc: FourCc,
    pub encoding: Encoding,
    pub width: u32,
    pub height: u32,
    /// `None` where the driver tells no rates.
    pub rate: Option<Rate>,
}

/// How a format is read; `None` for one that is not. `bits` is the quirk's word on 16-bit formats.
pub(super) fn encoding(four_cc: FourCc, bits: Option<u8>) -> Option<Encoding> {
    let wide = |usual| Encoding::GreyWide { bits: bits.unwrap_or(usual) };
    Some(match &four_cc.0 {
        b"YUYV" => Encoding::Yuyv,
        b"NV12" => Encoding::Nv12,
        b"MJPG" => Encoding::Mjpeg,
        b"GREY" | b"Y800" | b"Y8  " => Encoding::Grey,
        b"Y10 " => wide(10),
        b"Y12 " => wide(12),
        b"Y16 " => wide(16),
        _ => return None,
    })
}

/// The best mode for `wanted`: fast enough first, then the size closest to the one asked for, then the cheapest encoding.
pub(super) fn choose(probed: &Probed, wanted: Wanted, quirk: Option<&Quirk>, options: &CameraOptions) -> Option<Mode> {
    let bits = quirk.and_then(|quirk| quirk.bits);
    let modes = probed.formats.iter().flat_map(|format| modes(format, bits));
    let readable = modes.filter(|mode| match mode.encoding {
        Encoding::Grey | Encoding::GreyWide { .. } => wanted == Wanted::Infrared,
        // nokhwa reads these; a quirk may say that they carry an infrared picture.
        Encoding::Yuyv | Encoding::Nv12 | Encoding::Mjpeg => true,
    });
    readable.min_by(|a, b| cost(a, options).total_cmp(&cost(b, options)))
}

fn modes(format: &ProbedFormat, bits: Option<u8>) -> impl Iterator<Item = Mode> {
    let four_cc = FourCc(format.four_cc);
    let sizes = format.sizes.iter().filter(|size| {
        let allowed = 16..=MAX_FRAME_SIDE;
        allowed.contains(&size.width) && allowed.contains(&size.height)
    });
    sizes.filter_map(move |size| {
        let encoding = encoding(four_cc, bits)?;
        Some(Mode { four_cc, encoding, width: size.width, height: size.height, rate: rate(size) })
    })
}

/// The fastest rate that is not needlessly fast. Whole frames a second go first: nokhwa knows no others.
fn rate(size: &ProbedSize) -> Option<Rate> {
    let rates = size.rates.iter().filter(|(frames, seconds)| *frames > 0 && *seconds > 0);
    let worth = |(frames, seconds): &(u32, u32)| {
        let speed = f64::from(*frames) / f64::from(*seconds);
        let fitting = if speed <= RATE_ENOUGH { speed } else { 1.0 / speed };
        (frames % seconds == 0, fitting)
    };
    let best = rates.max_by(|a, b| {
        let ((whole_a, fit_a), (whole_b, fit_b)) = (worth(a), worth(b));
        whole_a.cmp(&whole_b).then(fit_a.total_cmp(&fit_b))
    })?;
    Some(Rate { frames: best.0, seconds: best.1 })
}

fn cost(mode: &Mode, options: &CameraOptions) -> f64 {
    let speed = mode.rate.map_or(RATE_FINE, |rate| f64::from(rate.frames) / f64::from(rate.seconds));
    let slow = if speed < RATE_FINE { 1e9 + (RATE_FINE - speed) * 1e6 } else { 0.0 };
    let side = |have: u32, want: u32| (f64::from(have) - f64::from(want)).abs();
    let distance = side(mode.width, options.width) + side(mode.height, options.height);
    let encoding = match mode.encoding {
        Encoding::Grey | Encoding::Yuyv => 0.0,
        Encoding::Nv12 | Encoding::GreyWide { .. } => 0.1,
        Encoding::Mjpeg => 0.2,
    };
    slow + distance + encoding
}
