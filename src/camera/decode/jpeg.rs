//! Motion JPEG: whole pictures only, of the size that is asked for.
#![forbid(unsafe_code)]

use std::borrow::Cow;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::layout::{DecodeError, Layout};
use crate::types::MAX_FRAME_SIDE;

/// Width and height a JPEG announces, within [`MAX_FRAME_SIDE`].
///
/// # Errors
/// [`DecodeError::Jpeg`].
pub fn size(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let side = MAX_FRAME_SIDE as usize;
    let options = DecoderOptions::default()
        .set_max_width(side)
        .set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder
        .decode_headers()
        .map_err(|why| DecodeError::Jpeg(format!("{why:?}")))?;
    let (width, height) = decoder
        .dimensions()
        .ok_or_else(|| DecodeError::Jpeg("no size".into()))?;
    Ok((width as u32, height as u32))
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
    let broken = |why: &dyn std::fmt::Debug| {
        DecodeError::Jpeg(format!("{why:?}").chars().take(120).collect())
    };
    let (width, height) = (layout.width as usize, layout.height as usize);
    let options = DecoderOptions::default()
        .set_max_width(width)
        .set_max_height(height)
        .set_strict_mode(true)
        .jpeg_set_max_scans(16)
        .jpeg_set_out_colorspace(space);
    if !is_whole(bytes) {
        return Err(broken(&"cut short"));
    }
    let bytes = with_tables(bytes);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*bytes), options);
    decoder.decode_headers().map_err(|why| broken(&why))?;
    match decoder.dimensions() {
        Some(size) if size == (width, height) => {}
        Some((width, height)) => return Err(DecodeError::Size(width as u32, height as u32)),
        None => return Err(broken(&"no size")),
    }
    match decoder.input_colorspace() {
        // The decoder turns gray into gray only.
        Some(ColorSpace::Luma) if space != ColorSpace::Luma => {
            return Ok(decode(&bytes, layout, ColorSpace::Luma)?
                .iter()
                .flat_map(|v| [*v; 3])
                .collect());
        }
        Some(ColorSpace::Luma | ColorSpace::YCbCr) => {}
        other => return Err(broken(&other)),
    }
    let mut pixels = vec![0; width * height * space.num_components()];
    if decoder.output_buffer_size() != Some(pixels.len()) {
        return Err(broken(&"another pixel layout"));
    }
    decoder
        .decode_into(&mut pixels)
        .map_err(|why| broken(&why))?;
    Ok(pixels)
}

/// Whether the picture's data ends with its end marker, and not with the buffer. Only a marker ends
/// the data, and in it 0xff stands before 0 or is a restart.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(start) = data_start(bytes) else {
        return false;
    };
    let mut rest = &bytes[start..];
    while let Some(at) = rest.iter().position(|byte| *byte == 0xff) {
        match rest.get(at + 1) {
            Some(0xd9) => return true,
            Some(0xff) => rest = &rest[at + 1..],
            Some(_) => rest = &rest[at + 2..],
            None => return false,
        }
    }
    false
}

/// Where the picture's data begins: behind the start-of-scan segment.
fn data_start(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        match *bytes.get(at..at + 4)? {
            [0xff, 0xff, ..] => at += 1,
            [0xff, marker, high, low] => {
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
                if marker == 0xda {
                    return Some(at.min(bytes.len()));
                }
            }
            _ => return None,
        }
    }
}

/// Many cameras leave the Huffman tables out, meaning those of ITU-T T.81 K.3. The decoder supplies
/// them to a stream that calls itself AVI's kind of Motion JPEG, so such a picture is given that
/// segment.
fn with_tables(bytes: &[u8]) -> Cow<'_, [u8]> {
    const AVI: [u8; 10] = [0xff, 0xe0, 0, 8, b'A', b'V', b'I', b'1', 0, 0];
    match bytes.split_at_checked(2) {
        Some((start @ [0xff, 0xd8], rest)) if lacks_tables(rest) => {
            Cow::Owned([start, &AVI, rest].concat())
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// Whether the segments up to the picture's data hold no Huffman table.
fn lacks_tables(mut segments: &[u8]) -> bool {
    while let [0xff, marker, high, low, ..] = *segments {
        match marker {
            0xc4 => return false,
            0xda => return true,
            // Fill bytes before a marker.
            0xff => segments = &segments[1..],
            _ => {
                let length = 2 + usize::from(u16::from_be_bytes([high, low]));
                segments = segments.get(length..).unwrap_or_default();
            }
        }
    }
    false
}
