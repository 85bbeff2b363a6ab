//! JPEG: sizes, ends, tables.

use super::*;

#[test]
fn a_jpeg_of_another_size_is_refused_before_it_is_decoded() {
    let jpeg = gray_jpeg();
    let wrong = to_bgr(&jpeg, Encoding::Mjpeg, Layout::packed(WIDTH * 2, HEIGHT));
    assert_eq!(wrong.unwrap_err(), DecodeError::Size(WIDTH, HEIGHT));
    // The size fields say 65535 x 65535.
    let mut huge = jpeg.clone();
    let at = huge.windows(2).position(|m| m == [0xff, 0xc0]).unwrap() + 5;
    huge[at..at + 4].fill(0xff);
    assert!(to_bgr(&huge, Encoding::Mjpeg, layout()).is_err());
}

#[test]
fn a_gray_jpeg_becomes_three_equal_channels() {
    let frame = to_bgr(&gray_jpeg(), Encoding::Mjpeg, layout()).unwrap();
    assert!(
        frame
            .pixels()
            .chunks_exact(3)
            .all(|p| p[0] == p[1] && p[1] == p[2])
    );
    assert!(frame.pixels().iter().any(|v| *v > 40));
}

#[test]
fn a_truncated_jpeg_is_dropped_and_trailing_bytes_are_not_looked_at() {
    let jpeg = gray_jpeg();
    assert!(to_gray(&jpeg[..jpeg.len() / 2], Encoding::Mjpeg, layout()).is_err());
    let mut followed = jpeg.clone();
    followed.extend(std::iter::repeat_n(0xa5, 4096));
    let (alone, followed) = (
        to_gray(&jpeg, Encoding::Mjpeg, layout()),
        to_gray(&followed, Encoding::Mjpeg, layout()),
    );
    assert_eq!(alone.unwrap().pixels(), followed.unwrap().pixels());
}

/// The JPEG without its Huffman tables, as many cameras send it.
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let (mut kept, mut rest) = (jpeg[..2].to_vec(), &jpeg[2..]);
    while rest[1] != 0xda {
        let (segment, after) =
            rest.split_at(2 + usize::from(u16::from_be_bytes([rest[2], rest[3]])));
        if segment[1] != 0xc4 {
            kept.extend(segment);
        }
        rest = after;
    }
    [&kept, rest].concat()
}

#[test]
fn the_standard_tables_stand_in_for_those_a_camera_leaves_out() {
    let size = format!("{WIDTH}x{HEIGHT}");
    let input = [
        "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", &size, "-i", "pipe:0",
    ];
    let output = ["-pix_fmt", "yuvj422p", "-huffman", "default", "-f", "mjpeg"];
    let jpeg = ffmpeg(&[&input[..], &output[..]].concat(), &picture("bgr24"));
    let bare = without_tables(&jpeg);
    assert!(
        bare.len() + 400 < jpeg.len(),
        "there were tables to leave out"
    );
    let (whole, bare) = (
        to_bgr(&jpeg, Encoding::Mjpeg, layout()),
        to_bgr(&bare, Encoding::Mjpeg, layout()),
    );
    assert_eq!(whole.unwrap().pixels(), bare.unwrap().pixels());
}
