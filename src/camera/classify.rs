//! What a camera function sees by, from its formats and those of its siblings: pure.
#![forbid(unsafe_code)]

use super::probe::ProbedFormat;
use super::v4l2::FourCc;
use crate::types::Spectrum;

/// Formats without a color filter's colors.
const MONO: [&[u8; 4]; 6] = [b"GREY", b"Y800", b"Y8  ", b"Y10 ", b"Y12 ", b"Y16 "];
/// Mono too, but not read here: two pictures of a stereo pair in one, packed values, depth.
const MONO_UNREAD: [&[u8; 4]; 10] = [
    b"Y8I ", b"Y12I", b"Y16I", b"Y10B", b"Y10P", b"Y12P", b"Y14 ", b"Z16 ", b"INVZ", b"INZI",
];
/// Two pictures of an infrared stereo pair in one: no color camera has these.
const STEREO: [&[u8; 4]; 3] = [b"Y8I ", b"Y12I", b"Y16I"];
/// Formats that the color path reads.
const COLOR: [&[u8; 4]; 10] = [
    b"YUYV", b"UYVY", b"YVYU", b"VYUY", b"NV12", b"NV21", b"YU12", b"YV12", b"MJPG", b"JPEG",
];

/// Why a camera function is taken for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// A quirk says so.
    Quirk,
    /// The configuration or a template names it as that.
    Named,
    MonoOnly,
    StereoPair,
    /// It has a mono format, and another function of the same device is a color camera.
    ColorSibling,
    ColorFormats,
    /// It has color formats like its sibling, and only its pictures can tell.
    Pictures,
}

impl Evidence {
    pub fn words(self) -> &'static str {
        match self {
            Evidence::Quirk => "its kind is known from the quirks",
            Evidence::Named => "its kind is known from when it was chosen",
            Evidence::MonoOnly => "infrared because all its formats are mono",
            Evidence::StereoPair => "infrared because it is one of a stereo pair",
            Evidence::ColorSibling => {
                "this looks like the infrared camera of this device: it has a mono format beside a color camera"
            }
            Evidence::ColorFormats => "color by its formats",
            Evidence::Pictures => "its pictures tell",
        }
    }
}

impl Evidence {
    /// What an enrollment is told that it rests on; nothing where the camera, root or a quirk said
    /// it.
    pub fn assumption(self) -> Option<&'static str> {
        match self {
            Evidence::MonoOnly => Some(
                "it sees infrared, because all its formats are mono; an ordinary black-and-white camera looks the same",
            ),
            Evidence::StereoPair => {
                Some("it sees infrared, because it is one of a stereo pair with a mono format")
            }
            Evidence::ColorSibling => Some(
                "this looks like the infrared camera of this device: it has a mono format beside a color camera",
            ),
            Evidence::Pictures => Some(
                "this looks like the infrared camera of this device: it announces color formats like its sibling, and its pictures are gray",
            ),
            Evidence::Quirk | Evidence::Named | Evidence::ColorFormats => None,
        }
    }
}

/// A color sensor's pictures before an image processor made them.
const BAYER: [&[u8; 4]; 20] = [
    b"BA81", b"GBRG", b"GRBG", b"RGGB", b"BG10", b"GB10", b"BA10", b"RG10", b"pBAA", b"pGAA",
    b"pgAA", b"pRAA", b"BG12", b"GB12", b"BA12", b"RG12", b"pBCC", b"pGCC", b"pgCC", b"pRCC",
];

/// Why no format of a node can be read, in words.
pub(super) fn why_unread(formats: &[ProbedFormat]) -> String {
    let names = formats
        .iter()
        .map(|format| FourCc(format.four_cc).to_string());
    let names = names.take(8).collect::<Vec<_>>().join(", ");
    if formats.is_empty() {
        "has no format".into()
    } else if all(formats, &[&BAYER]) {
        format!(
            "sends a sensor's raw pictures only ({names}), which need an image processor; such a camera works by libcamera only"
        )
    } else {
        format!("has no format that can be read: {names}")
    }
}

