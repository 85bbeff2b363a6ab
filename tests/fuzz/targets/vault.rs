//! The vault's readers: a TPM's sealed blob, a typed recovery key, a kept password's file, and
//! sealed bytes, which open only as they were sealed.
#![no_main]

use facelock::store::secret;
use facelock::types::Digest;
use facelock::vault::cipher::{Binding, open, seal};
use facelock::vault::recovery::RecoveryKey;
use facelock::vault::{Blob, ProtectorKind, SealedKey};
use facelock_fuzz::{Front, bounded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(blob) = bounded(4 * data.len() + 4096, || Blob::decode(data)) {
        assert!(data.len() <= SealedKey::MAX);
        assert_eq!(blob.encode(), data);
        let _ = blob.object();
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(key) = RecoveryKey::parse(text)
    {
        let written = key.text();
        assert_eq!(
            RecoveryKey::parse(&written)
                .expect("what was written")
                .text(),
            written
        );
        let digits = |text: &str| {
            text.chars()
                .filter(|c| !matches!(c, ' ' | '-' | '\t'))
                .count()
        };
        assert_eq!(digits(text), digits(&written));
    }
    if let Ok(sealed) = secret::decode(data) {
        assert_eq!(secret::encode(sealed), data);
    }
    let mut front = Front(data);
    let (at, flip) = (front.half(), front.byte());
    let aad = Binding {
        purpose: "template",
        format_version: 1,
        uid: 1000,
        user: "alice",
        template: 1,
        model: Digest([1; 32]),
        camera: "usb:1/color",
        protector: ProtectorKind::Tpm,
        rest: b"",
    };
    let key = [7; 32];
    assert!(
        open(&key, &aad, front.0).is_err(),
        "bytes that nobody sealed"
    );
    let mut sealed = seal(&key, &aad, front.0).expect("random numbers");
    assert_eq!(
        open(&key, &aad, &sealed)
            .expect("what was sealed")
            .as_slice(),
        front.0
    );
    let at = usize::from(at) % sealed.len();
    sealed[at] ^= flip;
    assert_eq!(open(&key, &aad, &sealed).is_ok(), flip == 0);
});
