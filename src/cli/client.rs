//! The other end of the socket, as `facelockctl` sees it.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use facelock_protocol::{
    self as protocol, Event, FrameError, MESSAGE_CAP, Message, Reply, Request,
};

/// No message for this long means that the instance is gone; enrollment speaks far more often.
const SILENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "cannot reach {path}: {error}\nIs facelock.socket running? (systemctl status facelock.socket)"
    )]
    Connect { path: String, error: std::io::Error },
    #[error("the connection broke: {0}")]
    Broken(#[from] FrameError),
}

/// Asks `request`, hands each event to `on_event`, and returns the reply.
///
/// # Errors
/// The socket cannot be reached, or the connection ends without a reply: no decision was made.
pub fn ask(
    socket: &Path,
    request: &Request,
    mut on_event: impl FnMut(Event),
) -> Result<Reply, ClientError> {
    let mut stream = UnixStream::connect(socket).map_err(|error| ClientError::Connect {
        path: socket.display().to_string(),
        error,
    })?;
    stream
        .set_read_timeout(Some(SILENCE))
        .map_err(FrameError::from)?;
    protocol::write_message(&mut stream, request)?;
    loop {
        match protocol::read_message(&mut stream, MESSAGE_CAP)? {
            Message::Event(event) => on_event(event),
            Message::Reply(reply) => return Ok(reply),
        }
    }
}
