//! Who is at the other end of the socket.
//!
//! What MUST hold:
//! 1. The peer is who the kernel says opened the connection (SO_PEERCRED, unix(7)), never who a
//!    message says it is.
//! 2. The overflow uid is nobody: where a user namespace hides who the peer is, it may ask nothing.
//! 3. Nothing is looked up: uids are compared as numbers.

use std::io;
use std::os::unix::net::UnixStream;

/// What the kernel shows for a uid that has no mapping in this user namespace
/// (`/proc/sys/kernel/overflowuid`).
pub const OVERFLOW_UID: u32 = 65534;

/// The process that opened the connection, as it was at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub uid: u32,
    pub pid: i32,
}

impl Peer {
    /// Reads SO_PEERCRED.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = rustix::net::sockopt::socket_peercred(stream)?;
        Ok(Self {
            uid: credentials.uid.as_raw(),
            pid: credentials.pid.as_raw_nonzero().get(),
        })
    }

    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    pub fn is_nobody(&self) -> bool {
        self.uid == OVERFLOW_UID || self.uid == u32::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_names_this_process() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let peer = Peer::of(&ours).unwrap();
        assert_eq!(peer.uid, rustix::process::getuid().as_raw());
        assert_eq!(peer.pid, rustix::process::getpid().as_raw_nonzero().get());
    }
}
