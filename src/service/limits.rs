//! How much one peer, and what root's programs do for one subject, may take at once.

use std::time::{Duration, Instant};

use facelock_protocol::Request;

use super::asker::Asker;
use super::failure::{Answer, Failure};
use crate::config::Config;
use crate::decision::access;
use crate::store::{Lock, Store, StoreError};
use crate::types::Unavailable;

/// Instances one uid may have at work at once; more are turned away before they read anything.
const SLOTS: u32 = 4;
/// Root's programs ask for every user; a smaller limit would let one user's `su` loop starve the
/// rest.
const ROOT_SLOTS: u32 = 24;

/// How long another user's program waits for a slot.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);
/// How long an instance of another user's program lives at least, its answer given or not. Each
/// start costs the machine some tens of milliseconds: a program that connects without end must not
/// take the time that root's programs log in with.
const LIFE: Duration = Duration::from_secs(2);

/// What is held until the instance ends.
pub struct Slots {
    pub asker: Asker,
    held: Vec<Lock>,
}

impl Slots {
    pub fn of(asker: Asker) -> Self {
        let held = Vec::new();
        Self { asker, held }
    }

    /// Takes one of the peer's slots.
    ///
    /// # Errors
    /// [`Unavailable::Busy`]: all are taken.
    pub fn per_peer(&mut self, config: &Config) -> Answer<()> {
        let peer = self.asker.peer;
        let (slots, patience) = if peer.is_root() {
            (ROOT_SLOTS, Duration::ZERO)
        } else {
            (SLOTS, PATIENCE)
        };
        let deadline = Instant::now() + patience;
        loop {
            match take(config, "slots", peer.uid, slots) {
                Err(Failure::Refused(Unavailable::Busy)) if Instant::now() < deadline => {
                    std::thread::sleep(PAUSE);
                }
                result => {
                    self.held.push(result?);
                    return Ok(());
                }
            }
        }
    }

    /// Takes one of the slots that root's programs have for one subject; any other peer's own slots
    /// are as few.
    ///
    /// # Errors
    /// [`Unavailable::Busy`]: all are taken.
    pub fn per_subject(&mut self, config: &Config, request: &Request) -> Answer<()> {
        if let Some(subject) = access::subject(request).filter(|_| self.asker.peer.is_root()) {
            self.held.push(take(config, "places", subject.uid, SLOTS)?);
        }
        Ok(())
    }

    /// Releases them; another user's only once the instance has lived for long enough.
    pub fn release(self) {
        if !self.asker.peer.is_root() {
            std::thread::sleep(LIFE.saturating_sub(self.asker.started.elapsed()));
        }
        drop(self.held);
    }
}

fn take(config: &Config, kind: &str, uid: u32, slots: u32) -> Answer<Lock> {
    // Under /run: of an instance that was killed nothing outlives the boot.
    let store = Store::open(&config.paths.run, kind)?;
    for n in 0..slots {
        match store.lock_nth(uid, n) {
            Err(StoreError::Locked(_)) => {}
            result => return Ok(result?),
        }
    }
    Err(Failure::Refused(Unavailable::Busy))
}
