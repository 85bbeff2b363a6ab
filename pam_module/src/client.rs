//! One question to the instance, by one deadline.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use facelock_protocol::{
    self as protocol, Event, FrameError, Hint, Message, REPLY_CAP, Reply, Request,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv,
    send, socket_with,
};

use crate::ffi;

/// Between two tries while a listener's backlog is full.
const PAUSE: Duration = Duration::from_millis(20);

/// What a challenge is given, whatever is left of the deadline: more than an instance gives the
/// person (at most 9 s).
const CHALLENGE: Duration = Duration::from_secs(10);

/// Why there is no reply. None of it is a decision.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("cannot connect: {0}")]
    Connect(Errno),
    #[error("uid {0} listens there, not root")]
    NotRoots(u32),
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The caller wants no answer any more.
    #[error("given up")]
    GivenUp,
}

/// A connection to the instance.
pub struct Client {
    socket: OwnedFd,
    deadline: Instant,
}

impl Client {
    /// Connects, and makes sure that root is listening there.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::NotRoots`].
    pub fn connect(path: &Path, deadline: Instant) -> Result<Self, ClientError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(ClientError::Connect)?;
        let address = SocketAddrUnix::new(path).map_err(ClientError::Connect)?;
        loop {
            match connect(&socket, &address) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if Instant::now() + PAUSE < deadline => std::thread::sleep(PAUSE),
                Err(error) => return Err(ClientError::Connect(error)),
            }
        }
        // The credentials of whoever called listen(2): unix(7).
        let listener = ffi::peer(socket.as_fd()).map(|(_, uid)| uid);
        if listener != Some(0) {
            return Err(ClientError::NotRoots(listener.unwrap_or(u32::MAX)));
        }
        Ok(Self { socket, deadline })
    }

    /// Asks, hands each event to `on_event` (which may give up), and returns the reply. A challenge
    /// is a prompt: the first one moves the deadline, once.
    ///
    /// # Errors
    /// [`ClientError::Frame`], [`ClientError::GivenUp`].
    pub fn ask(
        &mut self,
        request: &Request,
        mut on_event: impl FnMut(Event) -> bool,
    ) -> Result<Reply, ClientError> {
        protocol::write_message(self, request)?;
        let mut challenged = false;
        loop {
            match protocol::read_message(self, REPLY_CAP)? {
                Message::Reply(reply) => return Ok(reply),
                Message::Event(event) => {
                    if is_challenge(&event) && !std::mem::replace(&mut challenged, true) {
                        self.deadline = self.deadline.max(Instant::now() + CHALLENGE);
                    }
                    if !on_event(event) {
                        return Err(ClientError::GivenUp);
                    }
                }
            }
        }
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            // Even with more to read: whoever never stops talking holds nobody up either.
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let timeout = Timespec {
                tv_sec: left.as_secs() as i64,
                tv_nsec: i64::from(left.subsec_nanos()),
            };
            match poll(&mut [PollFd::new(&self.socket, flags)], Some(&timeout)) {
                Ok(0) => return Err(ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether the person is asked to do something, and not only told what would help.
pub fn is_challenge(event: &Event) -> bool {
    matches!(event, Event::Hint(Hint::TurnLeft | Hint::TurnRight))
}

impl Read for Client {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::IN)?;
            match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
                Ok((n, _)) => return Ok(n),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Write for Client {
    /// Without SIGPIPE, whatever the host does about that signal.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::OUT)?;
            match send(&self.socket, bytes, SendFlags::NOSIGNAL) {
                Ok(n) => return Ok(n),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
