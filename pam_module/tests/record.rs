//! A password that let a user in is reported, by a line behind the password's module or by the
//! face's own; a face, a failure and an application that asked nothing report nothing.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::undocumented_unsafe_blocks
)]

mod host;

use std::os::unix::net::UnixStream;

use facelock_protocol::{Message, REQUEST_CAP, Reply, Request, Unavailable, Verdict};
use host::{Answer, Host, SUCCESS, Server};

fn reply(stream: &mut UnixStream, reply: Reply) {
    let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
    let _ = facelock_protocol::write_message(stream, &Message::Reply(reply));
}

/// Asked first, the person types a password; `after` stands for the modules that take it or do not.
fn typed_before(record: &str, after: &str) -> Host {
    let nowhere = tempfile::tempdir().unwrap();
    let ask = host::stack(&nowhere.path().join("nobody"), "mode=ask")
        .replace("auth required", "auth optional");
    let host = Host::new(&(ask + after + record));
    host.answer(Answer::Line("hunter2"));
    host
}

#[test]
fn only_a_password_that_let_the_user_in_is_reported() {
    let (asks, asked) = std::sync::mpsc::channel();
    let server = Server::start(move |stream| {
        if let Ok(request) = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP) {
            let _ = asks.send(request);
        }
        let _ = facelock_protocol::write_message(
            stream,
            &Message::Reply(Reply::Done { changed: true }),
        );
    });
    let record = server
        .stack("record")
        .replace("auth required", "auth optional");
    let host = Host::new(&(record.clone() + "auth required pam_permit.so\n"));
    assert_eq!(
        (host.authenticate(0), host.set_credentials()),
        (SUCCESS, SUCCESS)
    );
    assert_eq!(server.requests(), 0, "nothing was typed");

    let host = typed_before(&record, "auth required pam_permit.so\n");
    assert_eq!(
        (host.authenticate(0), server.requests()),
        (SUCCESS, 0),
        "the stack has not let the user in yet"
    );
    assert_eq!((host.set_credentials(), server.requests()), (SUCCESS, 1));
    assert_eq!(
        (host.set_credentials(), server.requests()),
        (SUCCESS, 0),
        "once"
    );

    // sudo names the user it changes to before it sets credentials: the password was not that
    // user's.
    let mut host = typed_before(&record, "auth required pam_permit.so\n");
    assert_eq!(host.authenticate(0), SUCCESS);
    host.set_user("daemon");
    assert_eq!((host.set_credentials(), server.requests()), (SUCCESS, 1));
    let subject = asked.try_iter().last().map(|request| match request {
        Request::RecordPassword { subject } => subject.name.as_str().to_owned(),
        other => panic!("{other:?}"),
    });
    assert_eq!(subject.as_deref(), Some("root"));

    // A failed `required` module does not stop the stack: the line is passed all the same.
    let host = typed_before(&record, "auth required pam_deny.so\n");
    assert_ne!(host.authenticate(0), SUCCESS);
    assert_eq!(server.requests(), 0, "a wrong password is not a success");

    // Alone it decides nothing: a stack of nothing but this does not succeed.
    assert_ne!(Host::new(&record).authenticate(0), SUCCESS);
}

#[test]
fn a_face_that_let_the_user_in_is_no_password() {
    let server = Server::start(|stream| reply(stream, Reply::Verdict(Verdict::Match)));
    let record = server
        .stack("record")
        .replace("auth required", "auth optional");
    let host = Host::new(&(server.stack("mode=ask") + &record));
    host.answer(Answer::Line(""));
    assert_eq!((host.authenticate(0), server.requests()), (SUCCESS, 1));
    assert_eq!((host.set_credentials(), server.requests()), (SUCCESS, 0));
}

/// Debian's primary block with the one profile: the face, then what else lets a user in.
fn profile(server: &Server, other: &str) -> String {
    let face = server.stack("mode=auto report");
    face.replace("auth required", "auth [success=2 default=ignore]")
        + &format!("auth [success=1 default=ignore] {other}\n")
        + "auth requisite pam_deny.so\nauth required pam_permit.so\n"
}

/// Says `verdict` to whom it is asked for, and keeps whose passwords were reported.
fn telling(verdict: Reply) -> (Server, std::sync::mpsc::Receiver<String>) {
    let (reports, reported) = std::sync::mpsc::channel();
    let server = Server::start(move |stream| {
        let request = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        let reply = match request {
            Ok(Request::RecordPassword { subject }) => {
                let _ = reports.send(subject.name.as_str().to_owned());
                Reply::Done { changed: true }
            }
            _ => verdict.clone(),
        };
        let _ = facelock_protocol::write_message(stream, &Message::Reply(reply));
    });
    (server, reported)
}

#[test]
fn the_face_s_own_line_reports_what_else_let_the_user_in() {
    let no_face = || Reply::Unavailable(Unavailable::NoFace);
    for verdict in [no_face(), Reply::Verdict(Verdict::NonMatch)] {
        let (server, reported) = telling(verdict);
        let mut host = Host::new(&profile(&server, "pam_permit.so"));
        assert_eq!(host.authenticate(0), SUCCESS);
        assert_eq!(reported.try_iter().count(), 0, "not before the stack ended");
        host.set_user("daemon");
        for _ in 0..2 {
            assert_eq!(host.set_credentials(), SUCCESS);
        }
        let once: Vec<_> = reported.try_iter().collect();
        assert_eq!(once, ["root"], "and as sudo names another user by now");
    }

    let (server, reported) = telling(no_face());
    let host = Host::new(&profile(&server, "pam_deny.so"));
    assert_ne!(host.authenticate(0), SUCCESS);
    assert_eq!(reported.try_iter().count(), 0, "a stack that failed");

    let (server, reported) = telling(Reply::Verdict(Verdict::Match));
    let host = Host::new(&profile(&server, "pam_permit.so"));
    assert_eq!(
        (host.authenticate(0), host.set_credentials()),
        (SUCCESS, SUCCESS)
    );
    assert_eq!(reported.try_iter().count(), 0, "a face is no password");

    // As cron does, and sshd with a key.
    let (server, reported) = telling(no_face());
    let host = Host::new(&profile(&server, "pam_permit.so"));
    host.set_credentials();
    assert_eq!(reported.try_iter().count(), 0, "the stack was never asked");
}

#[test]
fn a_line_that_sees_what_was_typed_has_the_last_word() {
    let (server, reported) = telling(Reply::Unavailable(Unavailable::NoFace));
    let record = server
        .stack("record")
        .replace("auth required", "auth optional");
    let host = Host::new(&(profile(&server, "pam_permit.so") + &record));
    assert_eq!(
        (host.authenticate(0), host.set_credentials()),
        (SUCCESS, SUCCESS)
    );
    assert_eq!(reported.try_iter().count(), 0, "a finger is no password");
}
