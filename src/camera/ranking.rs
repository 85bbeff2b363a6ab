//! Which of a node's modes is tried first, and which after it: pure.
#![forbid(unsafe_code)]

use super::decode::Encoding;
use super::formats::{Mode, RATE_FINE, modes};
use super::probe::Probed;
use super::quirks::Quirk;
use super::{CameraOptions, NamedFormat};
use crate::types::Spectrum;

/// A face at arm's length has too few pixels in a picture under this.
const SMALL: (u32, u32) = (320, 240);

/// The modes worth trying for `wanted`, the best first: the named format and size, then what is
/// large and fast enough, then the size closest to the one asked for, then the cheapest encoding.
pub(super) fn ranked(
    probed: &Probed,
    wanted: Spectrum,
    quirk: Option<&Quirk>,
    options: &CameraOptions,
) -> Vec<Mode> {
    let bits = quirk.and_then(|quirk| quirk.bits);
    let named = named(wanted, quirk, options);
    let modes = probed.formats.iter().flat_map(|format| modes(format, bits));
    let mut modes: Vec<Mode> = modes.collect();
    let is_gray = |mode: &Mode| mode.encoding.is_gray();
    // A mono sensor may send color formats, and then it has no other.
    let gray = wanted == Spectrum::Infrared && modes.iter().any(is_gray);
    modes.retain(|mode| is_gray(mode) == gray);
    modes.sort_by(|a, b| cost(a, named, options).total_cmp(&cost(b, named, options)));
    modes
}

/// What the configuration names, and where it names nothing, the quirk.
fn named(wanted: Spectrum, quirk: Option<&Quirk>, options: &CameraOptions) -> NamedFormat {
    let (root, known) = (options.format(wanted), quirk.map(|quirk| quirk.format));
    let known = known.unwrap_or_default();
    NamedFormat {
        four_cc: root.four_cc.or(known.four_cc),
        size: root.size.or(known.size),
    }
}

/// What is worth trying after `failed` did not start: for want of bandwidth a smaller stream, else
/// another format.
pub(super) fn after(ranked: &[Mode], failed: &Mode, no_bandwidth: bool) -> Option<Mode> {
    let position = ranked.iter().position(|mode| mode == failed)?;
    let mut later = ranked[position + 1..].iter();
    later
        .find(|mode| {
            if no_bandwidth {
                mode.bandwidth() < failed.bandwidth() * 0.7
            } else {
                mode.four_cc != failed.four_cc
            }
        })
        .copied()
}

fn cost(mode: &Mode, named: NamedFormat, options: &CameraOptions) -> f64 {
    let speed = mode.speed();
    let slow = if speed < RATE_FINE {
        1e9 + (RATE_FINE - speed) * 1e6
    } else {
        0.0
    };
    let small = if mode.width < SMALL.0 || mode.height < SMALL.1 {
        1e12
    } else {
        0.0
    };
    let other_size = named
        .size
        .is_some_and(|size| size != (mode.width, mode.height));
    let other_format = named.four_cc.is_some_and(|known| known != mode.four_cc.0);
    let side = |have: u32, want: u32| (f64::from(have) - f64::from(want)).abs();
    let distance = side(mode.width, options.width) + side(mode.height, options.height);
    let encoding = match mode.encoding {
        Encoding::Gray | Encoding::Yuyv => 0.0,
        Encoding::Mjpeg => 0.2,
        _ => 0.1,
    };
    let unlike_named =
        f64::from(u8::from(other_size)) * 1e14 + f64::from(u8::from(other_format)) * 1e15;
    // A named size is taken at whatever speed it has.
    let slow = if named.size.is_some() && !other_size {
        slow / 1e6
    } else {
        slow
    };
    unlike_named + small + slow + distance + encoding
}

#[cfg(test)]
mod tests {
    use super::super::probe::{ProbedFormat, ProbedSize};
    use super::super::v4l2::FourCc;
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
            captures: true,
            formats,
            ..Probed::default()
        }
    }

    fn chosen(formats: &[Offer<'_>], wanted: Spectrum) -> Option<String> {
        let options = CameraOptions::default();
        let mode = *ranked(&probed(formats), wanted, None, &options).first()?;
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
    fn gray_is_for_infrared_and_unknown_formats_are_for_nobody() {
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
    fn a_slow_picture_goes_before_one_too_small_for_a_face() {
        let sizes: &[(u32, u32, u32)] = &[(160, 120, 30), (640, 480, 10), (1280, 720, 5)];
        assert_eq!(
            chosen(&[(b"YUYV", sizes)], Spectrum::Color).as_deref(),
            Some("YUYV 640x480")
        );
    }

    #[test]
    fn a_named_format_and_size_go_before_better_ones() {
        let offer: &[Offer<'_>] = &[
            (b"YUYV", &[(640, 480, 30), (1280, 720, 10)]),
            (b"MJPG", &[(640, 480, 30), (1280, 720, 30)]),
        ];
        let first = |text: &str| {
            let options = CameraOptions {
                color_format: NamedFormat::parse(text).unwrap(),
                ..CameraOptions::default()
            };
            let mode = ranked(&probed(offer), Spectrum::Color, None, &options)[0];
            format!("{} {}x{}", mode.four_cc, mode.width, mode.height)
        };
        assert_eq!(first("MJPG"), "MJPG 640x480");
        assert_eq!(first("YUYV 1280x720"), "YUYV 1280x720");
        assert_eq!(first("1280x720"), "MJPG 1280x720");
        assert_eq!(
            first("NV12"),
            "YUYV 640x480",
            "one it does not have is no reason to give up"
        );
    }

    #[test]
    fn for_want_of_bandwidth_a_smaller_stream_is_tried_and_else_another_format() {
        let offer = probed(&[
            (b"YUYV", &[(640, 480, 30), (320, 240, 30)]),
            (b"MJPG", &[(640, 480, 30)]),
        ]);
        let modes = ranked(&offer, Spectrum::Color, None, &CameraOptions::default());
        let smaller = after(&modes, &modes[0], true).unwrap();
        assert_eq!(smaller.four_cc, FourCc(*b"MJPG"));
        assert_eq!(after(&modes, &smaller, true), None);
        assert_eq!(
            after(&modes, &modes[0], false).unwrap().four_cc,
            FourCc(*b"MJPG")
        );
    }
}
