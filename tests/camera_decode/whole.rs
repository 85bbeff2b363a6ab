//! Whole JPEG pictures as cameras really send them, and pictures that only look whole.

use facelock::camera::decode::jpeg_size;

use super::encoder::{self, Kind, encode, luma};
use super::*;

const PLAIN: Kind = Kind {
    size: (96, 64),
    colors: true,
    sampling: (2, 1),
    restart: 0,
};

/// Why the picture is not read as what it is.
fn wrong(bytes: &[u8], kind: &Kind) -> Option<String> {
    let (width, height) = kind.size;
    if jpeg_size(bytes) != Ok(kind.size) {
        return Some(format!("size {:?}", jpeg_size(bytes)));
    }
    let layout = Layout::packed(width, height);
    for frame in [to_gray, to_bgr].map(|read| read(bytes, Encoding::Mjpeg, layout)) {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return Some(error.to_string()),
        };
        let is_gray = frame.format() == PixelFormat::Gray8;
        let colors = i32::from(kind.colors && !is_gray);
        for (at, pixel) in frame
            .pixels()
            .chunks_exact(frame.format().channels())
            .enumerate()
        {
            let at = (at as u32 % width, at as u32 / width);
            let value = i32::from(luma(at.0, at.1));
            // Blue of -18 and red of -18 from the middle.
            let expected = [
                value - 32 * colors,
                value + 19 * colors,
                value - 25 * colors,
            ];
            let near = |(got, wanted): (&u8, i32)| (i32::from(*got) - wanted).abs() <= 2;
            if !pixel.iter().zip(expected).all(near) {
                return Some(format!("{pixel:?} at {at:?} instead of {expected:?}"));
            }
        }
    }
    None
}

fn check(cases: impl IntoIterator<Item = (String, Vec<u8>, Kind)>) {
    let judge = |(name, bytes, kind): (String, Vec<u8>, Kind)| {
        let wrong = wrong(&bytes, &kind)?;
        Some(format!("{name}: {wrong}"))
    };
    let wrong: Vec<String> = cases.into_iter().filter_map(judge).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_sampling_and_size_is_read_with_and_without_restarts() {
    let mut cases = Vec::new();
    for size in [(96, 64), (100, 60), (67, 45), (33, 17), (16, 9), (340, 340)] {
        for (colors, sampling) in [
            (true, (1, 1)),
            (true, (2, 1)),
            (true, (2, 2)),
            (true, (1, 2)),
            (true, (4, 1)),
            (false, (1, 1)),
            (false, (2, 1)),
            (false, (2, 2)),
        ] {
            for restart in [0, 1, 5] {
                let kind = Kind {
                    size,
                    colors,
                    sampling,
                    restart,
                };
                let name = format!("{size:?} {colors} {sampling:?} {restart}");
                cases.push((name, encoder::whole(&kind), kind));
            }
        }
    }
    check(cases);
}

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker][..], &length, payload].concat()
}

/// What stands before the start, after it, after the tables, before the scan, and after the end.
type Around = [Vec<u8>; 5];

fn around() -> Vec<(&'static str, Around)> {
    let start = || [0xff, 0xd8].to_vec();
    let none = Vec::new;
    let thumbnail = segment(
        0xe1,
        &[b"Exif\0\0\xff\xd8\xff\xd9\xff\xda", &[0x5a; 900][..]].concat(),
    );
    let junk = vec![
        segment(0xe0, b"AVI1\0\0"),
        segment(0xe0, b""),
        segment(0xe0, b"JF"),
        segment(0xe1, b""),
        segment(0xe2, b"ICC_PROFILE\0\x07\x01short"),
        segment(0xe4, &[0xff; 4000]),
        segment(0xed, b"Photoshop 3.0\x008BIM"),
        segment(0xee, b"Ado"),
        segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"),
        segment(0xfe, b"\xff\xd9 a comment"),
        thumbnail,
    ];
    let before = [0xff, 0xff, 0xff, 0xff].to_vec();
    let header = b"\x0c\x8d\x12\x34\x56\x78\x9a\xbc\xde\xf0\x01\x02".to_vec();
    vec![
        ("nothing", [none(), start(), none(), none(), none()]),
        (
            "fill before segments",
            [
                none(),
                [start(), vec![0xff; 3]].concat(),
                vec![0xff],
                vec![0xff; 7],
                none(),
            ],
        ),
        (
            "a packet's header before the start",
            [header, start(), none(), none(), none()],
        ),
        (
            "zeroes before the start",
            [vec![0; 4], start(), none(), none(), none()],
        ),
        (
            "fill before the start",
            [before, start(), none(), none(), none()],
        ),
        ("two starts", [start(), start(), none(), none(), none()]),
        (
            "junk segments",
            [
                none(),
                [start(), junk.concat()].concat(),
                junk.concat(),
                junk.concat(),
                none(),
            ],
        ),
        (
            "bytes between segments",
            [none(), start(), vec![0; 9], b"between".to_vec(), none()],
        ),
        (
            "zeroes after the end",
            [none(), start(), none(), none(), vec![0; 70_000]],
        ),
        (
            "ones after the end",
            [none(), start(), none(), none(), vec![0xff; 700]],
        ),
        (
            "another picture after the end",
            [none(), start(), none(), none(), encoder::whole(&PLAIN)],
        ),
    ]
}

