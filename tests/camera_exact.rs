//! Converters are exact: for any size, stride and content, each pixel is what a second, slower
//! calculation says.
#![allow(clippy::unwrap_used)]

#[path = "fuzz/src/pixels.rs"]
mod pixels;

use facelock::camera::decode::{Encoding, Layout, to_bgr, to_gray};
use proptest::prelude::*;

fn any_encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::Yuyv),
        Just(Encoding::Uyvy),
        Just(Encoding::Yvyu),
        Just(Encoding::Vyuy),
        Just(Encoding::Nv12),
        Just(Encoding::Nv21),
        Just(Encoding::Yu12),
        Just(Encoding::Yv12),
        Just(Encoding::Gray),
        any::<u8>().prop_map(|bits| Encoding::GrayWide { bits }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn each_pixel_is_what_the_format_says(
        encoding in any_encoding(),
        (width, height) in (1_u32..24, 1_u32..24),
        padding in prop::option::of(0_u32..9),
        short in prop::bool::weighted(0.1), seed in any::<u32>(),
    ) {
        let packed = Layout::packed(width, height);
        // Of one row, what a row of the first plane needs: the smallest stride.
        let row = pixels::bytes_needed(encoding, Layout::packed(width, 1)).unwrap();
        let row = match encoding {
            Encoding::Nv12 | Encoding::Nv21 | Encoding::Yu12 | Encoding::Yv12 => row / 2,
            _ => row,
        };
        let layout = Layout { stride: padding.map_or(0, |padding| row as u32 + padding), ..packed };
        let need = pixels::bytes_needed(encoding, layout).unwrap();
        let mut state = seed | 1;
        let bytes: Vec<u8> = (0..need - usize::from(short))
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let color = to_bgr(&bytes, encoding, layout);
        prop_assert_eq!(color.is_err(), short);
        let Ok(color) = color else { return Ok(()) };
        let gray = to_gray(&bytes, encoding, layout).unwrap();
        for (x, y) in (0..height as usize).flat_map(|y| (0..width as usize).map(move |x| (x, y))) {
            let at = y * width as usize + x;
            prop_assert_eq!(
                &color.pixels()[3 * at..][..3],
                pixels::bgr(&bytes, encoding, layout, x, y)
            );
            prop_assert_eq!(gray.pixels()[at], pixels::gray(&bytes, encoding, layout, x, y));
        }
    }
}
