//! Which of a node's formats, sizes and rates is taken: pure.
#![forbid(unsafe_code)]

use super::CameraOptions;
use super::convert::Encoding;
use super::device::{Probed, ProbedFormat, ProbedSize};
use super::quirks::Quirk;
use super::v4l2::{FourCc, Rate};
use crate::types::MAX_FRAME_SIDE;
use crate::types::Spectrum;

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
    let wide = |usual| Encoding::GreyWide {
        bits: bits.unwrap_or(usual),
    };
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

/// The best mode for `wanted`: fast enough first, then the size closest to the one asked for, then
/// the cheapest encoding.
pub(super) fn choose(
    probed: &Probed,
    wanted: Spectrum,
    quirk: Option<&Quirk>,
    options: &CameraOptions,
) -> Option<Mode> {
    let bits = quirk.and_then(|quirk| quirk.bits);
    let modes = probed.formats.iter().flat_map(|format| modes(format, bits));
    let readable = modes.filter(|mode| match mode.encoding {
        Encoding::Grey | Encoding::GreyWide { .. } => wanted == Spectrum::Infrared,
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
        Some(Mode {
            four_cc,
            encoding,
            width: size.width,
            height: size.height,
            rate: rate(size),
        })
    })
}

/// The fastest rate that is not needlessly fast. Whole frames a second go first: nokhwa knows no
/// others.
fn rate(size: &ProbedSize) -> Option<Rate> {
    let rates = size
        .rates
        .iter()
        .filter(|(frames, seconds)| *frames > 0 && *seconds > 0);
    let worth = |(frames, seconds): &(u32, u32)| {
        let speed = f64::from(*frames) / f64::from(*seconds);
        let fitting = if speed <= RATE_ENOUGH {
            speed
        } else {
            1.0 / speed
        };
        (frames % seconds == 0, fitting)
    };
    let best = rates.max_by(|a, b| {
        let ((whole_a, fit_a), (whole_b, fit_b)) = (worth(a), worth(b));
        whole_a.cmp(&whole_b).then(fit_a.total_cmp(&fit_b))
    })?;
    Some(Rate {
        frames: best.0,
        seconds: best.1,
    })
}

fn cost(mode: &Mode, options: &CameraOptions) -> f64 {
    let speed = mode.rate.map_or(RATE_FINE, |rate| {
        f64::from(rate.frames) / f64::from(rate.seconds)
    });
    let slow = if speed < RATE_FINE {
        1e9 + (RATE_FINE - speed) * 1e6
    } else {
        0.0
    };
    let side = |have: u32, want: u32| (f64::from(have) - f64::from(want)).abs();
    let distance = side(mode.width, options.width) + side(mode.height, options.height);
    let encoding = match mode.encoding {
        Encoding::Grey | Encoding::Yuyv => 0.0,
        Encoding::Nv12 | Encoding::GreyWide { .. } => 0.1,
        Encoding::Mjpeg => 0.2,
    };
    slow + distance + encoding
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A format and its sizes: width, height, frames a second.
    type Offer<'a> = (&'a [u8; 4], &'a [(u32, u32, u32)]);

    fn probed(formats: &[Offer<'_>]) -> Probed {
        let size = |&(width, height, rate): &(u32, u32, u32)| ProbedSize {
            width,
            height,
            rates: vec![(rate, 1)],
        };
        let format = |(four_cc, sizes): &Offer<'_>| ProbedFormat {
            four_cc: **four_cc,
            sizes: sizes.iter().map(size).collect(),
        };
        let formats = formats.iter().map(format).collect();
        Probed {
            driver: String::new(),
            card: String::new(),
            bus: String::new(),
            captures: true,
            formats,
        }
    }

    fn chosen(formats: &[Offer<'_>], wanted: Spectrum) -> Option<String> {
        let mode = choose(&probed(formats), wanted, None, &CameraOptions::default())?;
        Some(format!("{} {}x{}", mode.four_cc, mode.width, mode.height))
    }

    #[test]
    fn uncompressed_goes_first_where_it_is_fast_enough() {
        let both: &[Offer<'_>] = &[(b"MJPG", &[(640, 480, 30)]), (b"YUYV", &[(640, 480, 30)])];
        assert_eq!(
            chosen(both, Spectrum::Color).as_deref(),
            Some("YUYV 640x480")
        );
        let slow: &[Offer<'_>] = &[(b"YUYV", &[(640, 480, 5)]), (b"MJPG", &[(640, 480, 30)])];
        assert_eq!(
            chosen(slow, Spectrum::Color).as_deref(),
            Some("MJPG 640x480")
        );
        let only: &[Offer<'_>] = &[(b"YUYV", &[(640, 480, 5)])];
        assert_eq!(
            chosen(only, Spectrum::Color).as_deref(),
            Some("YUYV 640x480")
        );
    }

    #[test]
    fn the_closest_size_is_taken_and_an_absurd_one_never() {
        let sizes: &[(u32, u32, u32)] = &[
            (1920, 1080, 30),
            (640, 360, 30),
            (320, 240, 30),
            (9000, 480, 30),
            (0, 0, 30),
        ];
        assert_eq!(
            chosen(&[(b"MJPG", sizes)], Spectrum::Color).as_deref(),
            Some("MJPG 640x360")
        );
        assert_eq!(
            chosen(&[(b"MJPG", &[(9000, 9000, 30)])], Spectrum::Color),
            None
        );
    }

    #[test]
    fn grey_is_for_infrared_and_unknown_formats_are_for_nobody() {
        assert_eq!(
            chosen(&[(b"GREY", &[(640, 360, 15)])], Spectrum::Infrared).as_deref(),
            Some("GREY 640x360")
        );
        assert_eq!(
            chosen(&[(b"GREY", &[(640, 360, 15)])], Spectrum::Color),
            None
        );
        assert_eq!(
            chosen(&[(b"Z16 ", &[(640, 480, 30)])], Spectrum::Infrared),
            None
        );
    }

    #[test]
    fn whole_rates_go_first_and_needless_speed_last() {
        let best = |rates: &[(u32, u32)]| {
            let size = ProbedSize {
                width: 640,
                height: 480,
                rates: rates.to_vec(),
            };
            rate(&size).map(|rate| (rate.frames, rate.seconds))
        };
        assert_eq!(best(&[(15, 2), (30, 1), (15, 1), (120, 1)]), Some((30, 1)));
        assert_eq!(best(&[(60, 1), (90, 1)]), Some((60, 1)));
        assert_eq!(best(&[(0, 1), (30, 0)]), None);
    }

    #[test]
    fn a_quirk_fixes_the_scale_of_wide_formats() {
        assert_eq!(
            encoding(FourCc(*b"Y16 "), None),
            Some(Encoding::GreyWide { bits: 16 })
        );
        assert_eq!(
            encoding(FourCc(*b"Y16 "), Some(10)),
            Some(Encoding::GreyWide { bits: 10 })
        );
        assert_eq!(
            encoding(FourCc(*b"Y12 "), None),
            Some(Encoding::GreyWide { bits: 12 })
        );
    }
}
