//! The client against the fake instance, and against servers that are none.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../examples/fake-instance.rs"]
#[allow(dead_code)]
mod fake;

use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use facelock_protocol::client::{Client, ClientError, Heard, Patience, Plain};
use facelock_protocol::{
    Event, FrameError, Hint, Message, Reply, Request, Subject, Unavailable, UserName, Verdict,
    write_message,
};

const PATIENCE: Patience = Patience::EachMessage(Duration::from_secs(5));

fn request() -> Request {
    Request::Test {
        subject: Subject {
            uid: 1000,
            name: UserName::new("alice").unwrap(),
        },
    }
}

/// What a client hears of a server that plays `steps` on its first connection.
fn asked(steps: &[&str]) -> (Result<Reply, ClientError>, Vec<Event>) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let steps = fake::parse(steps.iter().copied()).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        fake::play(&mut stream, &steps)
    });
    let mut events = Vec::new();
    let mut client = Client::connect(&socket, PATIENCE, Plain).unwrap();
    let reply = client.ask(&request(), None, |heard| {
        if let Heard::Event(event) = heard {
            events.push(event);
        }
        true
    });
    drop(client);
    assert_eq!(server.join().unwrap().unwrap(), request());
    (reply, events)
}

#[test]
fn a_script_of_the_fake_instance_is_heard_as_it_is_written() {
    let (reply, events) = asked(&["hint:no-face", "wait:20", "hint:turn-left", "match"]);
    assert_eq!(reply.unwrap(), Reply::Verdict(Verdict::Match));
    let hints = [Event::Hint(Hint::NoFace), Event::Hint(Hint::TurnLeft)];
    assert_eq!(events, hints);
    let (reply, _) = asked(&["locked-out:30"]);
    let locked_out = Unavailable::LockedOut { seconds: Some(30) };
    assert_eq!(reply.unwrap(), Reply::Unavailable(locked_out));
}

#[test]
fn an_end_without_a_reply_is_no_answer() {
    let (reply, _) = asked(&["hint:no-face", "hang-up"]);
    let closed = ClientError::Frame(FrameError::Closed);
    assert_eq!(reply.unwrap_err().to_string(), closed.to_string());
}

#[test]
fn what_a_server_answered_before_it_hung_up_unread_is_heard() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let busy = Reply::Unavailable(Unavailable::Busy);
    write_message(&mut theirs, &Message::Reply(busy.clone())).unwrap();
    drop(theirs);
    let mut client = Client::over(ours.into(), PATIENCE, Plain);
    let reply = client.ask(&request(), None, |_| true);
    assert_eq!(reply.unwrap(), busy);
}

#[test]
fn a_server_that_says_nothing_meets_the_deadline() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let begun = Instant::now();
    let patience = Patience::Until(begun + Duration::from_millis(100));
    let mut woken = 0;
    let wake = Some(begun + Duration::from_millis(20));
    let mut client = Client::over(ours.into(), patience, Plain);
    let reply = client.ask(&request(), wake, |_| {
        woken += 1;
        true
    });
    assert!(
        matches!(reply, Err(ClientError::Frame(FrameError::TimedOut))),
        "{reply:?}"
    );
    assert_eq!(woken, 1);
}
