//! Frames of one stream's buffers.
#![forbid(unsafe_code)]

use super::classify::Evidence;
use super::decode::{self, DecodeError, Encoding, Layout};
use super::device::Camera;
use super::error::CameraError;
use super::exposure;
use super::formats::Mode;
use super::machine::Delivered;
use super::options::{CameraOptions, Rotation};
use super::shutter::Shutter;
use super::strobe::Strobe;
use super::wide::SignificantBits;
use crate::types::{Frame, Illumination, Spectrum};

/// This many frames without one that can be decoded, and the camera sends none.
const UNDECODABLE: u32 = 45;

/// This many lit pictures without color from color formats, and it is no color camera's.
const COLORLESS: u32 = 5;

/// Makes frames of buffers, and knows when there will be none.
pub(super) struct Decoder {
    wanted: Spectrum,
    encoding: Encoding,
    layout: Layout,
    pub rotation: Rotation,
    strobe: Strobe,
    pub shutter: Shutter,
    /// Where nothing says how many bits of a 16-bit format carry the value.
    bits: Option<SignificantBits>,
    /// Those that the format itself says.
    own_bits: Option<u8>,
    /// A frame was lit.
    lit: bool,
    /// The node sends color formats, and is taken for infrared because its pictures are gray.
    must_be_gray: bool,
    /// Lit frames that were.
    pub gray: u32,
    /// Lit pictures without color that a color camera sent, until one has color; counted where an
    /// enrollment looks whether it is one.
    colorless: Option<u32>,
    undecodable: u32,
}

impl Decoder {
    pub fn new(
        camera: &Camera,
        wanted: Spectrum,
        options: &CameraOptions,
        (mode, layout): (Mode, Layout),
    ) -> Self {
        let quirk = camera.quirk.as_ref();
        let turned = quirk.map(|quirk| quirk.rotation).unwrap_or_default();
        let told = quirk.is_some_and(|quirk| quirk.bits.is_some());
        let own_bits = match &mode.four_cc.0 {
            b"Y10 " => Some(10),
            b"Y12 " => Some(12),
            _ => None,
        };
        let bits = match (&mode.four_cc.0, own_bits) {
            _ if told => None,
            (_, Some(own)) => Some(SignificantBits::at_least(own)),
            (b"Y16 ", None) => Some(SignificantBits::default()),
            _ => None,
        };
        Self {
            wanted,
            encoding: mode.encoding,
            layout,
            rotation: turned.then(options.rotation),
            strobe: Strobe::new(),
            shutter: Shutter::default(),
            bits,
            own_bits,
            lit: false,
            must_be_gray: wanted == Spectrum::Infrared
                && !mode.encoding.is_gray()
                && camera.evidence != Some(Evidence::Quirk),
            gray: 0,
            colorless: (camera.evidence == Some(Evidence::ColorFormats) && !options.only_enrolled)
                .then_some(0),
            undecodable: 0,
        }
    }

    /// The buffer as a frame; `None` for one that is damaged or does not hold a whole picture: it
    /// is dropped, and the next one waited for.
    pub fn frame(
        &mut self,
        bytes: &[u8],
        delivered: Delivered,
    ) -> Result<Option<Frame>, CameraError> {
        if delivered.damaged {
            return self.dropped("the driver marks every frame as damaged");
        }
        let mut frame = match self.decode(bytes) {
            Ok(frame) => frame,
            Err(error) => return self.dropped(&error.to_string()),
        };
        self.undecodable = 0;
        (frame.sequence, frame.captured) = (delivered.sequence, delivered.at);
        let exposure = exposure::judge(&frame);
        self.lit |= exposure.lit();
        if self.wanted == Spectrum::Infrared {
            frame.illumination = self.strobe.observe(frame.sequence, exposure.mean);
        } else {
            frame.illumination = Illumination::Unknown;
            if let Some(seen) = self.colorless.filter(|_| exposure.lit()) {
                self.colorless = decode::is_colorless(&frame).then_some(seen + 1);
            }
        }
        if self.must_be_gray && exposure.lit() {
            let gray = decode::is_gray(bytes, self.encoding, self.size(bytes));
            if gray == Ok(false) {
                let text = "its pictures have color, so it is no infrared camera";
                return Err(CameraError::Failed(text.into()));
            }
            self.gray += 1;
        }
        Ok(Some(frame))
    }

    /// The camera was chosen for its color formats, and no picture has color.
    pub fn is_colorless(&self) -> bool {
        self.colorless.is_some_and(|seen| seen >= COLORLESS)
    }

    /// The significant bits, where they were found and not told. Darkness shows none.
    pub fn found_bits(&self) -> Option<u8> {
        let bits = self.bits.filter(|_| self.lit)?.found();
        (self.own_bits != Some(bits)).then_some(bits)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<Frame, DecodeError> {
        if let Some(bits) = &mut self.bits {
            let bits = bits.observe(bytes, self.layout);
            self.encoding = Encoding::GrayWide { bits };
        }
        let layout = self.size(bytes);
        match self.wanted {
            Spectrum::Color => decode::to_bgr(bytes, self.encoding, layout),
            Spectrum::Infrared => decode::to_gray(bytes, self.encoding, layout),
        }
    }

    /// A JPEG picture says its own size, which some cameras announce otherwise.
    fn size(&self, bytes: &[u8]) -> Layout {
        if self.encoding != Encoding::Mjpeg {
            return self.layout;
        }
        let told = decode::jpeg_size(bytes);
        told.map_or(self.layout, |(width, height)| Layout::packed(width, height))
    }

    fn dropped(&mut self, error: &str) -> Result<Option<Frame>, CameraError> {
        self.undecodable += 1;
        if self.undecodable >= UNDECODABLE {
            return Err(CameraError::Undecodable(error.to_owned()));
        }
        Ok(None)
    }
}
