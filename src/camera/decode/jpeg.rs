//! Motion JPEG: whole pictures only, of the size that is asked for.
//!
//! Of what a camera sends, the decoder is given the tables, the frame and the scan, written anew:
//! cameras put anything before, between and behind them. Before each restart, and in place of the
//! end marker, stands what is no Huffman code: the decoder would take one that comes early for the
//! one that was due, and make up the rest.
#![forbid(unsafe_code)]

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::layout::{DecodeError, Layout};
use crate::types::MAX_FRAME_SIDE;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];
/// A code of nothing but ones is none (ITU-T T.81, C.2).
const NO_CODE: [u8; 2] = [0xff, 0];
/// How often: before a restart behind the longest value that may be in the middle of being read,
/// and at the end behind all that is read ahead.
const BEFORE_RESTART: usize = 4;
const AT_END: usize = 16;
/// Many cameras leave Huffman tables out, meaning those of ITU-T T.81 K.3. The decoder supplies
/// what is missing to a stream that calls itself AVI's kind of Motion JPEG.
const STANDARD_TABLES: [u8; 10] = [0xff, 0xe0, 0, 8, b'A', b'V', b'I', b'1', 0, 0];

/// Width and height a JPEG announces, within [`MAX_FRAME_SIDE`].
///
/// # Errors
/// [`DecodeError::Jpeg`].
pub fn size(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let (width, height) = Picture::read(bytes)?.frame.size;
    if width.max(height) > MAX_FRAME_SIDE {
        return Err(DecodeError::Size(width, height));
    }
    Ok((width, height))
}

/// Decodes a JPEG that must have exactly the announced size. Damaged data is an error, not a
/// half-gray picture; what follows the end of the picture is not looked at, since a mapped buffer
/// is longer than what it holds.
pub(super) fn decode(
    bytes: &[u8],
    layout: Layout,
    space: ColorSpace,
) -> Result<Vec<u8>, DecodeError> {
    layout.rows(0)?;
    let picture = Picture::read(bytes)?;
    let (width, height) = picture.frame.size;
    if (width, height) != (layout.width, layout.height) {
        return Err(DecodeError::Size(width, height));
    }
    let bytes = picture.written()?;
    if space == ColorSpace::Luma && picture.frame.is_halved_in_height {
        // Of such a picture the decoder reads twice as many rows as there are, where it leaves the
        // colors out.
        let pixels = decode_clean(&bytes, layout, ColorSpace::YCbCr)?;
        return Ok(pixels.into_iter().step_by(3).collect());
    }
    decode_clean(&bytes, layout, space)
}

fn decode_clean(bytes: &[u8], layout: Layout, space: ColorSpace) -> Result<Vec<u8>, DecodeError> {
    let (width, height) = (layout.width as usize, layout.height as usize);
    let options = DecoderOptions::default()
        .set_max_width(width)
        .set_max_height(height)
        .set_strict_mode(true)
        .jpeg_set_max_scans(16)
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    match decoder.input_colorspace() {
        // The decoder turns gray into gray only.
        Some(ColorSpace::Luma) if space != ColorSpace::Luma => {
            return Ok(decode_clean(bytes, layout, ColorSpace::Luma)?
                .iter()
                .flat_map(|v| [*v; 3])
                .collect());
        }
        Some(ColorSpace::Luma | ColorSpace::YCbCr) => {}
        other => return Err(broken(other)),
    }
    let mut pixels = vec![0; width * height * space.num_components()];
    if decoder.output_buffer_size() != Some(pixels.len()) {
        return Err(broken("another pixel layout"));
    }
    decoder.decode_into(&mut pixels).map_err(broken)?;
    Ok(pixels)
}

fn broken(why: impl std::fmt::Debug) -> DecodeError {
    DecodeError::Jpeg(format!("{why:?}").chars().take(120).collect())
}

/// What of a JPEG its decoding takes.
struct Picture<'a> {
    /// Tables, frame and scan header, each with its marker.
    segments: Vec<&'a [u8]>,
    frame: Frame,
    /// All behind the scan's header.
    rest: &'a [u8],
}

#[derive(Clone, Copy)]
struct Frame {
    size: (u32, u32),
    is_progressive: bool,
    /// There is half as much color as brightness from top to bottom, but not from left to right.
    is_halved_in_height: bool,
}

impl Frame {
    /// 8x8 pixels each, by one component.
    fn blocks(&self) -> usize {
        let (width, height) = self.size;
        width.div_ceil(8) as usize * height.div_ceil(8) as usize
    }

