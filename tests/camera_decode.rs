//! Pixel formats against a reference decoder, and against cameras that lie.
#![allow(clippy::unwrap_used)]

#[path = "camera_decode/encoder.rs"]
mod encoder;
#[path = "camera_decode/jpeg.rs"]
mod jpeg;
#[path = "camera_decode/whole.rs"]
mod whole;

use std::io::Write as _;
use std::process::{Command, Stdio};

use facelock::camera::Rotation;
use facelock::camera::decode::{DecodeError, Encoding, Layout, rotate, to_bgr, to_gray};
use facelock::types::{Frame, PixelFormat};
use proptest::prelude::*;

const WIDTH: u32 = 64;
const HEIGHT: u32 = 48;

/// Runs ffmpeg over `input`; `arguments` name the formats on both sides.
fn ffmpeg(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin"])
        .args(arguments)
        .arg("pipe:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is the reference decoder");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// A picture with every hue and soft edges, as raw pixels of an ffmpeg format.
fn picture(format: &str) -> Vec<u8> {
    let source = format!("testsrc2=size={WIDTH}x{HEIGHT}:rate=1,gblur=sigma=3");
    ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            &source,
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-pix_fmt",
            format,
        ],
        &[],
    )
}

/// What ffmpeg makes of raw pixels: chroma repeated, not interpolated, as ours.
fn reference(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let size = format!("{WIDTH}x{HEIGHT}");
    let flags = "neighbor+accurate_rnd+full_chroma_int+full_chroma_inp";
    let input = [
        "-f", "rawvideo", "-pix_fmt", from, "-s", &size, "-i", "pipe:0",
    ];
    let output = ["-sws_flags", flags, "-f", "rawvideo", "-pix_fmt", to];
    ffmpeg(&[&input[..], &output[..]].concat(), bytes)
}

/// Largest and mean difference.
fn difference(ours: &[u8], theirs: &[u8]) -> (u8, f64) {
    assert_eq!(ours.len(), theirs.len());
    let differences: Vec<u8> = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| a.abs_diff(*b))
        .collect();
    let sum: u64 = differences.iter().map(|d| u64::from(*d)).sum();
    (
        differences.iter().copied().max().unwrap(),
        sum as f64 / ours.len() as f64,
    )
}

fn layout() -> Layout {
    Layout::packed(WIDTH, HEIGHT)
}

#[test]
fn yuyv_is_what_the_reference_makes_of_it_within_two_steps() {
    let raw = picture("yuyv422");
    let ours = to_bgr(&raw, Encoding::Yuyv, layout()).unwrap();
    let (most, mean) = difference(ours.pixels(), &reference(&raw, "yuyv422", "bgr24"));
    assert!(most <= 2 && mean < 0.8, "max {most}, mean {mean:.3}");
}

#[test]
fn nv12_is_what_the_reference_makes_of_it_within_two_steps() {
    let raw = picture("nv12");
    let ours = to_bgr(&raw, Encoding::Nv12, layout()).unwrap();
    let (most, mean) = difference(ours.pixels(), &reference(&raw, "nv12", "bgr24"));
    assert!(most <= 2 && mean < 0.8, "max {most}, mean {mean:.3}");
}

#[test]
fn the_other_orders_are_what_the_reference_makes_of_them_within_two_steps() {
    for (name, encoding) in [
        ("uyvy422", Encoding::Uyvy),
        ("yvyu422", Encoding::Yvyu),
        ("nv21", Encoding::Nv21),
        ("yuv420p", Encoding::Yu12),
    ] {
        let raw = picture(name);
        let ours = to_bgr(&raw, encoding, layout()).unwrap();
        let (most, mean) = difference(ours.pixels(), &reference(&raw, name, "bgr24"));
        assert!(
            most <= 2 && mean < 0.8,
            "{name}: max {most}, mean {mean:.3}"
        );
    }
}

