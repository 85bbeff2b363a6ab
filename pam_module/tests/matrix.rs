//! The module in libpam, against a scripted server: every outcome, and everything that is none.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::undocumented_unsafe_blocks
)]

#[path = "matrix/consent.rs"]
mod consent;
#[path = "matrix/hints.rs"]
mod hints;
mod host;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use facelock_protocol::{
    Consent, Denied, Event, Gate, Hint, Message, Progress, REQUEST_CAP, Reply, Request,
    Unavailable, Verdict,
};
use host::{AUTH_ERR, AUTHINFO_UNAVAIL, Answer, Host, SILENT, SUCCESS, Server};

fn reply(stream: &mut UnixStream, reply: Reply) {
    let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
    let _ = facelock_protocol::write_message(stream, &Message::Reply(reply));
}

fn code_for(script: impl Fn(&mut UnixStream) + Send + 'static, arguments: &str) -> i32 {
    let server = Server::start(script);
    Host::new(&server.stack(&format!("mode=auto {arguments}"))).authenticate(0)
}

const EVERY_REASON: [Unavailable; 37] = [
    Unavailable::NotEnrolled,
    Unavailable::NoCamera,
    Unavailable::CameraBusy,
    Unavailable::CameraDenied,
    Unavailable::CameraUnplugged,
    Unavailable::CameraFailed,
    Unavailable::CameraVirtual,
    Unavailable::OtherCamera,
    Unavailable::ModelRejected,
    Unavailable::VaultRefused,
    Unavailable::VaultMissing,
    Unavailable::TemplatesRejected,
    Unavailable::StoreFailed,
    Unavailable::LockedOut { seconds: Some(30) },
    Unavailable::LockedOut { seconds: None },
    Unavailable::PasswordRequired,
    Unavailable::NoFace,
    Unavailable::TooDark,
    Unavailable::Timeout,
    Unavailable::Cancelled,
    Unavailable::Busy,
    Unavailable::SandboxMissing,
    Unavailable::ConfigRejected,
    Unavailable::NotAdmitted(Gate::Unlisted),
    Unavailable::EnrollmentRejected,
    Unavailable::Internal,
    Unavailable::CameraSuspended,
    Unavailable::VaultFailed,
    Unavailable::WrongRecoveryKey,
    Unavailable::InfraredRequired,
    Unavailable::CameraNoAnswer,
    Unavailable::CameraBandwidth,
    Unavailable::CameraCovered,
    Unavailable::EmitterOff,
    Unavailable::VaultSlow,
    Unavailable::ModelsSlow,
    Unavailable::NewerFormat,
];

#[test]
fn every_outcome_has_its_code() {
    let mut table = vec![
        (Reply::Verdict(Verdict::Match), SUCCESS),
        (Reply::Verdict(Verdict::NonMatch), AUTH_ERR),
        (Reply::Verdict(Verdict::AttackSuspected), AUTH_ERR),
        (Reply::Done { changed: true }, AUTHINFO_UNAVAIL),
        (Reply::Templates(Vec::new()), AUTHINFO_UNAVAIL),
    ];
    for denied in [
        Denied::NotPermitted,
        Denied::Malformed,
        Denied::Version,
        Denied::HiddenPeer,
    ] {
        table.push((Reply::Denied(denied), AUTHINFO_UNAVAIL));
    }
    for reason in EVERY_REASON {
        table.push((Reply::Unavailable(reason), AUTHINFO_UNAVAIL));
    }
    for (told, code) in table {
        let shown = format!("{told:?}");
        assert_eq!(
            code_for(move |stream| reply(stream, told.clone()), ""),
            code,
            "{shown}"
        );
    }
}