fn has(formats: &[ProbedFormat], known: &[&[u8; 4]]) -> bool {
    formats
        .iter()
        .any(|format| known.contains(&&format.four_cc))
}

fn all(formats: &[ProbedFormat], known: &[&[&[u8; 4]]]) -> bool {
    let mut formats = formats.iter();
    formats.all(|format| known.iter().any(|some| some.contains(&&format.four_cc)))
}

pub(super) fn has_mono(formats: &[ProbedFormat]) -> bool {
    has(formats, &MONO)
}

/// Whether frames of this spectrum can be had from the formats at all. A mono sensor may send
/// color formats; then the frames themselves must be gray.
pub(super) fn can_be(formats: &[ProbedFormat], wanted: Spectrum) -> bool {
    has(formats, &COLOR) || (wanted == Spectrum::Infrared && has_mono(formats))
}

/// What the formats say. `siblings` are the formats of the same device's other functions. The name
/// is never asked.
pub(super) fn by_formats(
    formats: &[ProbedFormat],
    siblings: &[&[ProbedFormat]],
) -> Option<(Spectrum, Evidence)> {
    let is_color_camera = |formats: &&[ProbedFormat]| has(formats, &COLOR) && !has(formats, &MONO);
    let infrared = if !has_mono(formats) {
        None
    } else if all(formats, &[&MONO, &MONO_UNREAD]) {
        Some(Evidence::MonoOnly)
    } else if has(formats, &STEREO) {
        Some(Evidence::StereoPair)
    } else if siblings.iter().any(is_color_camera) {
        Some(Evidence::ColorSibling)
    } else {
        None
    };
    match infrared {
        Some(evidence) => Some((Spectrum::Infrared, evidence)),
        None => has(formats, &COLOR).then_some((Spectrum::Color, Evidence::ColorFormats)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(names: &[&[u8; 4]]) -> Vec<ProbedFormat> {
        let format = |four_cc: &&[u8; 4]| ProbedFormat {
            four_cc: **four_cc,
            sizes: Vec::new(),
        };
        names.iter().map(format).collect()
    }

    fn kind(own: &[&[u8; 4]], sibling: &[&[u8; 4]]) -> Option<(Spectrum, Evidence)> {
        by_formats(&formats(own), &[&formats(sibling)])
    }

    #[test]
    fn a_mono_format_is_infrared_beside_a_color_camera_of_the_same_device() {
        let infrared = |evidence| Some((Spectrum::Infrared, evidence));
        let color = Some((Spectrum::Color, Evidence::ColorFormats));
        assert_eq!(kind(&[b"GREY", b"Y12 "], &[]), infrared(Evidence::MonoOnly));
        let both: &[&[u8; 4]] = &[b"GREY", b"MJPG"];
        assert_eq!(
            kind(both, &[b"YUYV", b"MJPG"]),
            infrared(Evidence::ColorSibling)
        );
        assert_eq!(kind(both, &[]), color, "a color camera that can send gray");
        assert_eq!(
            kind(both, &[b"GREY"]),
            color,
            "the sibling is the infrared one"
        );
        assert_eq!(kind(both, both), color, "nothing tells the two apart");
        let stereo: &[&[u8; 4]] = &[b"GREY", b"UYVY", b"Y8I ", b"Y12I"];
        assert_eq!(kind(stereo, &[]), infrared(Evidence::StereoPair));
        assert_eq!(kind(&[b"MJPG"], &[b"YUYV"]), color);
    }

    #[test]
    fn what_cannot_be_read_is_no_camera() {
        for names in [
            &[b"BA10", b"pBAA"] as &[&[u8; 4]],
            &[b"H264"],
            &[b"Z16 "],
            &[b"Y8I "],
            &[],
        ] {
            assert_eq!(kind(names, &[b"YUYV"]), None, "{names:?}");
        }
        let depth = kind(&[b"Z16 ", b"GREY"], &[]);
        assert_eq!(depth, Some((Spectrum::Infrared, Evidence::MonoOnly)));
    }
}
