//! Recorded camera descriptions: for each, which camera is listed as used, which one opens and in
//! what size, and what is said. A user's report becomes a case by adding lines to it:
//!
//! `lists SPECTRUM VID:PID FORMAT`, `opens SPECTRUM IDENTITY WxH [lit | later]` (the identity's
//! beginning; its first frame, its first lit one or its tenth), `opens SPECTRUM error WORDS` (of
//! the error, or its name), `assumes SPECTRUM WORDS` (told when it opens, each once and in this
//! order), `says WORDS` (in a reason of `facelockctl devices`), `soonest SPECTRUM IDENTITY FORMAT`
//! (by its first lit frame); and before them `enrolled IDENTITY`, `login` (only enrolled cameras),
//! `color_format FORMAT`, `shipped_quirks`.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use facelock::camera::described::DescribedCameras;
use facelock::camera::{
    CameraError, CameraOptions, NamedFormat, Sink, exposure, list_with, report_with, stream_from,
    time_modes,
};
use facelock::types::{CameraIdentity, Frame, Spectrum};

struct Case {
    name: String,
    text: String,
    cameras: Arc<DescribedCameras>,
    options: CameraOptions,
    _root: tempfile::TempDir,
}

fn case(path: &Path) -> Case {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let cameras = DescribedCameras::parse(&text).unwrap_or_else(|line| panic!("{name}: {line}"));
    let root = tempfile::tempdir().unwrap();
    let mut options = cameras.unfold(root.path()).unwrap();
    for line in text.lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("enrolled", identity) => options.enrolled.push(CameraIdentity::new(identity)),
            ("login", "") => options.only_enrolled = true,
            ("shipped_quirks", "") => {
                let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("quirks");
                options.quirk_dirs = vec![shipped];
            }
            ("color_format", format) => options.color_format = NamedFormat::parse(format).unwrap(),
            _ => {}
        }
    }
    Case {
        name,
        text,
        cameras: Arc::new(cameras),
        options,
        _root: root,
    }
}

impl Case {
    fn check(&self) -> usize {
        let lines = self
            .text
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        let mut checks = 0;
        for line in lines {
            match line[..] {
                ["lists", spectrum, id, ..] => self.lists(word(spectrum), id, &line[3..].join(" ")),
                ["opens", spectrum, "error", ..] => {
                    self.fails(word(spectrum), &line[3..].join(" "));
                }
                ["opens", spectrum, identity, size, ..] => {
                    self.opens(word(spectrum), identity, size, line.get(4).copied());
                }
                ["soonest", spectrum, identity, ..] => {
                    self.soonest(word(spectrum), identity, &line[3..].join(" "));
                }
                ["says", ..] => self.says(&line[1..].join(" ")),
                _ => continue,
            }
            checks += 1;
        }
        checks
    }

    fn lists(&self, spectrum: Spectrum, id: &str, format: &str) {
        let cameras = list_with(&self.options, &*self.cameras);
        let used: Vec<_> = cameras
            .iter()
            .filter(|camera| camera.used && camera.spectrum == Some(spectrum))
            .collect();
        assert_eq!(used.len(), 1, "{}: {cameras:#?}", self.name);
        assert!(used[0].identity.contains(id), "{}: {used:?}", self.name);
        assert!(used[0].reason.contains(format), "{}: {used:?}", self.name);
    }

    fn soonest(&self, spectrum: Spectrum, identity: &str, format: &str) {
        let cameras = list_with(&self.options, &*self.cameras);
        let mut named = cameras
            .iter()
            .filter(|camera| camera.identity.starts_with(identity));
        let camera = named
            .find(|camera| camera.spectrum == Some(spectrum))
            .unwrap();
        let stop = AtomicBool::new(false);
        let times = time_modes(&*self.cameras, &self.options, &camera.identity, &stop).unwrap();
        let soonest = times.iter().filter(|time| time.first_lit.is_some());
        let soonest = soonest.min_by_key(|time| time.first_lit).unwrap();
        assert_eq!(soonest.format, format, "{}: {times:?}", self.name);
    }

    fn says(&self, words: &str) {
        let cameras = list_with(&self.options, &*self.cameras);
        let told = cameras.iter().any(|camera| camera.reason.contains(words));
        assert!(told, "{}: {words:?} in {cameras:#?}", self.name);
    }

