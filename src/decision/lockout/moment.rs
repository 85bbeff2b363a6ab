//! Points in time, within a boot and across boots.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// A point in time, within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which boot.
    pub boot: [u8; 16],
    /// Seconds since that boot (CLOCK_BOOTTIME).
    pub seconds: u64,
    /// The same, suspend left out (CLOCK_MONOTONIC).
    pub awake: u64,
    /// The wall clock, seconds since 1970. It jumps, and root sets it.
    pub wall: u64,
}

/// A moment as a tally keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct When {
    pub boot: [u8; 16],
    pub seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Password {
    pub at: When,
    /// Wall clock, seconds since 1970.
    pub wall: u64,
}

impl When {
    pub fn at(now: &Moment) -> Self {
        Self {
            boot: now.boot,
            seconds: now.seconds,
        }
    }

    /// Seconds that have surely passed since: across a boot, those since the boot.
    pub fn elapsed(&self, now: &Moment) -> u64 {
        if self.boot == now.boot {
            now.seconds.saturating_sub(self.seconds)
        } else {
            now.seconds
        }
    }
}

impl Password {
    /// The longer of what the boot clock is sure of and what the wall clock says: a clock set back
    /// makes nothing fresher.
    pub fn age(&self, now: &Moment) -> u64 {
        self.at.elapsed(now).max(now.wall.saturating_sub(self.wall))
    }
}
