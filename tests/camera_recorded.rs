//! Recorded frames arrive as their timeline says, with the same deadlines as a camera's.
#![allow(clippy::unwrap_used)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

use std::path::Path;
use std::time::{Duration, Instant};

use facelock::camera::recorded::Recorded;
use facelock::camera::{CameraError, Sink};
use facelock::types::{CameraIdentity, Frame, Illumination, PixelFormat, Spectrum};

fn png(path: &Path, color: png::ColorType, pixels: &[u8]) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), 2, 1);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(pixels)
        .unwrap();
}

/// Three frames of 2 x 1 pixels and a timeline.
fn folder(timeline: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (index, value) in [10_u8, 20, 30].into_iter().enumerate() {
        png(
            &dir.path().join(format!("{index}.png")),
            png::ColorType::Rgb,
            &[value, 0, 200, value, 0, 200],
        );
    }
    std::fs::write(dir.path().join("timeline.toml"), timeline).unwrap();
    dir
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

#[test]
fn frames_come_in_name_order_and_again_from_the_start() {
    let dir = folder("fps = 500\nname = \"someone\"");
    let mut source = Recorded::open(dir.path()).unwrap();
    assert_eq!(source.identity().as_str(), "recorded:someone/color");
    assert_eq!(source.spectrum(), Spectrum::Color);
    for (sequence, red) in [10, 20, 30, 10].into_iter().enumerate() {
        let frame = source.next_frame(soon()).unwrap();
        assert_eq!(frame.format(), PixelFormat::Bgr8);
        assert_eq!(frame.pixels(), [200, 0, red, 200, 0, red]);
        assert_eq!(frame.sequence as usize, sequence);
    }
}

#[test]
fn without_repetition_the_stream_falls_silent_until_the_deadline() {
    let dir = folder("fps = 500\nloop = false");
    let mut source = Recorded::open(dir.path()).unwrap();
    for _ in 0..3 {
        source.next_frame(soon()).unwrap();
    }
    let started = Instant::now();
    let silent = source.next_frame(started + Duration::from_millis(80));
    assert_eq!(silent.unwrap_err(), CameraError::TimedOut);
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[test]
fn the_first_frame_a_stall_and_the_rate_keep_their_time() {
    let dir = folder("fps = 50\nfirst_frame_ms = 60\nstall_at = 1\nstall_ms = 100");
    let started = Instant::now();
    let mut source = Recorded::open(dir.path()).unwrap();
    let mut at = || {
        source
            .next_frame(soon())
            .map(|_| started.elapsed().as_millis())
            .unwrap()
    };
    let (first, second, third) = (at(), at(), at());
    assert!(first >= 60, "{first}");
    assert!(second >= 180, "{second}");
    assert!(third >= 200, "{third}");
}

#[test]
fn a_deadline_before_the_next_frame_is_kept_and_the_frame_is_not_lost() {
    let dir = folder("first_frame_ms = 3000");
    let mut source = Recorded::open(dir.path()).unwrap();
    let started = Instant::now();
    assert_eq!(
        source
            .next_frame(started + Duration::from_millis(30))
            .unwrap_err(),
        CameraError::TimedOut
    );
    assert!(started.elapsed() < Duration::from_millis(2500));
    assert_eq!(source.next_frame(soon()).unwrap().sequence, 0);
}

#[test]
fn it_can_be_busy_and_it_can_be_unplugged() {
    assert_eq!(
        Recorded::open(folder("busy = true").path()).err(),
        Some(CameraError::Busy)
    );
    let dir = folder("fps = 500\nunplug_at = 1");
    let mut source = Recorded::open(dir.path()).unwrap();
    assert!(source.next_frame(soon()).is_ok());
    for _ in 0..2 {
        assert_eq!(
            source.next_frame(soon()).unwrap_err(),
            CameraError::Unplugged
        );
    }
}

#[test]
fn infrared_is_gray_and_its_strobe_is_labelled() {
    let dir = tempfile::tempdir().unwrap();
    for index in 0..8_u8 {
        let value = if index.is_multiple_of(2) { 90 } else { 20 };
        png(
            &dir.path().join(format!("{index}.png")),
            png::ColorType::Grayscale,
            &[value; 2],
        );
    }
    std::fs::write(
        dir.path().join("timeline.toml"),
        "fps = 500\nspectrum = \"infrared\"",
    )
    .unwrap();
    let mut source = Recorded::open(dir.path()).unwrap();
    assert_eq!(source.spectrum(), Spectrum::Infrared);
    let frames: Vec<_> = (0..8).map(|_| source.next_frame(soon()).unwrap()).collect();
    assert!(
        frames
            .iter()
            .all(|frame| frame.format() == PixelFormat::Gray8)
    );
    assert_eq!(
        (frames[6].illumination, frames[7].illumination),
        (Illumination::Lit, Illumination::Unlit)
    );
}

#[test]
fn an_empty_or_missing_folder_is_no_camera_and_a_bad_timeline_is_said() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        Recorded::open(dir.path()).err(),
        Some(CameraError::NotFound)
    );
    assert_eq!(
        Recorded::open(&dir.path().join("missing")).err(),
        Some(CameraError::NotFound)
    );
    for timeline in [
        "fps = 0",
        "fps = nan",
        "speed = 2",
        "spectrum = \"ultraviolet\"",
    ] {
        assert!(
            matches!(
                Recorded::open(folder(timeline).path()),
                Err(CameraError::Failed(_))
            ),
            "{timeline}"
        );
    }
}

#[test]
fn a_picture_that_is_none_fails_and_does_not_panic() {
    let dir = folder("");
    std::fs::write(dir.path().join("0.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
    assert!(matches!(
        Recorded::open(dir.path()).unwrap().next_frame(soon()),
        Err(CameraError::Failed(_))
    ));
    std::fs::write(dir.path().join("0.png"), b"neither").unwrap();
    assert!(matches!(
        Recorded::open(dir.path()).unwrap().next_frame(soon()),
        Err(CameraError::Failed(_))
    ));
}

/// Takes nothing, for five seconds.
struct Watcher(Instant);

impl Sink for Watcher {
    fn opened(&self, _: &CameraIdentity, _: Spectrum) {}

    fn assumed(&self, _: &str) {}

    fn deliver(&self, _: Frame) {}

    fn is_closed(&self) -> bool {
        Instant::now() >= self.0
    }
}

#[test]
fn a_constant_picture_is_a_closed_shutter() {
    let streamed = |picture: &[&[u8]]| {
        let dir = tempfile::tempdir().unwrap();
        for (index, pixels) in picture.iter().enumerate() {
            let path = dir.path().join(format!("{index}.png"));
            png(&path, png::ColorType::Rgb, pixels);
        }
        std::fs::write(dir.path().join("timeline.toml"), "fps = 100").unwrap();
        let mut source = Recorded::open(dir.path()).unwrap();
        source.stream(&Watcher(Instant::now() + Duration::from_secs(5)))
    };
    assert_eq!(streamed(&[&[16; 6]]), Err(CameraError::Covered));
    // Noise is a sensor's, however dark.
    assert_eq!(streamed(&[&[16; 6], &[16, 16, 17, 16, 16, 16]]), Ok(()));
}
