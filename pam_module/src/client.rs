//! How the module asks the instance: it believes only root, and lets signals through.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use facelock_protocol::Request;
pub use facelock_protocol::client::{ClientError, Heard, is_challenge};
use facelock_protocol::client::{Host, Patience, Waited};
use rustix::event::PollFlags;

use crate::ffi::{self, Interrupts};

pub type Client = facelock_protocol::client::Client<Module>;

/// The module in its host's process.
pub struct Module(Interrupts);

impl Host for Module {
    /// SO_PEERCRED names the process that called listen(2): unix(7).
    fn believe(&self, socket: BorrowedFd) -> Result<(), ClientError> {
        match ffi::peer(socket) {
            Some((_, 0)) => Ok(()),
            other => {
                let uid = other.map_or(u32::MAX, |(_, uid)| uid);
                Err(ClientError::ListenerNotRoot(uid))
            }
        }
    }

    fn wait(&self, socket: BorrowedFd, flags: PollFlags, left: Duration) -> io::Result<Waited> {
        ffi::wait(socket, flags, left, &self.0)
    }
}

/// Tells the instance something that needs no answer but that it was heard.
///
/// # Errors
/// [`ClientError`].
pub fn tell(path: &Path, patience: Duration, request: &Request) -> Result<(), ClientError> {
    let mut client = connect(path, Instant::now() + patience)?;
    client.ask(request, None, |_| true).map(drop)
}

/// Connects, and makes sure that root is listening there.
///
/// # Errors
/// [`ClientError::Connect`], [`ClientError::ListenerNotRoot`].
pub fn connect(path: &Path, deadline: Instant) -> Result<Client, ClientError> {
    Client::connect(path, Patience::Until(deadline), Module(Interrupts::watch()))
}
