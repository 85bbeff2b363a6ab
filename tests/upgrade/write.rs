//! Makes the fixtures, as the version that is named would have.

use std::path::Path;

use facelock::decision::lockout::{AttemptEnd, Moment, TallyState};
use facelock::store::{Enrollment, Margin, StoredTemplate};
use facelock::types::{Digest, Spectrum};
use facelock::vault::cipher::{self, Binding};
use facelock::vault::{
    FileProtector, KeyProtector, ProtectorKind, TemplateKey, TpmProtector, recovery,
};

use crate::instance::alice;
use crate::swtpm::Swtpm;
use crate::{KEY, NAMES, binding, embedding, fixture};

pub fn state(folder: &Path, margin: Option<Margin>) {
    for name in NAMES {
        std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    }
    let key = TemplateKey::from_bytes(&KEY).unwrap();
    let mut protector = FileProtector::open(&folder.join("file.key")).unwrap();
    let recovery_key = recovery::RecoveryKey::generate().unwrap();
    let template = |(id, label, spectrum): (u32, &str, Spectrum)| StoredTemplate {
        id,
        label: label.into(),
        created: 1_780_000_000,
        camera: "usb:5986:118c:0001:pci-0000:00:14.0-usb-0:8/color".into(),
        spectrum,
        quality: 0.75,
        sealed: Vec::new(),
        margin,
    };
    let templates = [
        (1, "face", Spectrum::Color),
        (2, "face", Spectrum::Color),
        (7, "with glasses", Spectrum::Infrared),
    ];
    let mut enrollment = Enrollment {
        uid: alice().uid,
        user: "alice".into(),
        model: [3; 32],
        protector: ProtectorKind::File as u8,
        sealed_key: protector.seal(&key).unwrap().bytes,
        recovery: Vec::new(),
        templates: templates.map(template).to_vec(),
        integrity: Vec::new(),
    };
    let aad = Binding {
        model: Digest([0; 32]),
        protector: ProtectorKind::Tpm,
        ..binding(&enrollment, "recovery", b"")
    };
    enrollment.recovery = recovery::wrap(&recovery_key, &key, &aad).unwrap();
    for n in 0..enrollment.templates.len() {
        let template = &enrollment.templates[n];
        let aad = Binding {
            template: template.id,
            camera: &template.camera,
            ..binding(&enrollment, "template", b"")
        };
        let sealed = cipher::seal(&KEY, &aad, &embedding(template.id)).unwrap();
        enrollment.templates[n].sealed = sealed;
    }
    let header = enrollment.header().unwrap();
    let aad = binding(&enrollment, "header", &header);
    enrollment.integrity = cipher::seal(&KEY, &aad, b"").unwrap();
    std::fs::write(folder.join(NAMES[0]), enrollment.encode().unwrap()).unwrap();
    let mut tally = TallyState::default();
    for n in 0..2 {
        let now = Moment {
            boot: [1; 16],
            seconds: 100 + n,
            awake: 100 + n,
            wall: 1_780_000_000 + n,
        };
        tally.charge(&now);
        tally.settle(tally.generation, AttemptEnd::Missed, &now);
    }
    std::fs::write(folder.join(NAMES[1]), tally.encode().unwrap()).unwrap();
    let text = recovery_key.text();
    std::fs::write(folder.join("recovery-key"), text.as_bytes()).unwrap();
}

pub fn password(folder: &Path) {
    let enrollment = std::fs::read(fixture("state-1").join(NAMES[0])).unwrap();
    let enrollment = Enrollment::decode(&enrollment).unwrap();
    let text = b"kept by version one";
    let mut plain = vec![0; 2 + 511];
    plain[0] = text.len() as u8;
    plain[2..2 + text.len()].copy_from_slice(text);
    let aad = Binding {
        model: Digest([0; 32]),
        ..binding(&enrollment, "keyring", b"")
    };
    let sealed = cipher::seal(&KEY, &aad, &plain).unwrap();
    std::fs::create_dir_all(folder).unwrap();
    let bytes = [b"FLKR\x01".as_slice(), &sealed].concat();
    std::fs::write(folder.join("4242"), bytes).unwrap();
}

pub fn tpm(folder: &Path) {
    let mut tpm = Swtpm::start();
    let key = TemplateKey::from_bytes(&KEY).unwrap();
    let sealed = TpmProtector::open(&tpm.tcti(), &[7])
        .unwrap()
        .seal(&key)
        .unwrap();
    tpm.stop();
    std::fs::create_dir_all(folder.join("state")).unwrap();
    tpm.copy_state(&folder.join("state"));
    std::fs::write(folder.join("sealed-key"), sealed.bytes).unwrap();
}