#[test]
fn what_is_no_reply_is_no_decision() {
    let good = facelock_protocol::encode(&Message::Reply(Reply::Verdict(Verdict::Match))).unwrap();
    let mut frames: Vec<Vec<u8>> = (0..good.len()).map(|n| good[..n].to_vec()).collect();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut flipped = good.clone();
            flipped[at] ^= 1 << bit;
            frames.push(flipped);
        }
    }
    frames.push(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    frames.push(vec![0xff; 64]);
    frames.push(vec![0; 64]);
    let mut trailing = good.clone();
    trailing[0] += 1;
    trailing.push(0);
    frames.push(trailing);
    for frame in frames {
        let shown = frame.clone();
        let code = code_for(
            move |stream| {
                let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
                let _ = stream.write_all(&frame);
            },
            "timeout=1",
        );
        assert_eq!(code, AUTHINFO_UNAVAIL, "{shown:02x?}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for() {
    for (name, drip) in [("silent", false), ("dripping", true)] {
        // Waited for to its end, it would be a match.
        let code = code_for(
            move |stream| {
                let good =
                    facelock_protocol::encode(&Message::Reply(Reply::Verdict(Verdict::Match)))
                        .unwrap();
                for byte in good {
                    std::thread::sleep(Duration::from_millis(300));
                    if drip {
                        let _ = stream.write_all(&[byte]);
                    }
                }
            },
            "timeout=1",
        );
        assert_eq!(code, AUTHINFO_UNAVAIL, "{name}");
    }
}

#[test]
fn a_server_that_never_stops_talking_is_not_listened_to() {
    let begun = Instant::now();
    let code = code_for(
        |stream| {
            let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
            let events =
                [Progress::Starting, Progress::Looking].map(|p| Message::Event(Event::Progress(p)));
            let frames = events
                .map(|event| facelock_protocol::encode(&event).unwrap())
                .concat();
            let end = Instant::now() + Duration::from_secs(30);
            while Instant::now() < end && stream.write_all(&frames).is_ok() {}
        },
        "timeout=1",
    );
    assert_eq!(code, AUTHINFO_UNAVAIL);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn no_server_and_a_false_one_are_no_decision() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nobody");
    let stack = host::stack(&nowhere, "mode=auto");
    assert_eq!(Host::new(&stack).authenticate(0), AUTHINFO_UNAVAIL);

    // A listener that is not root's: it would answer "match".
    std::os::unix::fs::chown(folder.path(), Some(65533), None).unwrap();
    let program = format!(
        "import socket\ns=socket.socket(socket.AF_UNIX)\ns.bind({:?})\ns.listen()\nprint(1,flush=True)\nc,_=s.accept()\n\
         c.recv(4096)\nc.sendall(bytes({:?}))\nc.recv(1)\n",
        nowhere,
        facelock_protocol::encode(&Message::Reply(Reply::Verdict(Verdict::Match))).unwrap()
    );
    let mut impostor = std::process::Command::new("setpriv")
        .args([
            "--reuid",
            "65533",
            "--clear-groups",
            "/usr/bin/python3",
            "-c",
            &program,
        ])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    impostor
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut [0; 1])
        .unwrap();
    assert_eq!(Host::new(&stack).authenticate(0), AUTHINFO_UNAVAIL);
    impostor.kill().unwrap();
    impostor.wait().unwrap();
}

#[test]
fn wrong_arguments_and_unknown_users_are_no_decision() {
    let yes = |stream: &mut UnixStream| reply(stream, Reply::Verdict(Verdict::Match));
    assert_eq!(code_for(yes, "timeout=none"), AUTHINFO_UNAVAIL);
    assert_eq!(
        code_for(yes, "unheard-of"),
        SUCCESS,
        "an unknown argument is only logged"
    );
    let server = Server::start(yes);
    let host = Host::for_user("nobody-of-this-name", &server.stack("mode=auto"));
    assert_eq!(host.authenticate(0), AUTHINFO_UNAVAIL);
}

#[test]
fn a_remote_user_is_not_looked_for() {
    let server = Server::start(|stream| reply(stream, Reply::Verdict(Verdict::Match)));
    let mut host = Host::new(&server.stack("mode=auto"));
    // A tunnel, or ssh to this very machine, comes from here and is no nearer to the camera.
    for name in ["192.0.2.7", "localhost", "::1"] {
        host.set_rhost(name);
        assert_eq!(host.authenticate(0), AUTHINFO_UNAVAIL, "{name}");
    }
    assert_eq!(server.requests(), 0);
    host.set_rhost("");
    assert_eq!((host.authenticate(0), server.requests()), (SUCCESS, 1));
}

#[test]
fn the_host_keeps_its_children_signals_and_descriptors() {
    let server = Server::start(|stream| reply(stream, Reply::Verdict(Verdict::Match)));
    let mut child = std::process::Command::new("sleep")
        .arg("1")
        .spawn()
        .unwrap();
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let host = Host::new(&server.stack("mode=auto"));
    assert_eq!(host.authenticate(0), SUCCESS);
    let before = (open(), threads());
    for _ in 0..200 {
        assert_eq!(host.authenticate(0), SUCCESS);
    }
    // The last connections of the script's threads end by themselves.
    std::thread::sleep(Duration::from_secs(1));
    let after = (open(), threads());
    assert!(
        after.0 <= before.0 + 2 && after.1 <= before.1 + 1,
        "{before:?} {after:?}"
    );
    assert!(
        child.wait().unwrap().success(),
        "the child is still the host's to wait for"
    );
    let quiet = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let hangs_up = Server::start(|_| {});
    let host = Host::new(&hangs_up.stack("mode=auto"));
    for _ in 0..20 {
        assert_eq!(
            host.authenticate(0),
            AUTHINFO_UNAVAIL,
            "and nobody dies of SIGPIPE"
        );
    }
    unsafe { libc::signal(libc::SIGPIPE, quiet) };
}