    /// From its segment, marker and length before it.
    fn read(segment: &[u8]) -> Option<Self> {
        let [_, marker, _, _, _, h1, h0, w1, w0, _, rest @ ..] = segment else {
            return None;
        };
        let side = |high: &u8, low: &u8| u32::from(u16::from_be_bytes([*high, *low]));
        Some(Self {
            size: (side(w1, w0), side(h1, h0)),
            is_progressive: *marker == 0xc2,
            is_halved_in_height: rest.get(1) == Some(&0x12) && rest.len() > 3,
        })
    }
}

impl<'a> Picture<'a> {
    /// Everything up to the data of the first scan.
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let start = bytes.windows(2).position(|pair| pair == START);
        let mut rest = &bytes[start.ok_or_else(|| broken("no start"))?..];
        let (mut segments, mut frame) = (Vec::new(), None);
        loop {
            rest = from_marker(rest).ok_or_else(|| broken("no data"))?;
            let marker = rest[1];
            // Markers that stand alone.
            if matches!(marker, 0x01 | 0xd0..=0xd8) {
                rest = &rest[2..];
                continue;
            }
            let (segment, after) = segment(rest).ok_or_else(|| broken("cut short"))?;
            rest = after;
            let is_adobe = marker == 0xee && segment[4..].starts_with(b"Adobe");
            match marker {
                0xd9 => return Err(broken("ends before its data")),
                0xc4 | 0xdb | 0xdd | 0xda => segments.push(segment),
                0xc0..=0xcf => {
                    frame = Frame::read(segment);
                    segments.push(segment);
                }
                // Which colors the values mean.
                _ if is_adobe && segment.len() >= 16 => segments.push(segment),
                _ => {}
            }
            if marker == 0xda {
                let frame = frame.ok_or_else(|| broken("no size"))?;
                return Ok(Self {
                    segments,
                    frame,
                    rest,
                });
            }
        }
    }

    /// The picture with nothing else round it.
    fn written(&self) -> Result<Vec<u8>, DecodeError> {
        let data = until_end(self.rest).ok_or_else(|| broken("cut short"))?;
        let mut bytes = Vec::with_capacity(data.len() + 2048);
        bytes.extend(START);
        bytes.extend(STANDARD_TABLES);
        bytes.extend(self.segments.concat());
        if self.frame.is_progressive {
            // Its scans end where a marker says so.
            bytes.extend(data);
            bytes.extend(END);
        } else {
            write_intervals(&mut bytes, data, self.frame.blocks());
            bytes.extend(NO_CODE.repeat(AT_END));
        }
        Ok(bytes)
    }
}

/// Writes a scan's data, with what is no code before each restart. There are at most as many as
/// blocks; where a camera sends more, they are copied as they are.
fn write_intervals(to: &mut Vec<u8>, data: &[u8], blocks: usize) {
    let mut rest = data;
    for _ in 0..blocks {
        // Behind any other marker a further scan begins, with tables that may hold what looks like
        // a restart.
        let marked = from_marker(rest).filter(|marked| matches!(marked[1], 0xd0..=0xd7));
        let Some(marked) = marked else { break };
        to.extend(&rest[..rest.len() - marked.len()]);
        to.extend(NO_CODE.repeat(BEFORE_RESTART));
        to.extend(&marked[..2]);
        rest = &marked[2..];
    }
    to.extend(rest);
}

/// A marker's segment, and what follows it.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = bytes.get(2..4)?;
    let length = 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
    bytes.split_at_checked(length.max(4))
}

/// From the next marker on, past what is none and past fill bytes.
fn from_marker(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let at = bytes.iter().position(|byte| *byte == 0xff)?;
        match bytes.get(at + 1)? {
            0x00 => bytes = &bytes[at + 2..],
            0xff => bytes = &bytes[at + 1..],
            _ => return Some(&bytes[at..]),
        }
    }
}

/// The picture's data, where it ends with its end marker and not with the buffer. Only a marker
/// ends the data, and in it 0xff stands before 0 or is a restart.
fn until_end(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        rest = from_marker(rest)?;
        if rest[1] == END[1] {
            return Some(&bytes[..bytes.len() - rest.len()]);
        }
        rest = &rest[2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_nothing_but_restarts_does_not_grow_with_them() {
        let restarts = [0xff, 0xd0].repeat(1000);
        let mut bytes = Vec::new();
        write_intervals(&mut bytes, &restarts, 4);
        let added = 4 * BEFORE_RESTART * NO_CODE.len();
        assert_eq!(bytes.len(), restarts.len() + added);
        assert!(bytes.ends_with(&restarts[..restarts.len() - 8]));
    }
}
