//! The bytes of docs/protocol.md, and everything that is not exactly a message.
#![allow(clippy::unwrap_used, clippy::panic)]

use facelock_protocol::{
    Consent, Event, Evidence, FrameError, Hint, Label, Message, Named, Place, REQUEST_CAP, Reply,
    Request, ServiceName, SessionId, Subject, Tty, UserName, Verdict, decode, encode, read_message,
};

fn request() -> Request {
    Request::Verify {
        subject: Subject {
            uid: 1000,
            name: UserName::new("alice").unwrap(),
        },
        service: ServiceName::new("sudo").unwrap(),
        consent: Some(Consent::Auto),
        evidence: Evidence {
            remote_user: Some(Named::Uid(1000)),
            tty: Some(Tty::new("pts/0").unwrap()),
            place: Place::Session(SessionId::new("2").unwrap()),
            ..Evidence::of_process(0)
        },
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The hexadecimal digits in front of each line of the documentation's two examples.
fn documented() -> Vec<Vec<u8>> {
    let text = include_str!("../../../docs/protocol.md");
    let blocks = text.split("```").skip(1).step_by(2).skip(1);
    blocks
        .map(|block| {
            let digits = |line: &str| line.split("  ").next().unwrap_or_default().to_owned();
            hex(&block.lines().map(digits).collect::<String>())
        })
        .collect()
}

#[test]
fn the_documented_bytes_are_the_bytes() {
    let documented = documented();
    assert_eq!(encode(&request()).unwrap(), documented[0]);
    assert_eq!(
        encode(&Message::Reply(Reply::Verdict(Verdict::Match))).unwrap(),
        documented[1]
    );
}

#[test]
fn what_is_written_is_read() {
    let frame = encode(&request()).unwrap();
    assert_eq!(
        read_message::<Request>(&mut frame.as_slice(), REQUEST_CAP).unwrap(),
        request()
    );
    let event = Message::Event(Event::Hint(Hint::TooDark));
    assert_eq!(
        decode::<Message>(&encode(&event).unwrap()[4..]).unwrap(),
        event
    );
}

#[test]
fn what_is_no_whole_frame_is_no_message() {
    let good = encode(&request()).unwrap();
    let read = |bytes: &[u8]| read_message::<Request>(&mut &*bytes, REQUEST_CAP);
    assert!(
        matches!(read(b""), Err(FrameError::Closed)),
        "nothing at all"
    );
    for n in 1..good.len() {
        assert!(
            matches!(read(&good[..n]), Err(FrameError::Truncated)),
            "cut to {n}"
        );
    }
    assert!(
        matches!(read(&hex("00000000")), Err(FrameError::Truncated)),
        "empty"
    );
    assert!(
        matches!(read(&hex("ffffffff01")), Err(FrameError::Oversize { .. })),
        "huge length"
    );
    assert!(
        matches!(
            read(&hex("01100000 01")),
            Err(FrameError::Oversize { length: 4097, .. })
        ),
        "one over the cap"
    );
}

#[test]
fn a_whole_frame_of_something_else_is_no_message() {
    let good = encode(&request()).unwrap();
    let read = |bytes: &[u8]| read_message::<Request>(&mut &*bytes, REQUEST_CAP);
    let mut versions = good.clone();
    versions[4] = 1;
    assert!(
        matches!(read(&versions), Err(FrameError::Version(1))),
        "another version"
    );
    let mut trailing = good.clone();
    trailing[0] += 1;
    trailing.push(0);
    assert!(
        matches!(read(&trailing), Err(FrameError::Trailing)),
        "bytes left over"
    );
    assert!(
        matches!(read(&hex("02000000 02 7f")), Err(FrameError::Malformed)),
        "unknown variant"
    );
    assert!(
        matches!(
            read(&hex("08000000 02 00 00 03 612f62 00")),
            Err(FrameError::Malformed)
        ),
        "a name with a slash"
    );
    // A string that claims 2 GiB: the claim is checked against what is there.
    assert!(
        read(&hex("08000000 02 00 00 ffffffff07")).is_err(),
        "a string longer than the frame"
    );
}

#[test]
fn one_flipped_bit_never_makes_a_match_of_another_verdict() {
    for verdict in [Verdict::NonMatch, Verdict::AttackSuspected] {
        let frame = encode(&Message::Reply(Reply::Verdict(verdict))).unwrap();
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = read_message::<Message>(&mut flipped.as_slice(), REQUEST_CAP);
            assert!(
                !matches!(read, Ok(Message::Reply(Reply::Verdict(Verdict::Match)))),
                "bit {bit}"
            );
        }
    }
}

#[test]
fn names_are_bounded_and_of_known_letters() {
    assert!(UserName::new("").is_err());
    assert!(UserName::new("a".repeat(257)).is_err());
    assert!(
        ["a/b", "a:b", "a\u{a0}b", "a\tb", "a\n"]
            .iter()
            .all(|name| UserName::new(*name).is_err())
    );
    assert!(UserName::new("müller").is_ok());
    assert!(UserName::new("DOM\\first last").is_ok());
    assert!(ServiceName::new("../x").is_err());
    assert!(ServiceName::new("gdm-password").is_ok());
    assert!(Label::new("with glasses").is_ok());
    assert!(Label::new("\u{1b}[2J").is_err());
}
