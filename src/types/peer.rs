//! Who is at the other end of the socket.

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
    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    pub fn is_nobody(&self) -> bool {
        self.uid == OVERFLOW_UID || self.uid == u32::MAX
    }
}