#[test]
fn mjpeg_is_what_the_reference_makes_of_it_within_three_steps() {
    let size = format!("{WIDTH}x{HEIGHT}");
    let encode = [
        "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", &size, "-i", "pipe:0",
    ];
    // 4:4:4 leaves nothing to interpolate.
    let output = ["-pix_fmt", "yuvj444p", "-q:v", "2", "-f", "mjpeg"];
    let jpeg = ffmpeg(&[&encode[..], &output[..]].concat(), &picture("bgr24"));
    let ours = to_bgr(&jpeg, Encoding::Mjpeg, layout()).unwrap();
    let flags = "accurate_rnd+full_chroma_int";
    let decode = [
        "-f",
        "mjpeg",
        "-i",
        "pipe:0",
        "-sws_flags",
        flags,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "bgr24",
    ];
    let (most, mean) = difference(ours.pixels(), &ffmpeg(&decode, &jpeg));
    assert!(most <= 3 && mean < 0.8, "max {most}, mean {mean:.3}");
}

#[test]
fn wide_gray_keeps_the_upper_bits_whatever_the_frame_holds() {
    let raw = picture("gray10le");
    let ours = to_gray(&raw, Encoding::GrayWide { bits: 10 }, layout()).unwrap();
    let upper: Vec<u8> = raw
        .chunks_exact(2)
        .map(|p| (u16::from_le_bytes([p[0], p[1]]) >> 2) as u8)
        .collect();
    assert_eq!(ours.pixels(), upper);
    let full = [0x00, 0x00, 0xff, 0x03, 0xff, 0x0f, 0xff, 0xff];
    let of = |bits| {
        to_gray(&full, Encoding::GrayWide { bits }, Layout::packed(4, 1))
            .unwrap()
            .pixels()
            .to_vec()
    };
    assert_eq!(of(10), [0, 255, 255, 255], "above full scale is full scale");
    assert_eq!(of(12), [0, 63, 255, 255]);
    assert_eq!(of(16), [0, 3, 15, 255]);
}

#[test]
fn formulas_hold_at_their_corners() {
    let pixel = |y, u, v| {
        to_bgr(&[y, u, y, v], Encoding::Yuyv, Layout::packed(2, 1))
            .unwrap()
            .pixels()[..3]
            .to_vec()
    };
    assert_eq!(pixel(16, 128, 128), [0, 0, 0]);
    assert_eq!(pixel(235, 128, 128), [255, 255, 255]);
    assert_eq!(pixel(81, 90, 240), [0, 0, 255], "red");
    assert_eq!(pixel(145, 54, 34), [1, 255, 0], "green");
    assert_eq!(pixel(41, 240, 110), [255, 0, 0], "blue");
}

#[test]
fn padding_between_rows_is_left_out() {
    let bytes = [1, 2, 3, 9, 9, 4, 5, 6];
    let frame = to_gray(
        &bytes,
        Encoding::Gray,
        Layout {
            width: 3,
            height: 2,
            stride: 5,
        },
    )
    .unwrap();
    assert_eq!(frame.pixels(), [1, 2, 3, 4, 5, 6]);
    let narrow = to_gray(
        &bytes,
        Encoding::Gray,
        Layout {
            width: 3,
            height: 2,
            stride: 2,
        },
    );
    assert_eq!(narrow.unwrap_err(), DecodeError::Stride(2));
}

fn gray_jpeg() -> Vec<u8> {
    let size = format!("{WIDTH}x{HEIGHT}");
    let input = [
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", &size, "-i", "pipe:0",
    ];
    ffmpeg(
        &[
            &input[..],
            &["-pix_fmt", "gray", "-strict", "unofficial", "-f", "mjpeg"],
        ]
        .concat(),
        &picture("gray"),
    )
}

