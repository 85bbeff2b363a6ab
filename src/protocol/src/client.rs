//! One question to an instance, by a deadline.
//!
//! What MUST hold:
//! 1. No answer is ever made up: without a whole [`Reply`] there is a [`ClientError`], which is no
//!    decision.
//! 2. The deadline holds against a server that never stops talking. What is there already when it
//!    passes is still read.
//! 3. A request that cannot be written does not hide the reply: an instance that is busy answers
//!    and hangs up without reading.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv,
    send, socket_with,
};

use crate::{
    Event, FrameError, Hint, MESSAGE_CAP, Message, Milliseconds, REPLY_CAP, Reply, Request,
    read_message, socket_for, write_message,
};

/// Between two tries while a listener's backlog is full.
const PAUSE: Duration = Duration::from_millis(20);

/// What a challenge is given, whatever is left of the deadline: more than an instance gives the
/// person (at most 9 s).
const CHALLENGE: Duration = Duration::from_secs(10);

/// The most that an instance may ask for: its unit ends it after about as long.
const LONGEST: Duration = Duration::from_secs(330);

/// What [`Event::Within`] adds to the patience for each message.
pub fn within(milliseconds: Milliseconds) -> Duration {
    Duration::from_millis(milliseconds.into()).min(LONGEST)
}

/// Why there is no reply. None of it is a decision.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("cannot connect: {0}")]
    Connect(io::Error),
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

/// How long a client waits.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// For the whole answer, until then. A challenge moves it once, and what the host takes for its
    /// own part does not count.
    Until(Instant),
    /// For each message, and for as long as the instance says that it may take.
    EachMessage(Duration),
}

/// What a wait came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    Ready,
    Nothing,
    Interrupted,
}

/// The program that asks.
pub trait Host {
    /// Whether the process that listens is believed.
    ///
    /// # Errors
    /// [`ClientError::ListenerNotRoot`].
    fn believe(&self, _socket: BorrowedFd) -> Result<(), ClientError> {
        Ok(())
    }

    /// Waits until the socket is ready, for at most `left`. A signal may end it with nothing.
    ///
    /// # Errors
    /// The system's.
    fn wait(&self, socket: BorrowedFd, flags: PollFlags, left: Duration) -> io::Result<Waited> {
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::from_borrowed_fd(socket, flags)], Some(&left)) {
            Ok(0) | Err(Errno::INTR) => Ok(Waited::Nothing),
            Ok(_) => Ok(Waited::Ready),
            Err(error) => Err(error.into()),
        }
    }
}

/// A program that knows who listens, as of a socket in a folder of root's, and that signals end as
/// they do any other.
pub struct Plain;

impl Host for Plain {}

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

/// A connection to an instance.
pub struct Client<H> {
    socket: OwnedFd,
    host: H,
    deadline: Instant,
    /// Where each message has a time of its own.
    each: Option<Duration>,
    interrupted: bool,
    /// Bytes that may still be read once the deadline has passed.
    late: usize,
}

impl<H: Host> Client<H> {
    /// Connects, to root's own socket where a program of root's names the common one, and makes
    /// sure that the host believes who listens there.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::ListenerNotRoot`].
    pub fn connect(path: &Path, patience: Patience, host: H) -> Result<Self, ClientError> {
        let failed = |error: Errno| ClientError::Connect(error.into());
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(failed)?;
        let path = socket_for(path, rustix::process::geteuid().is_root());
        let address = SocketAddrUnix::new(path).map_err(failed)?;
        let client = Self::over(socket, patience, host);
        loop {
            match connect(&client.socket, &address) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if Instant::now() + PAUSE < client.deadline => {
                    std::thread::sleep(PAUSE);
                }
                Err(error) => return Err(failed(error)),
            }
        }
        client.host.believe(client.socket.as_fd())?;
        Ok(client)
    }

    /// A client on a connection that is there.
    pub fn over(socket: OwnedFd, patience: Patience, host: H) -> Self {
        let (deadline, each) = match patience {
            Patience::Until(deadline) => (deadline, None),
            Patience::EachMessage(time) => (Instant::now() + time, Some(time)),
        };
        Self {
            socket,
            host,
            deadline,
            each,
            interrupted: false,
            late: REPLY_CAP,
        }
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
        wake: Option<Instant>,
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
        mut wake: Option<Instant>,
        on: &mut dyn FnMut(Heard) -> bool,
    ) -> Result<Reply, ClientError> {
        match write_message(self, request) {
            // What it said before it hung up is there to read.
            Ok(()) | Err(FrameError::Closed) => {}
            Err(error) => return Err(error.into()),
        }
        let cap = match request {
            Request::Preview { .. } => MESSAGE_CAP,
            _ => REPLY_CAP,
        };
        let (mut challenged, mut longest) = (false, Duration::ZERO);
        loop {
            if let Some(time) = wake
                && !self.is_readable_by(time)?
            {
                wake = None;
                self.host_s_part(|| on(Heard::Time))?;
            }
            match read_message(self, cap)? {
                Message::Reply(reply) => return Ok(reply),
                Message::Event(event) => {
                    if is_challenge(&event) && !std::mem::replace(&mut challenged, true) {
                        self.deadline = self.deadline.max(Instant::now() + CHALLENGE);
                    }
                    if let Event::Within(milliseconds) = event {
                        longest = within(milliseconds);
                    }
                    self.host_s_part(|| on(Heard::Event(event)))?;
                    if let Some(time) = self.each {
                        self.deadline = Instant::now() + time + longest;
                    }
                }
            }
        }
    }

    /// Runs the host's part, whose time does not count.
    fn host_s_part(&mut self, part: impl FnOnce() -> bool) -> Result<(), ClientError> {
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
            match self.host.wait(self.socket.as_fd(), flags, left)? {
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

impl<H: Host> Read for Client<H> {
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
            match recv(&self.socket, &mut buffer[..room], RecvFlags::DONTWAIT) {
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

impl<H: Host> Write for Client<H> {
    /// Without SIGPIPE, whatever the host does about that signal.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::OUT)?;
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match send(&self.socket, bytes, flags) {
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
