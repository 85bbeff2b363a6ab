//! One question to the instance, by one deadline.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use facelock_protocol::{
    self as protocol, Event, FrameError, Hint, Message, REPLY_CAP, Reply, Request,
};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv,
    send, socket_with,
};

use crate::ffi::{self, Interrupts, Waited};

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
    ListenerNotRoot(u32),
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The caller wants no answer any more.
    #[error("given up")]
    GivenUp,
    /// Ctrl-C, or another signal that ends programs.
    #[error("interrupted")]
    Interrupted,
}

/// What a wait for the reply is interrupted with.
#[allow(
    clippy::large_enum_variant,
    reason = "handed on at once, one at a time"
)]
pub enum Heard {
    Event(Event),
    /// The time that the caller asked for has come.
    Time,
}

/// A connection to the instance.
pub struct Client {
    socket: OwnedFd,
    deadline: Instant,
    interrupts: Interrupts,
    interrupted: bool,
    /// Bytes that may still be read once the deadline has passed: what is there already wins over
    /// it, and a server that never stops talking does not.
    late: usize,
}

impl Client {
    /// Connects, and makes sure that root is listening there.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::ListenerNotRoot`].
    pub fn connect(path: &Path, deadline: Instant) -> Result<Self, ClientError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(ClientError::Connect)?;
        let path = protocol::socket_for(path, rustix::process::geteuid().is_root());
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
            return Err(ClientError::ListenerNotRoot(listener.unwrap_or(u32::MAX)));
        }
        Ok(Self {
            socket,
            deadline,
            interrupts: Interrupts::watch(),
            interrupted: false,
            late: REPLY_CAP,
        })
    }

    /// Asks, hands each event to `on` (which may give up), and returns the reply. `on` hears once,
    /// too, when `wake` has come. The time that it takes is the host's, which may show a message
    /// for as long as it likes: the deadline moves by it. A challenge is a prompt: the first one
    /// moves the deadline, once.
    ///
    /// # Errors
    /// [`ClientError::Frame`], [`ClientError::GivenUp`], [`ClientError::Interrupted`].
    pub fn ask(
        &mut self,
        request: &Request,
        wake: Instant,
        mut on: impl FnMut(Heard) -> bool,
    ) -> Result<Reply, ClientError> {
        self.exchange(request, wake, &mut on).map_err(|error| {
            if self.interrupted {
                ClientError::Interrupted
            } else {
                error
            }
        })
    }

    fn exchange(
        &mut self,
        request: &Request,
        wake: Instant,
        on: &mut impl FnMut(Heard) -> bool,
    ) -> Result<Reply, ClientError> {
        protocol::write_message(self, request)?;
        let (mut challenged, mut woken) = (false, false);
        loop {
            if !woken && !self.is_readable_by(wake)? {
                woken = true;
                self.host(|| on(Heard::Time))?;
            }
            match protocol::read_message(self, REPLY_CAP)? {
                Message::Reply(reply) => return Ok(reply),
                Message::Event(event) => {
                    if is_challenge(&event) && !std::mem::replace(&mut challenged, true) {
                        self.deadline = self.deadline.max(Instant::now() + CHALLENGE);
                    }
                    self.host(|| on(Heard::Event(event)))?;
                }
            }
        }
    }

    /// Runs the host's part, whose time does not count.
    fn host(&mut self, part: impl FnOnce() -> bool) -> Result<(), ClientError> {
        let begun = Instant::now();
        let goes_on = part();
        self.deadline += begun.elapsed();
        if goes_on {
            Ok(())
        } else {
            Err(ClientError::GivenUp)
        }
    }

    /// Whether something can be read before `wake`.
    fn is_readable_by(&mut self, wake: Instant) -> Result<bool, FrameError> {
        let end = wake.min(self.deadline);
        Ok(self.poll(PollFlags::IN, end)?)
    }

    /// Waits until the socket is ready, by the deadline. Past it, only what is there already.
    fn wait(&mut self, flags: PollFlags) -> io::Result<()> {
        if self.poll(flags, self.deadline)? {
            Ok(())
        } else {
            Err(ErrorKind::TimedOut.into())
        }
    }

    fn poll(&mut self, flags: PollFlags, end: Instant) -> io::Result<bool> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match ffi::wait(&self.socket, flags, left, &self.interrupts)? {
                Waited::Ready => return Ok(true),
                Waited::Interrupted => {
                    self.interrupted = true;
                    return Err(ErrorKind::TimedOut.into());
                }
                Waited::Nothing if left.is_zero() => return Ok(false),
                Waited::Nothing => {}
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
            let late = Instant::now() >= self.deadline;
            if late && self.late == 0 {
                return Err(ErrorKind::TimedOut.into());
            }
            let room = if late {
                self.late.min(buffer.len())
            } else {
                buffer.len()
            };
            match recv(&self.socket, &mut buffer[..room], RecvFlags::empty()) {
                Ok((n, _)) => {
                    self.late -= if late { n } else { 0 };
                    return Ok(n);
                }
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
