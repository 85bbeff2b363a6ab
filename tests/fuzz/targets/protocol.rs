//! The front door: frames, requests and replies. Whatever is read is read the same however it
//! trickles in, is bounded, is written again as a message that means the same, and asks for nothing
//! that the table does not list.
#![no_main]

use std::io::Read;

use facelock::decision::access::permits;
use facelock::types::Peer;
use facelock_fuzz::bounded;
use facelock_protocol::{
    FrameError, MESSAGE_CAP, Message, REQUEST_CAP, Reply, Request, Subject, Verdict, decode,
    encode, read_message, words,
};
use libfuzzer_sys::fuzz_target;

/// Gives at most `pace` bytes at a time.
struct Trickle<'a> {
    bytes: &'a [u8],
    pace: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.pace.min(buffer.len());
        self.bytes.read(&mut buffer[..n])
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((pace, bytes)) = data.split_first() else {
        return;
    };
    // A frame, and what it becomes: a claim of more is not believed.
    let request: Result<Request, FrameError> = bounded(REQUEST_CAP + 16 * 1024, || {
        read_message(&mut &*bytes, REQUEST_CAP)
    });
    let slowly: Result<Request, FrameError> = read_message(
        &mut Trickle {
            bytes,
            pace: usize::from(*pace).max(1),
        },
        REQUEST_CAP,
    );
    assert_eq!(format!("{request:?}"), format!("{slowly:?}"));
    if let Ok(request) = &request {
        let frame = encode(request).expect("what fitted once");
        assert!(frame.len() - 4 <= REQUEST_CAP && frame.len() <= bytes.len());
        assert_eq!(
            decode::<Request>(&frame[4..]).expect("what was written"),
            *request
        );
        strangers_may_ask_nothing(request);
    }
    let message: Result<Message, FrameError> =
        bounded(MESSAGE_CAP + 512 * bytes.len() + 16 * 1024, || {
            read_message(&mut &*bytes, MESSAGE_CAP)
        });
    if let Ok(message) = &message {
        // By bytes: a measurement may be no number.
        let frame = encode(message).expect("what fitted once");
        let again: Message = decode(&frame[4..]).expect("what was written");
        assert_eq!(encode(&again).expect("what was written"), frame);
        match message {
            Message::Reply(Reply::Verdict(Verdict::Match)) => {
                let only = [0x02, 0x01, 0x00, 0xd3, 0xce, 0xf2, 0xe8, 0x06];
                assert_eq!(&frame[4..], only, "one frame means match");
            }
            Message::Reply(Reply::Unavailable(reason)) => {
                assert!(!words::unavailable(*reason).is_empty())
            }
            Message::Event(facelock_protocol::Event::Hint(hint)) => {
                assert!(!words::hint(*hint).is_empty())
            }
            Message::Event(_) | Message::Reply(_) => {}
        }
    }
});

fn strangers_may_ask_nothing(request: &Request) {
    let subject: Option<&Subject> = match request {
        Request::Verify { subject, .. }
        | Request::List { subject }
        | Request::Status { subject }
        | Request::KeyringStatus { subject } => Some(subject),
        _ => None,
    };
    for uid in [1, 1000, 65534, u32::MAX] {
        if permits(Peer { uid, pid: 1 }, request) {
            assert_eq!(subject.map(|subject| subject.uid), Some(uid));
        }
    }
}