#[test]
fn what_stands_round_a_picture_is_passed_over() {
    let cases = around()
        .into_iter()
        .map(|(name, [before, start, tables, scan, after])| {
            let [own_tables, frame, data] = encode(&PLAIN);
            let parts = [before, start, own_tables, tables, frame, scan, data, after];
            (name.to_owned(), parts.concat(), PLAIN)
        });
    check(cases);
}

#[test]
fn bytes_between_the_data_and_its_end_are_passed_over() {
    let whole = encoder::whole(&PLAIN);
    let data = &whole[..whole.len() - 2];
    let ends: [(&str, &[u8]); 4] = [
        ("zeroes", &[0; 14]),
        ("fill", &[0xff; 3]),
        ("stuffed", &[0xff, 0, 0xff, 0]),
        ("anything", b"abcdefg"),
    ];
    check(ends.map(|(name, extra)| {
        let bytes = [data, extra, &[0xff, 0xd9]].concat();
        (name.to_owned(), bytes, PLAIN)
    }));
}

/// As the webcams do that libjpeg says "extraneous bytes before marker 0xd4" of.
#[test]
fn bytes_before_a_restart_are_passed_over() {
    let kind = Kind {
        restart: 3,
        ..PLAIN
    };
    let whole = encoder::whole(&kind);
    // Fill bytes are no extra ones to a decoder, but stand there, too.
    for (extra, byte) in [1, 2, 4, 9, 30]
        .into_iter()
        .flat_map(|n| [(n, 0x12), (n, 0xff)])
    {
        let mut bytes = Vec::new();
        for pair in whole.windows(2) {
            if pair[0] == 0xff && pair[1] & 0xf8 == 0xd0 {
                bytes.extend(vec![byte; extra]);
            }
            bytes.push(pair[0]);
        }
        bytes.push(0xd9);
        assert_ne!(bytes, whole);
        check([(format!("{extra} times {byte:x}"), bytes, kind.clone())]);
    }
}

/// Lost in the middle, and ended all the same, as a bulk transfer that was cut short is.
#[test]
fn a_picture_that_lacks_some_of_its_data_is_an_error_even_where_it_ends() {
    for restart in [0, 4] {
        let kind = Kind { restart, ..PLAIN };
        let [tables, frame, data] = encode(&kind);
        let layout = Layout::packed(96, 64);
        let parts = [1, 2, 3].map(|part| 20 + (data.len() - 20) * part / 4);
        let is_restart = |at: &usize| data[*at] == 0xff && data[at + 1] & 0xf8 == 0xd0;
        for part in parts
            .into_iter()
            .chain((20..data.len() - 1).filter(is_restart))
        {
            let data = &data[..part];
            for end in [&[0xff, 0xd9][..], &[]] {
                let bytes = [&[0xff, 0xd8][..], &tables, &frame, data, end].concat();
                let read = to_gray(&bytes, Encoding::Mjpeg, layout);
                assert!(read.is_err(), "{part} bytes, {end:?}, restart {restart}");
            }
        }
    }
}

/// Lost before a restart, which then comes early.
#[test]
fn a_restart_that_comes_early_is_an_error() {
    for (sampling, restart) in [((2, 1), 6), ((2, 2), 6), ((2, 2), 12), ((1, 1), 5)] {
        let kind = Kind {
            sampling,
            restart,
            ..PLAIN
        };
        check([("whole".to_owned(), encoder::whole(&kind), kind.clone())]);
        let [tables, frame, data] = encode(&kind);
        let is_restart = |at: &usize| data[*at] == 0xff && data[at + 1] & 0xf8 == 0xd0;
        let restarts = (20..data.len() - 1).filter(is_restart);
        for at in restarts.collect::<Vec<_>>() {
            for lost in [3, 6, 9] {
                let data = [&data[..at - lost], &data[at..]].concat();
                let bytes = [&[0xff, 0xd8][..], &tables, &frame, &data].concat();
                for read in [to_gray, to_bgr] {
                    let read = read(&bytes, Encoding::Mjpeg, Layout::packed(96, 64));
                    assert!(
                        read.is_err(),
                        "{lost} bytes before {at}, {sampling:?}, {restart}"
                    );
                }
            }
        }
    }
}

/// A restart behind every row of MCUs, in pictures full of detail.
#[test]
fn restarts_of_another_encoder_are_read() {
    for (format, size) in [("yuvj422p", (640, 480)), ("yuvj420p", (648, 490))] {
        let source = format!("testsrc2=size={}x{}:rate=1,noise=alls=40", size.0, size.1);
        let input = ["-f", "lavfi", "-i", &source, "-frames:v", "1"];
        let slices = ["-threads", "4", "-thread_type", "slice", "-slices", "8"];
        let output = ["-pix_fmt", format, "-q:v", "3", "-f", "mjpeg"];
        let jpeg = ffmpeg(&[&input[..], &slices, &output].concat(), &[]);
        let is_restart = |pair: &&[u8]| pair[0] == 0xff && pair[1] & 0xf8 == 0xd0;
        assert!(jpeg.windows(2).filter(is_restart).count() >= 29, "{format}");
        let gray = to_gray(&jpeg, Encoding::Mjpeg, Layout::packed(size.0, size.1)).unwrap();
        let decode = [
            "-f", "mjpeg", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", format,
        ];
        let luma = ffmpeg(&decode, &jpeg);
        let (most, mean) = difference(gray.pixels(), &luma[..gray.pixels().len()]);
        assert!(
            most <= 2 && mean < 0.2,
            "{format}: max {most}, mean {mean:.3}"
        );
    }
}
