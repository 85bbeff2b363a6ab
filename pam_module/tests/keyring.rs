//! A kept password reaches the modules behind the face's line with a match, and in no other way.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::undocumented_unsafe_blocks
)]

mod host;

use std::os::unix::fs::PermissionsExt;

use facelock_protocol::{
    Consent, Event, Message, Password, REQUEST_CAP, Reply, Request, Unavailable, Verdict,
};
use host::{Answer, Host, SUCCESS, Server};

const MATCH: Reply = Reply::Verdict(Verdict::Match);

/// A server that gives the password, and then this reply.
fn giving(password: &'static str, reply: Reply) -> Server {
    Server::start(move |stream| {
        let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        let kept = Password::new(password.as_bytes()).unwrap();
        let confirm = Event::Service {
            consent: Consent::Auto,
            quiet: true,
        };
        for message in [
            Message::Event(confirm),
            Message::Event(Event::Keyring(kept)),
            Message::Reply(reply.clone()),
        ] {
            let _ = facelock_protocol::write_message(stream, &message);
        }
    })
}

/// What a module behind these lines finds: the password, or nothing.
fn found(lines: &str, answer: Answer) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let (script, seen) = (folder.path().join("script"), folder.path().join("seen"));
    let text = format!("#!/bin/sh\nexec cat >{}\n", seen.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    // It asks for a password where there is none, and this host gives it no answer.
    let stack = format!(
        "{lines}auth required pam_exec.so quiet expose_authtok {}\n",
        script.display()
    );
    let host = Host::new(&stack);
    host.answer(answer);
    host.authenticate(0);
    let text = std::fs::read_to_string(seen).unwrap_or_default();
    let text = text.trim_end_matches('\0').to_owned();
    Some(text).filter(|text| !text.is_empty())
}

#[test]
fn a_match_hands_the_password_on() {
    let server = giving("hunter2 ", MATCH);
    let line = server.stack("mode=auto keyring");
    assert_eq!(found(&line, Answer::Fail).as_deref(), Some("hunter2 "));
}

#[test]
fn a_line_that_does_not_say_so_hands_on_nothing() {
    let server = giving("hunter2", MATCH);
    let line = server.stack("mode=auto");
    assert_eq!(found(&line, Answer::Fail), None);
}

#[test]
fn without_a_match_nothing_is_handed_on() {
    for reply in [
        Reply::Verdict(Verdict::NonMatch),
        Reply::Verdict(Verdict::AttackSuspected),
        Reply::Unavailable(Unavailable::NoFace),
        Reply::Done { changed: true },
        Reply::Keyring { kept: true },
    ] {
        let told = format!("{reply:?}");
        let server = giving("hunter2", reply);
        let line = server.stack("mode=auto keyring");
        let optional = line.replace("auth required", "auth optional");
        assert_eq!(found(&optional, Answer::Fail), None, "{told}");
    }
}

#[test]
fn a_match_that_is_not_confirmed_hands_on_what_was_typed() {
    let server = giving("hunter2", MATCH);
    let line = server.stack("mode=confirm keyring");
    let optional = line.replace("auth required", "auth optional");
    let typed = found(&optional, Answer::Line("typed instead"));
    assert_eq!(typed.as_deref(), Some("typed instead"));
    assert_eq!(found(&optional, Answer::Fail), None, "no answer at all");
    assert_eq!(
        found(&optional, Answer::Line("y")).as_deref(),
        Some("hunter2")
    );
}

#[test]
fn a_password_that_is_there_already_stays() {
    let server = giving("hunter2", MATCH);
    // Asked first, a person typed a password; a second line looks all the same.
    let typed = host::stack(std::path::Path::new("/nowhere"), "mode=ask")
        .replace("auth required", "auth optional");
    let lines = typed + &server.stack("mode=auto keyring");
    let seen = found(&lines, Answer::Line("typed before"));
    assert_eq!(seen.as_deref(), Some("typed before"));
}

#[test]
fn what_is_no_password_decides_nothing() {
    // A length that the body does not have, a byte of zero, none at all, too many.
    let long = [&[0x80, 0x04][..], &[b'x'; 512]].concat();
    for body in [&b"\x09hunter2"[..], b"\x03a\0b", b"\x00", &long] {
        let frame = [&[facelock_protocol::VERSION, 0, 7][..], body].concat();
        let frame = [&(frame.len() as u32).to_le_bytes()[..], &frame].concat();
        let server = Server::start(move |stream| {
            use std::io::Write as _;
            let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
            let _ = stream.write_all(&frame);
            let _ = facelock_protocol::write_message(stream, &Message::Reply(MATCH));
        });
        let host = Host::new(&server.stack("mode=auto keyring"));
        assert_eq!(host.authenticate(0), host::AUTHINFO_UNAVAIL, "{body:?}");
    }
    let server = giving("hunter2", MATCH);
    let host = Host::new(&server.stack("mode=auto keyring"));
    assert_eq!(host.authenticate(0), SUCCESS, "control");
}
