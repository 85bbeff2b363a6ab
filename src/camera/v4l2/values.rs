//! What V4L2 calls take and return, as plain values.
#![forbid(unsafe_code)]

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    pub driver: String,
    pub card: String,
    pub bus: String,
    /// Single-planar video capture with streaming: not metadata, not output.
    pub captures: bool,
    /// One stage of an image processor's pipeline, which streams nothing by itself.
    pub is_stage: bool,
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
