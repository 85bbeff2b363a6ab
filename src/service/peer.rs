//! Who is at the other end of the socket.
//!
//! What MUST hold:
//! 1. The peer is who the kernel says opened the connection (SO_PEERCRED, unix(7)), never who a
//!    message says it is.
//! 2. The overflow uid is nobody: where a user namespace hides who the peer is, it may ask nothing.
//! 3. Nothing is looked up: uids are compared as numbers.

use std::io;
use std::os::unix::net::UnixStream;

use crate::types::Peer;

/// Reads SO_PEERCRED.
///
/// # Errors
/// The kernel does not tell.
pub fn of(stream: &UnixStream) -> io::Result<Peer> {
    let credentials = rustix::net::sockopt::socket_peercred(stream)?;
    Ok(Peer {
        uid: credentials.uid.as_raw(),
        pid: credentials.pid.as_raw_nonzero().get(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_names_this_process() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let peer = of(&ours).unwrap();
        assert_eq!(peer.uid, rustix::process::getuid().as_raw());
        assert_eq!(peer.pid, rustix::process::getpid().as_raw_nonzero().get());
    }
}
