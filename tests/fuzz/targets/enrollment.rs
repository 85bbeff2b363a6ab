//! The template file: bytes that are an enrollment are one enrollment, bounded, and written again
//! as what they were.
#![no_main]

use facelock::store::Enrollment;
use facelock::store::MAX_TEMPLATES;
use facelock_fuzz::bounded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // A claim of as many templates as there are bytes left is believed, and each takes 96 bytes.
    let Ok(enrollment) = bounded(128 * data.len() + 4096, || Enrollment::decode(data)) else {
        return;
    };
    assert!(enrollment.templates.len() <= MAX_TEMPLATES);
    // By bytes: a quality may be no number.
    let bytes = enrollment.encode().expect("what fitted once");
    assert!(bytes.len() <= data.len());
    let again = Enrollment::decode(&bytes).expect("what was written");
    assert_eq!(again.encode().expect("what was written"), bytes);
    assert!(Enrollment::decode(&bytes[..bytes.len() - 1]).is_err());
    assert!(Enrollment::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
    // The header holds everything but what seals itself, and no template can lend it another id.
    let header = enrollment.header().expect("less than the whole");
    let mut other = again;
    other.integrity.push(1);
    other.sealed_key.clear();
    assert_eq!(other.header().expect("less than the whole"), header);
    let next = enrollment.next_id();
    assert!(
        next == u32::MAX
            || enrollment
                .templates
                .iter()
                .all(|template| template.id < next)
    );
    other.uid ^= 1;
    assert_ne!(other.header().expect("less than the whole"), header);
});
