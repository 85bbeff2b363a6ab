//! The other end of the socket, as `facelockctl` sees it.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use facelock_protocol::client::{Client, ClientError, Heard, Patience, Plain, within};
use facelock_protocol::{Event, FrameError, Reply, Request, socket_for};

use super::failure::{Exit, Failure};
use super::words::{filled, said};

/// No message for this long, beyond what the instance said that it may take, means that it is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// The same for a request that opens no camera.
const SHORT_SILENCE: Duration = Duration::from_secs(10);

/// Asks `request`, hands each event to `on_event`, and returns the reply.
///
/// # Errors
/// The socket cannot be reached, or the connection ends without a reply: no decision was made.
pub fn ask(
    socket: &Path,
    request: &Request,
    on_event: impl FnMut(Event),
) -> Result<Reply, Failure> {
    let silence = match request {
        Request::List { .. }
        | Request::Remove { .. }
        | Request::Clear { .. }
        | Request::Unlock { .. }
        | Request::Status { .. }
        | Request::KeyringForget { .. }
        | Request::KeyringStatus { .. } => SHORT_SILENCE,
        _ => SILENCE,
    };
    ask_within(socket, request, silence, on_event)
}

/// [`ask`], where the answer only adds to what is shown already: not waited for long.
///
/// # Errors
/// As [`ask`].
pub fn ask_briefly(socket: &Path, request: &Request) -> Result<Reply, Failure> {
    ask_within(socket, request, Duration::from_secs(1), drop)
}

fn ask_within(
    socket: &Path,
    request: &Request,
    silence: Duration,
    mut on_event: impl FnMut(Event),
) -> Result<Reply, Failure> {
    let socket = socket_for(socket, rustix::process::geteuid().is_root());
    let mut longest = Duration::ZERO;
    let told = |heard| {
        match heard {
            Heard::Event(Event::Within(milliseconds)) => longest = within(milliseconds),
            Heard::Event(event) => on_event(event),
            Heard::Time => {}
        }
        true
    };
    let asked = Client::connect(socket, Patience::EachMessage(silence), Plain)
        .and_then(|mut client| client.ask(request, None, told));
    let waited = silence + longest;
    asked.map_err(|error| match error {
        ClientError::Connect(error) => unreachable(socket, &error),
        ClientError::Frame(error) => broken(&error, waited),
        error => broken(&FrameError::Io(std::io::Error::other(error)), waited),
    })
}

fn unreachable(socket: &Path, error: &std::io::Error) -> Failure {
    let path = socket.display();
    let message = match error.kind() {
        ErrorKind::NotFound => filled("Facelock's socket {path} is not there", &[("path", &path)]),
        ErrorKind::ConnectionRefused => filled(
            "nothing listens on Facelock's socket {path}",
            &[("path", &path)],
        ),
        _ => filled(
            "Facelock's socket {path} cannot be reached ({error})",
            &[("path", &path), ("error", error)],
        ),
    };
    Failure::new("unreachable", message)
        .exit(Exit::Connection)
        .help("sudo systemctl enable --now facelock.socket")
}

fn broken(error: &FrameError, silence: Duration) -> Failure {
    let (reason, message) = match error {
        FrameError::TimedOut => (
            "no_answer",
            filled(
                "Facelock did not answer within {seconds} s",
                &[("seconds", &silence.as_secs())],
            ),
        ),
        FrameError::Closed | FrameError::Truncated => {
            ("closed", said("Facelock closed the connection unanswered"))
        }
        FrameError::Version(_) => (
            "version",
            said("facelockctl and the instance are of different versions"),
        ),
        error => (
            "broken",
            filled(
                "Facelock's answer cannot be read ({error})",
                &[("error", error)],
            ),
        ),
    };
    Failure::new(reason, message)
        .exit(Exit::Connection)
        .help(said("sudo journalctl -t facelock -n 20 says more"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use facelock_protocol::{self as protocol, MESSAGE_CAP, Message};

    use super::*;

    #[test]
    fn a_server_that_never_answers_is_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let asked = ask_within(&socket, &Request::Devices, Duration::from_secs(1), drop);
        let failure = asked.unwrap_err();
        assert_eq!(
            failure.text(),
            "Facelock did not answer within 1 s: sudo journalctl -t facelock -n 20 says more"
        );
        assert_eq!(failure.exit, Exit::Connection);
    }

    #[test]
    fn an_instance_that_says_how_long_it_may_take_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _: Request = protocol::read_message(&mut stream, MESSAGE_CAP).unwrap();
            protocol::write_message(&mut stream, &Message::Event(Event::Within(60_000))).unwrap();
            std::thread::sleep(Duration::from_millis(400));
            let reply = Message::Reply(Reply::Done { changed: false });
            protocol::write_message(&mut stream, &reply).unwrap();
        });
        let asked = ask_within(&socket, &Request::Devices, Duration::from_millis(100), drop);
        assert!(
            matches!(asked, Ok(Reply::Done { changed: false })),
            "{asked:?}"
        );
        server.join().unwrap();
    }
}
