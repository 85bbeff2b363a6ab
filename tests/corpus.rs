//! The fuzz targets' seeds: each file is a valid value, made here and named by what is particular
//! about it, so that none of them rots. `FACELOCK_WRITE_CORPUS=1 cargo test --test corpus` writes
//! them.
#![allow(clippy::unwrap_used)]

#[path = "corpus/messages.rs"]
mod messages;
mod support;

use std::path::PathBuf;

use facelock::camera::decode::{Encoding, Layout, to_bgr};
use facelock::decision::lockout::{Moment, TallyState};
use facelock::face::align::REFERENCE;
use facelock::models::ir_to_onnx;
use facelock::store::{Enrollment, Margin, StoredTemplate};
use facelock::vault::Blob;
use facelock_protocol::{
    CameraReport, Consent, Denied, EnrolledReport, EnrollmentState, Event, Evidence, Gate, Hint,
    Label, Measurement, Message, ModeTime, Named, Password, PasswordReport, Place, Pose,
    PreviewFrame, Progress, Reply, Request, Requester, Secret, ServiceName, ServiceReport,
    SessionId, Spectrum, StatusReport, Subject, TallyReport, TemplateReport, Tty, Unavailable,
    UsbReport, UserName, Verdict, encode,
};

type Seed = (&'static str, &'static str, Vec<u8>);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus")
}

fn enrollments() -> Vec<Seed> {
    let template = |id, quality, spectrum| StoredTemplate {
        id,
        label: "glasses".into(),
        created: 1_700_000_000,
        camera: "usb:1/color".into(),
        spectrum,
        quality,
        sealed: vec![8; 40],
        margin: None,
    };
    let with = |templates| Enrollment {
        uid: 1000,
        user: "alice".into(),
        model: [3; 32],
        protector: 1,
        sealed_key: vec![4; 60],
        recovery: vec![5; 88],
        templates,
        integrity: vec![6; 40],
    };
    let all = [
        ("no-templates", vec![]),
        (
            "two-spectra",
            vec![
                template(1, 0.7, Spectrum::Color),
                template(2, 0.6, Spectrum::Infrared),
            ],
        ),
        (
            "quality-not-a-number-and-last-id",
            vec![template(u32::MAX, f32::NAN, Spectrum::Color)],
        ),
        (
            "margins-of-one-of-two",
            vec![
                template(1, 0.7, Spectrum::Color),
                StoredTemplate {
                    margin: Some(Margin {
                        networks: [0; 32],
                        reading: -1.5,
                    }),
                    ..template(2, 0.7, Spectrum::Color)
                },
            ],
        ),
        (
            "margins-of-networks",
            vec![StoredTemplate {
                margin: Some(Margin {
                    networks: [9; 32],
                    reading: 7.5,
                }),
                ..template(1, 0.7, Spectrum::Color)
            }],
        ),
        (
            "most-templates",
            (1..=16)
                .map(|id| template(id, 1.0, Spectrum::Color))
                .collect(),
        ),
    ];
    all.into_iter()
        .map(|(name, templates)| ("enrollment", name, with(templates).encode().unwrap()))
        .collect()
}

fn tallies() -> Vec<Seed> {
    let mut state = TallyState::default();
    state.password(&Moment {
        boot: [0; 16],
        seconds: 5,
        awake: 5,
        wall: 5,
    });
    (0..4).for_each(|n| {
        state.charge(&Moment {
            boot: [0; 16],
            seconds: 10 + n,
            awake: 10 + n,
            wall: 10 + n,
        })
    });
    let stored = state.encode().unwrap();
    // Rules, then steps: charge, nothing seen, miss, match, password, unlock; across a boot and a
    // clock that jumps.
    let steps = [
        4, 30, 0, 0, 0, 9, 0, 1, 10, 0, 2, 11, 0, 0, 32, 3, 0, 33, 4, 0, 3, 5, 0, 4, 6, 0, 5, 7, 0,
        0x80,
    ];
    let two_boots = [vec![stored.len() as u8], stored, steps.to_vec()].concat();
    vec![
        ("tally", "stored-misses-and-two-boots", two_boots),
        ("tally", "new-user", [vec![0], steps.to_vec()].concat()),
    ]
}

fn pictures() -> Vec<Seed> {
    let picture = |format: &[u8], (width, height, stride): (u16, u16, u16), bytes: usize| {
        let head = [
            format,
            &width.to_le_bytes(),
            &height.to_le_bytes(),
            &stride.to_le_bytes(),
        ]
        .concat();
        [head, (0..bytes).map(|n| (n * 37) as u8).collect()].concat()
    };
    vec![
        ("convert", "yuyv-odd-width", picture(&[0], (7, 4, 0), 64)),
        ("convert", "yuyv-padded-rows", picture(&[0], (6, 3, 20), 52)),
        ("convert", "nv12-odd-both", picture(&[1], (5, 3, 0), 30)),
        ("convert", "nv12-padded-rows", picture(&[1], (6, 4, 10), 56)),
        (
            "convert",
            "grey-one-byte-short",
            picture(&[3], (8, 8, 0), 63),
        ),
        ("convert", "grey-ten-bits", picture(&[4, 10], (6, 6, 0), 72)),
        (
            "convert",
            "grey-bits-out-of-range",
            picture(&[4, 255], (3, 3, 9), 24),
        ),
        (
            "convert",
            "largest-side-and-no-bytes",
            picture(&[0x80], (4096, 4096, 0), 0),
        ),
    ]
}

