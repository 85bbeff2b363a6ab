//! The streams that a node's formats, sizes and rates allow: pure.
#![forbid(unsafe_code)]

use super::decode::Encoding;
use super::machine::StreamFormat;
use super::probe::{ProbedFormat, ProbedSize};
use super::v4l2::{FourCc, Rate};
use crate::types::MAX_FRAME_SIDE;

/// Slower streams make a face wait.
pub(super) const RATE_FINE: f64 = 15.0;
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
    let wide = |usual| Encoding::GrayWide {
        bits: bits.unwrap_or(usual),
    };
    Some(match &four_cc.0 {
        b"YUYV" => Encoding::Yuyv,
        b"UYVY" => Encoding::Uyvy,
        b"YVYU" => Encoding::Yvyu,
        b"VYUY" => Encoding::Vyuy,
        b"NV12" => Encoding::Nv12,
        b"NV21" => Encoding::Nv21,
        b"YU12" => Encoding::Yu12,
        b"YV12" => Encoding::Yv12,
        b"MJPG" | b"JPEG" => Encoding::Mjpeg,
        b"GREY" | b"Y800" | b"Y8  " => Encoding::Gray,
        b"Y10 " => wide(10),
        b"Y12 " => wide(12),
        b"Y16 " => wide(16),
        _ => return None,
    })
}

pub(super) fn modes(format: &ProbedFormat, bits: Option<u8>) -> impl Iterator<Item = Mode> {
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

/// The fastest rate that is not needlessly fast, else the slowest that is.
fn rate(size: &ProbedSize) -> Option<Rate> {
    let rate = |&(frames, seconds): &(u32, u32)| Rate { frames, seconds };
    let told = size.rates.iter().map(rate);
    let worth = |rate: &Rate| match rate.speed() {
        Some(speed) if speed <= RATE_ENOUGH => speed,
        Some(speed) => 1.0 / speed,
        None => f64::MIN,
    };
    let told = told.filter(|rate| rate.speed().is_some());
    told.max_by(|a, b| worth(a).total_cmp(&worth(b)))
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}x{}", self.four_cc, self.width, self.height)
    }
}

impl Mode {
    /// What to ask the driver for.
    pub fn asked(&self) -> StreamFormat {
        StreamFormat {
            four_cc: self.four_cc.0,
            width: self.width,
            height: self.height,
            stride: 0,
            rate: self.rate.map(|rate| (rate.frames, rate.seconds)),
        }
    }

    /// Frames a second; what a driver does not tell is taken for fast enough.
    pub fn speed(&self) -> f64 {
        self.rate.and_then(Rate::speed).unwrap_or(RATE_FINE)
    }

    /// Bytes a second on the bus, roughly.
    pub fn bandwidth(&self) -> f64 {
        let pixels = f64::from(self.width) * f64::from(self.height);
        let bytes = match self.encoding {
            Encoding::Yuyv | Encoding::Uyvy | Encoding::Yvyu | Encoding::Vyuy => 2.0,
            Encoding::GrayWide { .. } => 2.0,
            Encoding::Nv12 | Encoding::Nv21 | Encoding::Yu12 | Encoding::Yv12 => 1.5,
            Encoding::Gray => 1.0,
            Encoding::Mjpeg => 0.3,
        };
        pixels * bytes * self.speed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_fastest_that_is_not_needlessly_fast() {
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
        assert_eq!(best(&[(90, 1), (30, 1), (1, 1)]), Some((30, 1)));
        assert_eq!(best(&[(7680, 256), (15, 2)]), Some((7680, 256)));
        assert_eq!(
            best(&[(14_985, 1000), (30_000, 1001)]),
            Some((30_000, 1001))
        );
        assert_eq!(best(&[(0, 1), (30, 0)]), None);
    }

    #[test]
    fn a_quirk_fixes_the_scale_of_wide_formats() {
        assert_eq!(
            encoding(FourCc(*b"Y16 "), None),
            Some(Encoding::GrayWide { bits: 16 })
        );
        assert_eq!(
            encoding(FourCc(*b"Y16 "), Some(10)),
            Some(Encoding::GrayWide { bits: 10 })
        );
        assert_eq!(
            encoding(FourCc(*b"Y12 "), None),
            Some(Encoding::GrayWide { bits: 12 })
        );
    }
}
