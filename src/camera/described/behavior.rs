//! What a described node does when it is used.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::options::NamedFormat;
use super::line::{error_number, pictures, side_by_side};

/// What a described node does when it is used.
#[derive(Clone, Debug, Default)]
pub(super) struct Behavior {
    /// Opening fails with this error number.
    pub open: Option<i32>,
    /// So does starting the stream.
    pub start: Option<i32>,
    /// Starting fails for want of bandwidth over this many bytes a second.
    pub bandwidth: Option<f64>,
    /// The stream starts, and no frame comes.
    pub silent: bool,
    /// JPEG pictures have this size, whatever was set.
    pub jpeg: Option<(u32, u32)>,
    /// JPEG pictures end in the middle.
    pub cut: bool,
    /// The pictures are the PNG files of this folder, in YUYV or GREY and of their own size.
    pub frames: Vec<PathBuf>,
    /// Pictures from color formats have no color.
    pub gray: bool,
    /// The same picture again and again.
    pub constant: bool,
    /// Black for this long after the start.
    pub black: Duration,
    /// That format only; every one where absent.
    pub black_format: Option<[u8; 4]>,
    /// Bits that carry the value in 16-bit formats.
    pub bits: u8,
    /// The unit does not bind the node.
    pub unbound: bool,
    /// The driver tells no rate.
    pub no_rate: bool,
    pub shutter_closed: Option<bool>,
}

impl Behavior {
    pub fn control(&mut self, text: &str) -> Option<()> {
        let value = text.strip_prefix("privacy ")?;
        self.shutter_closed = Some(value == "1");
        Some(())
    }

    pub fn stream(&mut self, text: &str) -> Option<()> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "fails" => self.start = Some(error_number(rest)?),
            "room" => self.bandwidth = Some(rest.parse().ok()?),
            "silent" => self.silent = true,
            "jpeg" => self.jpeg = Some(side_by_side(rest)?),
            "cut" => self.cut = true,
            "frames" => self.frames = pictures(Path::new(rest))?,
            "gray" => self.gray = true,
            "constant" => self.constant = true,
            "black" => {
                let (time, format) = rest.split_once(' ').unwrap_or((rest, ""));
                self.black = Duration::from_millis(time.parse().ok()?);
                self.black_format = NamedFormat::parse(format).and_then(|named| named.four_cc);
            }
            "bits" => self.bits = rest.parse().ok()?,
            "rateless" => self.no_rate = true,
            "unbound" => self.unbound = true,
            _ => return None,
        }
        Some(())
    }
}