fn others() -> Vec<Seed> {
    let onnx = folder().join("openvino/every-operation");
    let network = std::fs::read(onnx).unwrap();
    let end = network.iter().position(|byte| *byte == 0).unwrap();
    let (xml, weights) = (
        std::str::from_utf8(&network[..end]).unwrap(),
        &network[end + 1..],
    );
    let coordinates = [10.0, 8.0, 90.0, 110.0]
        .into_iter()
        .chain(REFERENCE.iter().flat_map(|p| [p.x, p.y]))
        .chain([0.9]);
    let face: Vec<u8> = coordinates
        .flat_map(|value| ((value * 64.0) as i16).to_le_bytes())
        .collect();
    let nowhere: Vec<u8> = [f32::NAN, f32::INFINITY]
        .iter()
        .cycle()
        .take(15)
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let light: Vec<u8> = (0..=255).collect();
    let frame = |kinds: u8, face: &[u8]| [&[kinds, 127, 127], face, &light].concat();
    vec![
        ("onnx", "block-quantised", support::onnx::Network::default().file()),
        ("onnx", "every-operation", ir_to_onnx(xml, weights, "x", "y").unwrap()),
        ("pam_args", "every-argument", b"mode=ask\ntimeout=3\ndebug\nrecord\nsocket=/run/x\nnullok".to_vec()),
        ("pam_args", "every-mode-and-a-wrong-one", b"mode=auto\nmode=confirm\nmode=always".to_vec()),
        ("face", "frontal-grey-infrared-strobing", frame(0b1100, &face)),
        ("face", "frontal-colour", frame(0b1_0001, &face)),
        ("face", "not-a-number-anywhere", frame(0b0110, &nowhere)),
        (
            "quirks",
            "device-and-interface",
            b"[[camera]]\nusb = \"04f2:b6d9\"\nspectrum = \"infrared\"\nbits = 10\nrotation = 90\n\
          source = \"x\"\nemitter = { unit = 14, selector = 6, on = [1, 3], off = [0, 0] }\n\
          [[camera]]\nusb = \"04f2:b6d9\"\ninterface = 2\nspectrum = \"unused\"\nsource = \"y\"\n"
                .to_vec(),
        ),
        (
            "config",
            "services",
            b"[services]\nsudo = \"ask\"\ngreeter = \"auto\"\n[match]\nframes = 5".to_vec(),
        ),
        (
            "manifest",
            "threshold-not-a-number",
            b"[[model]]\nname = \"a\"\nrole = \"embedder\"\nfile = \"a.onnx\"\nsha256 = \
          \"0000000000000000000000000000000000000000000000000000000000000000\"\nlicence = \"\"\nlicence_url = \"\"\n\
          conversion = \"none\"\nsources = []\ninput = \"\"\ntraining_data = \"\"\noptional = false\n\
          threshold = { color = nan, gray = 0.5, evidence = \"\" }\n"
                .to_vec(),
        ),
    ]
}

#[test]
fn each_seed_is_what_its_name_says() {
    let seeds = [
        messages::requests(),
        messages::messages(),
        enrollments(),
        tallies(),
        pictures(),
        others(),
    ]
    .concat();
    for (target, name, bytes) in seeds {
        let path = folder().join(target).join(name);
        if std::env::var_os("FACELOCK_WRITE_CORPUS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).ok(), Some(bytes), "{}", path.display());
    }
}

/// A JPEG encoder, a TPM and a person made these; they are kept.
#[test]
fn seeds_made_elsewhere_are_read() {
    for name in [
        "jpeg-colour",
        "jpeg-grey",
        "jpeg-without-tables",
        "jpeg-progressive",
    ] {
        let bytes = std::fs::read(folder().join("convert").join(name)).unwrap();
        let frame = to_bgr(&bytes[7..], Encoding::Mjpeg, Layout::packed(16, 16));
        assert_eq!(
            frame.map(|frame| frame.pixels().len()),
            Ok(16 * 16 * 3),
            "{name}"
        );
    }
    let blob = Blob::decode(&std::fs::read(folder().join("vault/blob-of-a-tpm")).unwrap()).unwrap();
    assert!(blob.object().is_some());
    let text = std::fs::read_to_string(folder().join("vault/recovery-key")).unwrap();
    assert!(facelock::vault::recovery::RecoveryKey::parse(&text).is_some());
}

#[test]
fn each_target_has_seeds_and_all_of_them_are_small() {
    let mut total = 0;
    for target in std::fs::read_dir(folder().join("../targets")).unwrap() {
        let seeds =
            std::fs::read_dir(folder().join(target.unwrap().path().file_stem().unwrap())).unwrap();
        let sizes: Vec<u64> = seeds
            .map(|seed| seed.unwrap().metadata().unwrap().len())
            .collect();
        assert!(!sizes.is_empty());
        total += sizes.iter().sum::<u64>();
    }
    assert!(total < 100_000, "{total} bytes");
}
