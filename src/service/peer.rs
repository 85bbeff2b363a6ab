//! Who is at the other end of the socket.
//!
//! What MUST hold:
//! 1. The peer is who the kernel says opened the connection (SO_PEERCRED, unix(7)), never who a
//!    message says it is.
//! 2. The overflow uid is `nobody`: where a user namespace hides who the peer is, it may ask
//!    nothing.
//! 3. Nothing is looked up: uids are compared as numbers.
//! 4. The credentials are three integers. The pid is 0 for a peer in another pid namespace.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;

use crate::types::Peer;

/// Reads SO_PEERCRED. Not by rustix, whose pid is never 0.
///
/// # Errors
/// The kernel does not tell.
pub fn of(stream: &UnixStream) -> io::Result<Peer> {
    let mut credentials = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let size = size_of::<libc::ucred>() as libc::socklen_t;
    let mut length = size;
    // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes to a value of
    // that size, three integers of which every bit pattern is one.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    if length != size {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Peer {
        uid: credentials.uid,
        pid: credentials.pid,
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