    fn opens(&self, spectrum: Spectrum, identity: &str, size: &str, which: Option<&str>) {
        let (lit, later) = (which == Some("lit"), which == Some("later"));
        let seen = Cell::new(0);
        let taker = Taker::new(move |frame| {
            seen.set(seen.get() + 1);
            (!lit || exposure::judge(frame).lit()) && (!later || seen.get() == 10)
        });
        let ended = self.stream(spectrum, &taker);
        assert_eq!(ended, Ok(()), "{}", self.name);
        let (name, by) = taker.opened.into_inner().unwrap();
        assert!(name.as_str().starts_with(identity), "{}: {name}", self.name);
        assert_eq!(by, spectrum);
        let frame = taker.taken.into_inner();
        let frame = frame.unwrap_or_else(|| panic!("{}: no frame", self.name));
        let got = format!("{}x{}", frame.width(), frame.height());
        assert_eq!(got, size, "{}", self.name);
        let told = taker.assumed.into_inner();
        let expected = self.text.lines();
        let expected =
            expected.filter_map(|line| line.strip_prefix(&format!("assumes {} ", spectrum.word())));
        let expected: Vec<&str> = expected.collect();
        let matches = told
            .iter()
            .zip(&expected)
            .all(|(told, words)| told.contains(words));
        assert!(
            matches && told.len() == expected.len(),
            "{}: {told:?}",
            self.name
        );
    }

    fn fails(&self, spectrum: Spectrum, words: &str) {
        // It may start, and the error come with the frames.
        let error = self.stream(spectrum, &Taker::new(|_| false)).unwrap_err();
        let told = format!("{error:?} {error}");
        assert!(told.contains(words), "{}: {told}", self.name);
    }

    fn stream(&self, spectrum: Spectrum, taker: &Taker) -> Result<(), CameraError> {
        stream_from(
            &*self.cameras,
            &self.options,
            spectrum,
            taker.deadline,
            taker,
        )
    }
}

/// Takes one frame, within twenty seconds.
struct Taker {
    wanted: Box<dyn Fn(&Frame) -> bool>,
    deadline: Instant,
    opened: RefCell<Option<(CameraIdentity, Spectrum)>>,
    assumed: RefCell<Vec<String>>,
    taken: RefCell<Option<Frame>>,
}

impl Taker {
    fn new(wanted: impl Fn(&Frame) -> bool + 'static) -> Self {
        Self {
            wanted: Box::new(wanted),
            deadline: Instant::now() + Duration::from_secs(20),
            opened: RefCell::default(),
            assumed: RefCell::default(),
            taken: RefCell::default(),
        }
    }
}

impl Sink for Taker {
    fn opened(&self, identity: &CameraIdentity, spectrum: Spectrum) {
        let before = self.opened.replace(Some((identity.clone(), spectrum)));
        assert_eq!(before, None, "opened twice");
    }

    fn assumed(&self, what: &str) {
        self.assumed.borrow_mut().push(what.to_owned());
    }

    fn deliver(&self, frame: Frame) {
        assert!(self.opened.borrow().is_some(), "a frame before it is open");
        if (self.wanted)(&frame) {
            self.taken.replace(Some(frame));
        }
    }

    fn is_closed(&self) -> bool {
        self.taken.borrow().is_some() || Instant::now() >= self.deadline
    }
}

fn word(word: &str) -> Spectrum {
    match word {
        "color" => Spectrum::Color,
        "infrared" => Spectrum::Infrared,
        _ => panic!("{word}"),
    }
}

#[test]
fn each_described_camera_is_chosen_opened_and_spoken_of_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cameras");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 25, "{} descriptions", paths.len());
    let mut failed = Vec::new();
    for path in &paths {
        let checked = std::panic::catch_unwind(|| case(path).check());
        match checked {
            Ok(checks) => assert!(checks > 0, "{path:?} expects nothing"),
            Err(_) => failed.push(path.file_stem().unwrap()),
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn a_report_is_a_description_and_names_no_serial_number() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cameras");
    for name in [
        "laptop",
        "same-serial",
        "ipu6",
        "multi-planar-first",
        "interval-256-7680",
        "shutter-told",
    ] {
        let original = case(&folder.join(format!("{name}.txt")));
        let text = report_with(&original.options, &*original.cameras);
        for serial in ["SN0001", "200901010001", "EXT1"] {
            assert!(!text.contains(serial), "{text}");
        }
        let again = DescribedCameras::parse(&text).unwrap();
        let root = tempfile::tempdir().unwrap();
        let options = again.unfold(root.path()).unwrap();
        let told = |options: &CameraOptions, cameras: &DescribedCameras| {
            let cameras = list_with(options, cameras);
            let told = cameras.into_iter();
            told.map(|c| (c.spectrum, c.used, c.reason, c.formats))
                .collect::<Vec<_>>()
        };
        let original_options = CameraOptions {
            enrolled: Vec::new(),
            only_enrolled: false,
            ..original.options.clone()
        };
        assert_eq!(
            told(&options, &again),
            told(&original_options, &original.cameras),
            "{text}"
        );
    }
}

#[test]
fn a_line_that_makes_no_sense_is_named() {
    let wrong = DescribedCameras::parse("Webcam (usb-0000:00:14.0-1):\n    stream backwards");
    assert_eq!(wrong.unwrap_err(), "line 2:     stream backwards");
}
