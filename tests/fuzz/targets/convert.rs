//! Camera bytes to pixels: for every format, size, stride and content, either an error or exactly
//! the pixels that the format says; nothing beyond what the size announces is allocated, and
//! nothing but the bytes decides.
#![no_main]

use facelock::camera::Rotation;
use facelock::camera::decode::{Encoding, Layout, rotate, to_bgr, to_gray};
use facelock::types::Frame;
use facelock_fuzz::{Front, bounded, pixels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut front = Front(data);
    let format = front.byte();
    let encoding = match format % 5 {
        0 if format & 0x40 != 0 => Encoding::Uyvy,
        0 if format & 0x20 != 0 => Encoding::Yvyu,
        0 if format & 0x10 != 0 => Encoding::Vyuy,
        0 => Encoding::Yuyv,
        1 if format & 0x40 != 0 => Encoding::Nv21,
        1 if format & 0x20 != 0 => Encoding::Yu12,
        1 if format & 0x10 != 0 => Encoding::Yv12,
        1 => Encoding::Nv12,
        2 => Encoding::Mjpeg,
        3 => Encoding::Gray,
        _ => Encoding::GrayWide { bits: front.byte() },
    };
    // Mostly pictures that a fuzzer's bytes can fill; sometimes whatever 16 bits say.
    let side = |value: u16| {
        u32::from(if format & 0x80 == 0 {
            value % 80
        } else {
            value
        })
    };
    let layout = Layout {
        width: side(front.half()),
        height: side(front.half()),
        stride: side(front.half()),
    };
    let bytes = front.0;
    let area = layout.width as usize * layout.height as usize;
    // Three pictures' worth; a JPEG's decoder works on planes and tables of its own.
    let limit = if encoding == Encoding::Mjpeg {
        48 * area + (1 << 20)
    } else {
        10 * area + 4096
    };
    let (color, gray) = bounded(limit, || {
        (
            to_bgr(bytes, encoding, layout),
            to_gray(bytes, encoding, layout),
        )
    });
    for (frame, again) in [
        (&color, to_bgr(bytes, encoding, layout)),
        (&gray, to_gray(bytes, encoding, layout)),
    ] {
        assert_eq!(
            frame.as_ref().map(Frame::pixels),
            again.as_ref().map(Frame::pixels)
        );
        let Ok(frame) = frame else { continue };
        assert_eq!(
            (frame.width(), frame.height()),
            (layout.width, layout.height)
        );
        assert_eq!(frame.pixels().len(), area * frame.format().channels());
        turned(frame);
    }
    if encoding == Encoding::Mjpeg {
        return;
    }
    let enough = pixels::bytes_needed(encoding, layout).is_some_and(|need| bytes.len() >= need);
    assert_eq!(
        color.is_ok(),
        enough,
        "{encoding:?} {layout:?} with {} bytes",
        bytes.len()
    );
    assert!(gray.is_ok() || !enough);
    let positions = || {
        (0..layout.height as usize).flat_map(|y| (0..layout.width as usize).map(move |x| (x, y)))
    };
    if let Ok(color) = &color {
        for ((x, y), found) in positions().zip(color.pixels().chunks_exact(3)) {
            assert_eq!(
                found,
                pixels::bgr(bytes, encoding, layout, x, y),
                "{encoding:?} {layout:?} at {x}, {y}"
            );
        }
    }
    if let Ok(gray) = &gray {
        for ((x, y), found) in positions().zip(gray.pixels()) {
            assert_eq!(
                *found,
                pixels::gray(bytes, encoding, layout, x, y),
                "{encoding:?} {layout:?} at {x}, {y}"
            );
        }
    }
});

/// A quarter turn and its opposite lose nothing.
fn turned(frame: &Frame) {
    let quarter = rotate(frame.clone(), Rotation::Quarter);
    assert_eq!(
        (quarter.width(), quarter.height()),
        (frame.height(), frame.width())
    );
    assert_eq!(
        rotate(quarter, Rotation::ThreeQuarters).pixels(),
        frame.pixels()
    );
}
