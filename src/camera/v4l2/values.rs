//! What V4L2 calls take and return, as plain values.
#![forbid(unsafe_code)]

use super::raw::{
    CAP_IO_MC, CAP_STREAMING, CAP_VIDEO_CAPTURE, CAP_VIDEO_CAPTURE_MPLANE, CAP_VIDEO_OUTPUT,
    CAP_VIDEO_OUTPUT_MPLANE,
};

/// A four-character pixel format code, as the driver writes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl std::fmt::Display for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |c: &u8| {
            if c.is_ascii_graphic() {
                *c as char
            } else {
                ' '
            }
        };
        f.write_str(self.0.iter().map(shown).collect::<String>().trim_end())
    }
}

impl std::fmt::Debug for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// What `VIDIOC_QUERYCAP` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    pub driver: String,
    pub card: String,
    pub bus: String,
    /// Single-planar video capture with streaming: not metadata, not output.
    pub captures: bool,
    /// The same by several planes a picture, and only so: not a codec, which takes pictures too.
    pub is_multi_planar: bool,
    /// One stage of an image processor's pipeline, which streams nothing by itself.
    pub is_stage: bool,
}

impl Capability {
    /// With what the bits of a node say it does.
    pub(super) fn with(self, bits: u32) -> Self {
        let has = |bit| bits & bit != 0;
        let takes = has(CAP_VIDEO_OUTPUT) || has(CAP_VIDEO_OUTPUT_MPLANE);
        let captures = has(CAP_VIDEO_CAPTURE) && has(CAP_STREAMING);
        Self {
            captures,
            is_multi_planar: has(CAP_VIDEO_CAPTURE_MPLANE)
                && has(CAP_STREAMING)
                && !has(CAP_VIDEO_CAPTURE)
                && !takes,
            is_stage: has(CAP_IO_MC),
            ..self
        }
    }
}

/// A format as the driver set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    pub four_cc: FourCc,
    pub width: u32,
    pub height: u32,
    pub bytes_per_line: u32,
}

/// Frames a second, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub frames: u32,
    pub seconds: u32,
}

impl Rate {
    /// Frames in one second; `None` for what is no rate.
    pub fn speed(self) -> Option<f64> {
        let told = self.frames > 0 && self.seconds > 0;
        told.then(|| f64::from(self.frames) / f64::from(self.seconds))
    }

    /// This rate, where it lies strictly between the two.
    pub(super) fn within(self, slowest: Rate, fastest: Rate) -> Option<Rate> {
        let between = slowest.speed()? < self.speed()? && self.speed()? < fastest.speed()?;
        between.then_some(self)
    }
}

/// Extension-unit requests, from the UVC specification (A.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XuRequest {
    Set = 0x01,
    Length = 0x85,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_a_node_say_what_it_is() {
        let told = |bits| {
            let told = Capability::default().with(bits);
            (told.captures, told.is_multi_planar, told.is_stage)
        };
        // A webcam and its metadata node; rkisp_mainpath; a node that does both; one without
        // streaming; a stage of Intel's and one of Rockchip's; codecs, one that says so by both
        // directions.
        assert_eq!(told(0x0420_0001), (true, false, false));
        assert_eq!(told(0x04a0_0000), (false, false, false));
        assert_eq!(told(0x0420_1000), (false, true, false));
        assert_eq!(told(0x0420_1001), (true, false, false));
        assert_eq!(told(0x0020_1000), (false, false, false));
        assert_eq!(told(0x2420_0001), (true, false, true));
        assert_eq!(told(0x2420_1000), (false, true, true));
        assert_eq!(told(0x0420_4000), (false, false, false));
        assert_eq!(told(0x0420_3000), (false, false, false));
    }
}
