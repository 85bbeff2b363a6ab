//! The quirk files: those we ship, and those somebody got wrong.
#![allow(clippy::unwrap_used, clippy::panic)]

use facelock::camera::Rotation;
use facelock::camera::quirks::{Declared, Quirks};

fn parse(text: &str) -> Result<Quirks, String> {
    let mut quirks = Quirks::default();
    quirks.add(text).map(|()| quirks)
}

#[test]
fn every_shipped_entry_loads_and_names_its_source() {
    let quirks =
        Quirks::load(&[std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("quirks")]).unwrap();
    assert!(quirks.iter().count() > 0);
    for quirk in quirks.iter() {
        assert!(quirk.source.starts_with("https://"), "{quirk:?}");
    }
}

#[test]
fn a_written_entry_reads_as_it_was() {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("quirks");
    let mut quirks = Quirks::load(&[shipped]).unwrap();
    let all = r#"
        [[camera]]
        usb = "046d:085e"
        interface = 2
        spectrum = "infrared"
        bits = 10
        rotation = 270
        format = "Y8 640x480"
        source = "a \"person\"\\"
        emitter = { unit = 14, selector = 6, on = [1, 3, 2], off = [1, 3, 1] }
    "#;
    quirks.add(all).unwrap();
    for quirk in quirks.iter() {
        let again = parse(&quirk.text()).unwrap();
        assert_eq!(again.iter().collect::<Vec<_>>(), [quirk]);
    }
}

#[test]
fn an_entry_says_all_it_can() {
    let text = r#"
        [[camera]]
        usb = "046d:085e"
        interface = 2
        spectrum = "infrared"
        bits = 10
        rotation = 180
        source = "a person"
        emitter = { unit = 14, selector = 6, on = [1, 3, 2], off = [1, 3, 1] }
    "#;
    let quirks = parse(text).unwrap();
    let quirk = quirks.find(0x046d, 0x085e, Some(2)).unwrap();
    assert_eq!(quirk.spectrum, Some(Declared::Infrared));
    assert_eq!((quirk.bits, quirk.rotation), (Some(10), Rotation::Half));
    assert_eq!(quirk.emitter.as_ref().unwrap().off, [1, 3, 1]);
    assert!(
        quirks.find(0x046d, 0x085e, Some(0)).is_none(),
        "the entry is for one interface"
    );
}

#[test]
fn the_later_entry_wins_and_the_closer_one_goes_first() {
    let entry = |interface: &str, bits| {
        format!("[[camera]]\nusb = \"1234:abcd\"\n{interface}\nbits = {bits}\nsource = \"x\"\n")
    };
    let mut quirks = parse(&[entry("", 10), entry("interface = 2", 12)].concat()).unwrap();
    let bits = |quirks: &Quirks, interface| {
        quirks
            .find(0x1234, 0xabcd, interface)
            .and_then(|quirk| quirk.bits)
    };
    assert_eq!(
        (bits(&quirks, Some(0)), bits(&quirks, Some(2))),
        (Some(10), Some(12))
    );
    quirks.add(&entry("", 14)).unwrap();
    assert_eq!(
        (bits(&quirks, Some(0)), bits(&quirks, Some(2))),
        (Some(14), Some(12))
    );
    assert_eq!(quirks.iter().count(), 2);
}

#[test]
fn what_breaks_the_format_is_refused() {
    let entry = |rest: &str| {
        parse(&format!(
            "[[camera]]\nusb = \"1234:abcd\"\nsource = \"x\"\n{rest}\n"
        ))
    };
    assert!(entry("").is_ok());
    let emitter = |on: &str, off: &str| {
        entry(&format!(
            "emitter = {{ unit = 1, selector = 2, on = {on}, off = {off} }}"
        ))
    };
    assert!(emitter("[1, 2]", "[0, 0]").is_ok());
    let long = format!("{:?}", vec![0; 65]);
    let refused = [
        entry("typo = 1"),
        entry("bits = 17"),
        entry("rotation = 45"),
        entry("spectrum = \"ir\""),
        entry("interface = 300"),
        emitter("[1, 2]", "[0]"),
        emitter("[]", "[]"),
        emitter("[256]", "[0]"),
        emitter(&long, &long),
        parse("[[camera]]\nusb = \"1234:abcd\"\n"),
        parse("[[camera]]\nusb = \"1234:abcd\"\nsource = \" \"\n"),
        parse("[[camera]]\nusb = \"12345:abc\"\nsource = \"x\"\n"),
        parse("[[camera]]\nusb = \"+123:abcd\"\nsource = \"x\"\n"),
        parse("[camera]\nusb = \"1234:abcd\"\n"),
        parse("\u{0}"),
    ];
    for (index, refused) in refused.iter().enumerate() {
        assert!(refused.is_err(), "case {index}: {refused:?}");
    }
}

#[test]
fn a_folder_that_is_missing_holds_none_and_a_huge_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    assert_eq!(
        Quirks::load(&[missing, dir.path().to_owned()]).unwrap(),
        Quirks::default()
    );
    std::fs::write(dir.path().join("huge.toml"), "#".repeat(300 * 1024)).unwrap();
    assert!(Quirks::load(&[dir.path().to_owned()]).is_err());
}
