//! The one connection an instance serves.
//!
//! What MUST hold:
//! 1. Reading a request ends at its deadline, however slowly the peer sends.
//! 2. Writing never blocks: a peer that does not read loses its events, and then its reply, but
//!    holds nothing up.
//! 3. A hang-up is seen at once, from a thread that does nothing else, and only sets a flag.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use facelock_protocol::{
    self as protocol, Event, FrameError, Message, REQUEST_CAP, Reply, Request,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use super::peer;
use crate::types::Peer;

/// How long a reply may wait for a peer that reads slowly.
const REPLY_PATIENCE: Duration = Duration::from_millis(500);

pub struct Connection {
    stream: UnixStream,
    /// What the process still waits for once the peer has its answer.
    after_reply: RefCell<Vec<Box<dyn FnOnce()>>>,
}

impl Connection {
    /// Takes the connection the service manager accepted (`Accept=yes`, sd_listen_fds(3)).
    ///
    /// # Errors
    /// No descriptor was passed, or it is not a connected Unix stream socket.
    pub fn take() -> anyhow::Result<Self> {
        let stream = listenfd::ListenFd::from_env()
            .take_custom::<UnixStream>(0, libc::AF_UNIX, libc::SOCK_STREAM, "Unix stream socket")?
            .context("no connection was passed; this program is started by facelock.socket")?;
        Ok(Self::new(stream))
    }

    pub fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            after_reply: RefCell::default(),
        }
    }

    /// Who is at the other end, by SO_PEERCRED.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn peer(&self) -> io::Result<Peer> {
        peer::of(&self.stream)
    }

    /// Reads the request.
    ///
    /// # Errors
    /// [`FrameError::TimedOut`] at the deadline; every other [`FrameError`].
    pub fn read_request(&self, deadline: Instant) -> Result<Request, FrameError> {
        protocol::read_message(
            &mut DeadlineReader {
                stream: &self.stream,
                deadline,
            },
            REQUEST_CAP,
        )
    }

    /// Tells the peer what happens, if it listens. An event is never worth waiting for, and never
    /// sent in part: a peer that cannot take all of it at once is cut off, so that nothing it reads
    /// later can be taken for something else.
    pub fn send_event(&self, event: Event) {
        let Ok(frame) = protocol::encode(&Message::Event(event)) else {
            return;
        };
        // It may hold a password.
        let frame = Zeroizing::new(frame);
        let patience = if frame.len() > REQUEST_CAP {
            REPLY_PATIENCE
        } else {
            Duration::ZERO
        };
        if self.write(&frame, Instant::now() + patience).is_err() {
            let _ = self.stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// The final answer. Then what was left until after it.
    ///
    /// # Errors
    /// The peer is gone or does not read.
    pub fn send_reply(&self, reply: Reply) -> Result<(), FrameError> {
        let sent = protocol::encode(&Message::Reply(reply))
            .and_then(|frame| Ok(self.write(&frame, Instant::now() + REPLY_PATIENCE)?));
        // The peer's connection ends now, and not with this process.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
        for work in self.after_reply.take() {
            work();
        }
        sent
    }

    /// Leaves work until the peer has its answer.
    pub fn after_reply(&self, work: impl FnOnce() + 'static) {
        self.after_reply.borrow_mut().push(Box::new(work));
    }

    /// Nothing more is said: the peer reads the end behind its reply.
    pub fn close(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }

    /// Calls `on_hangup` once, from a thread of its own, when the peer closes its end or sends
    /// anything more.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn watch(&self, on_hangup: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let stream = self.stream.try_clone()?;
        std::thread::Builder::new()
            .name("hangup".into())
            .stack_size(64 * 1024)
            .spawn(move || {
                // Anything readable is the end too: a peer sends one request and then only listens.
                while let Err(rustix::io::Errno::INTR) = poll(
                    &mut [PollFd::new(&stream, PollFlags::IN | PollFlags::RDHUP)],
                    None,
                ) {}
                on_hangup();
            })?;
        Ok(())
    }

    /// Whether the peer is still there, and listens.
    pub fn is_open(&self) -> bool {
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        matches!(
            poll(
                &mut [PollFd::new(&self.stream, PollFlags::IN | PollFlags::RDHUP)],
                Some(&now)
            ),
            Ok(0)
        )
    }

    fn write(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.stream.set_nonblocking(true)?;
        while !bytes.is_empty() {
            match (&self.stream).write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait(&self.stream, PollFlags::OUT, deadline)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

struct DeadlineReader<'a> {
    stream: &'a UnixStream,
    deadline: Instant,
}

impl Read for DeadlineReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait(self.stream, PollFlags::IN, self.deadline)?;
        let mut stream = self.stream;
        stream.read(buffer)
    }
}

fn wait(stream: &UnixStream, flags: PollFlags, deadline: Instant) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        match poll(&mut [PollFd::new(stream, flags)], Some(&timeout)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
