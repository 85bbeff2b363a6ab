//! How much one peer, and what root's programs do for one subject, may take at once.

use facelock_protocol::Request;

use super::failure::{Answer, Failure};
use crate::config::Config;
use crate::decision::access;
use crate::store::{Lock, Store, StoreError};
use crate::types::{Peer, Unavailable};

/// Instances one uid may have at work at once; more are turned away before they read anything.
const SLOTS: u32 = 4;
/// Root's programs ask for every user; a smaller limit would let one user's `su` loop starve the
/// rest.
const ROOT_SLOTS: u32 = 24;

/// One of the peer's slots; released when dropped.
///
/// # Errors
/// [`Unavailable::Busy`]: all are taken.
pub fn per_peer(config: &Config, peer: Peer) -> Answer<Lock> {
    let slots = if peer.is_root() { ROOT_SLOTS } else { SLOTS };
    take(config, "slots", peer.uid, slots)
}

/// One of the slots that root's programs have for one subject; any other peer's own slots are as
/// few.
///
/// # Errors
/// [`Unavailable::Busy`]: all are taken.
pub fn per_subject(config: &Config, peer: Peer, request: &Request) -> Answer<Option<Lock>> {
    let subject = access::subject(request).filter(|_| peer.is_root());
    subject
        .map(|subject| take(config, "places", subject.uid, SLOTS))
        .transpose()
}

fn take(config: &Config, kind: &str, uid: u32, slots: u32) -> Answer<Lock> {
    let store = Store::open(&config.paths.state, kind)?;
    for n in 0..slots {
        match store.lock_nth(uid, n) {
            Err(StoreError::Locked(_)) => {}
            result => return Ok(result?),
        }
    }
    Err(Failure::Refused(Unavailable::Busy))
}