fn any_encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::Yuyv),
        Just(Encoding::Vyuy),
        Just(Encoding::Nv12),
        Just(Encoding::Yu12),
        Just(Encoding::Mjpeg),
        Just(Encoding::Gray),
        (0_u8..=255).prop_map(|bits| Encoding::GrayWide { bits }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever bytes, size and stride a camera announces: a whole frame or an error.
    #[test]
    fn any_buffer_is_a_whole_frame_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..4096),
        encoding in any_encoding(),
        (width, height, stride) in (0_u32..5000, 0_u32..5000, 0_u32..9000),
    ) {
        let layout = Layout { width, height, stride };
        for frame in [
            to_bgr(&bytes, encoding, layout),
            to_gray(&bytes, encoding, layout),
        ]
        .into_iter()
        .flatten()
        {
            prop_assert_eq!((frame.width(), frame.height()), (width, height));
        }
    }

    /// A buffer one byte too short is never a frame; one that fits always is.
    #[test]
    fn frames_begin_where_the_bytes_suffice(
        width in 1_u32..40,
        height in 1_u32..40,
        wide in any::<bool>(),
    ) {
        let pixels = (width * height) as usize;
        let chroma = 2 * width.div_ceil(2) as usize * height.div_ceil(2) as usize;
        let luma = if width.is_multiple_of(2) {
            pixels
        } else {
            (width.div_ceil(2) * 2 * height) as usize
        };
        let cases = [
            (Encoding::Gray, pixels),
            (Encoding::GrayWide { bits: if wide { 16 } else { 10 } }, pixels * 2),
            (Encoding::Yuyv, width.div_ceil(2) as usize * 4 * height as usize),
            (Encoding::Nv12, luma + chroma),
        ];
        for (encoding, need) in cases {
            let bytes = vec![77; need];
            let layout = Layout::packed(width, height);
            prop_assert!(to_bgr(&bytes, encoding, layout).is_ok(), "{:?} {}x{}", encoding, width, height);
            prop_assert!(to_bgr(&bytes[1..], encoding, layout).is_err());
        }
    }

    /// A JPEG with any byte changed or its end cut off: no panic, no other size.
    #[test]
    fn damaged_jpeg_never_panics(at in 0_usize..3000, value in any::<u8>(), end in 0_usize..3000) {
        thread_local! { static JPEG: Vec<u8> = gray_jpeg(); }
        let mut jpeg = JPEG.with(Clone::clone);
        let length = jpeg.len();
        jpeg[at % length] = value;
        jpeg.truncate(end.max(1).min(length));
        if let Ok(frame) = to_bgr(&jpeg, Encoding::Mjpeg, layout()) {
            prop_assert_eq!((frame.width(), frame.height()), (WIDTH, HEIGHT));
        }
    }

    /// Four quarter turns are none, two are a half, and a turn forth and back is none.
    #[test]
    fn turns_add_up(width in 1_u32..20, height in 1_u32..20, color in any::<bool>()) {
        let format = if color { PixelFormat::Bgr8 } else { PixelFormat::Gray8 };
        let length = (width * height) as usize * format.channels();
        let frame = Frame::new(
            width,
            height,
            format,
            (0..length).map(|i| i as u8).collect(),
        )
        .unwrap();
        let quarter = |frame: &Frame| rotate(frame.clone(), Rotation::Quarter);
        let half = quarter(&quarter(&frame));
        let turned = rotate(frame.clone(), Rotation::Half);
        prop_assert_eq!(half.pixels(), turned.pixels());
        let back = rotate(quarter(&frame), Rotation::ThreeQuarters);
        prop_assert_eq!((back.width(), back.height()), (width, height));
        prop_assert_eq!(back.pixels(), frame.pixels());
    }
}

#[test]
fn a_quarter_turn_is_clockwise() {
    let frame = Frame::new(3, 2, PixelFormat::Gray8, vec![1, 2, 3, 4, 5, 6]).unwrap();
    let turned = rotate(frame, Rotation::Quarter);
    assert_eq!((turned.width(), turned.height()), (2, 3));
    assert_eq!(turned.pixels(), [4, 1, 5, 2, 6, 3]);
}
