//! Quirk files: a text is refused, or each of its entries is sound and found again, and reading it
//! twice changes nothing.
#![no_main]

use facelock::camera::quirks::{PAYLOAD_MAX, Quirks};
use facelock_fuzz::bounded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut quirks = Quirks::default();
    if bounded(512 * text.len() + 64 * 1024, || quirks.add(text)).is_err() {
        return;
    }
    for quirk in quirks.iter() {
        assert!(quirk.bits.is_none_or(|bits| (8..=16).contains(&bits)));
        assert!(!quirk.source.trim().is_empty());
        if let Some(emitter) = &quirk.emitter {
            assert!(
                (1..=PAYLOAD_MAX).contains(&emitter.on.len())
                    && emitter.on.len() == emitter.off.len()
            );
        }
        assert_eq!(
            quirks.find(quirk.vendor, quirk.product, quirk.interface),
            Some(quirk)
        );
        let sibling = quirks.find(quirk.vendor, quirk.product, Some(0xfe));
        assert!(
            sibling.is_none_or(|found| found.interface.is_none_or(|interface| interface == 0xfe))
        );
    }
    let once = quirks.clone();
    quirks.add(text).expect("what was read once");
    assert_eq!(quirks.iter().count(), once.iter().count());
    assert!(
        once.iter()
            .all(|quirk| quirks.iter().any(|other| other == quirk))
    );
});
