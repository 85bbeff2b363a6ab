//! What judged misses cause: waits, lockout, and when a password comes first.
#![forbid(unsafe_code)]

mod moment;

use std::time::Duration;

use facelock_protocol::PasswordReport;
use serde::{Deserialize, Serialize};

pub use moment::Moment;
use moment::{Password, When};

use crate::types::{Spectrum, Unavailable, Verdict};

/// 1 had no `used`.
const VERSION: u8 = 2;
/// Longer than any attempt takes, its challenge included, in seconds: one that is still open after
/// this was killed.
const UNDER_WAY: u64 = 60;

/// How an attempt ended, as far as the tally is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    Matched,
    /// A face was judged and was not let in, or an attempt that had begun to refuse one was cut
    /// off.
    Missed,
    /// No face was refused.
    Nothing,
}

impl From<Verdict> for AttemptEnd {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Match => AttemptEnd::Matched,
            Verdict::NonMatch | Verdict::AttackSuspected => AttemptEnd::Missed,
        }
    }
}

/// Attempts that the user's own programs (lockers, or anything else) may ask for in [`OWN_WINDOW`]
/// seconds: a locker that asks again while no face comes stays below, and a program that watches
/// who sits there does not.
const OWN_ASKS: u32 = 300;
const OWN_WINDOW: u64 = 3600;

/// Whether a password comes first after a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterBoot {
    /// Once this user's password was ever reported, for else face login would be off for good
    /// wherever no stack reports.
    Auto,
    Always,
    Never,
}

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutRules {
    /// Judged misses after which there is no face login for now.
    pub misses: u32,
    /// The first wait where no stack reports passwords; each further miss doubles it.
    pub wait: Duration,
    /// Judged misses after which only root allows it again.
    pub total: u32,
    pub password_after_boot: AfterBoot,
    /// Password again after this long, for a face that infrared checks.
    pub password_every: Duration,
    /// The same for a face that only color checks: a convenience, which a good picture may pass.
    pub color_password_every: Duration,
    /// Password again where color was not used for this long.
    pub color_unused: Duration,
}

impl Default for LockoutRules {
    fn default() -> Self {
        Self {
            misses: 5,
            wait: Duration::from_secs(30),
            total: 50,
            password_after_boot: AfterBoot::Auto,
            password_every: Duration::from_secs(72 * 3600),
            color_password_every: Duration::from_secs(24 * 3600),
            color_unused: Duration::from_secs(4 * 3600),
        }
    }
}

/// What is counted for one user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyState {
    /// Judged misses since a match, a password or root's unlock.
    misses: u32,
    /// Judged misses since a match or root's unlock.
    pub total: u32,
    /// Attempts begun and not settled: under way, or of instances that were killed.
    open: u32,
    /// Goes up whenever misses are cleared, so that an attempt begun before is not given back
    /// after.
    pub generation: u32,
    /// The last judged miss.
    missed: Option<When>,
    /// When the newest of the open attempts began.
    opened: Option<When>,
    /// The last password reported.
    password: Option<Password>,
    /// The last match or password.
    used: Option<When>,
    /// When `opened` was, in seconds that the machine was awake: an attempt that a suspend held up
    /// is still under way.
    opened_awake: u64,
    /// Attempts that the user's own programs asked for, and since when they are counted.
    asked: u32,
    asked_since: Option<When>,
}

impl LockoutRules {
    /// Why there is no attempt by this light now.
    pub fn refusal(&self, state: &TallyState, by: Spectrum, now: &Moment) -> Option<Unavailable> {
        self.lockout(state, now)
            .or_else(|| self.password_first(state, by, now))
    }

    /// Why one of the user's own programs gets no attempt now. Root's programs do: a login is never
    /// kept out by what runs as its user.
    pub fn own_refusal(&self, state: &TallyState, now: &Moment) -> Option<Unavailable> {
        let since = state.asked_for(now).filter(|_| state.asked >= OWN_ASKS)?;
        Some(Unavailable::LockedOut {
            seconds: Some((OWN_WINDOW - since) as u32),
        })
    }

    fn lockout(&self, state: &TallyState, now: &Moment) -> Option<Unavailable> {
        let few = state.misses < self.misses && state.total < self.total;
        let many =
            state.counted() >= self.misses || state.total.saturating_add(state.open) >= self.total;
        if few && many && state.is_under_way(now) {
            // Attempts under way are no misses yet; they may become so, and no more are begun
            // until they end.
            return Some(Unavailable::Busy);
        }
        if state.total.saturating_add(state.open) >= self.total {
            return Some(Unavailable::LockedOut { seconds: None });
        }
        let beyond = state.counted().checked_sub(self.misses)?;
        if state.password.is_some() {
            return Some(Unavailable::LockedOut { seconds: None });
        }
        let wait = self.wait.as_secs().max(1) << beyond.min(16);
        let since = [state.missed, state.opened]
            .iter()
            .flatten()
            .map(|when| when.elapsed(now))
            .min();
        let left = wait.saturating_sub(since.unwrap_or(0));
        (left > 0).then(|| Unavailable::LockedOut {
            seconds: Some(left.try_into().unwrap_or(u32::MAX)),
        })
    }

    /// When a password comes first for a face that this light checks, as status tells it.
    pub fn password_rule(&self, by: Spectrum) -> PasswordReport {
        let hours = |time: Duration| u32::try_from(time.as_secs() / 3600).unwrap_or(u32::MAX);
        let (every, unused) = match by {
            Spectrum::Infrared => (self.password_every, None),
            Spectrum::Color => (self.color_password_every, Some(self.color_unused)),
        };
        PasswordReport {
            spectrum: by,
            after_boot: match self.password_after_boot {
                AfterBoot::Auto => None,
                AfterBoot::Always => Some(true),
                AfterBoot::Never => Some(false),
            },
            every_h: hours(every),
            unused_h: unused.map(hours),
        }
    }

    fn password_first(
        &self,
        state: &TallyState,
        by: Spectrum,
        now: &Moment,
    ) -> Option<Unavailable> {
        let wanted = match &state.password {
            None => self.password_after_boot == AfterBoot::Always,
            Some(password) => {
                let booted =
                    self.password_after_boot != AfterBoot::Never && password.at.boot != now.boot;
                let used = state.used.unwrap_or(password.at);
                booted
                    || match by {
                        Spectrum::Infrared => password.age(now) >= self.password_every.as_secs(),
                        Spectrum::Color => {
                            password.age(now) >= self.color_password_every.as_secs()
                                || used.elapsed(now) >= self.color_unused.as_secs()
                        }
                    }
            }
        };
        wanted.then_some(Unavailable::PasswordRequired)
    }
}

impl TallyState {
    /// Misses, and attempts that may become so.
    pub fn counted(&self) -> u32 {
        self.misses.saturating_add(self.open)
    }

    pub fn charge(&mut self, now: &Moment) {
        if self.opened.is_some() && !self.is_under_way(now) {
            // Of instances that were killed: they are never settled, and what they saw is
            // unknown.
            self.misses = self.misses.saturating_add(self.open);
            self.total = self.total.saturating_add(self.open);
            (self.missed, self.opened, self.open) = (self.opened, None, 0);
            self.generation = self.generation.wrapping_add(1);
        }
        self.open = self.open.saturating_add(1);
        self.opened = Some(When::at(now));
        self.opened_awake = now.awake;
    }

    /// Whether the newest of the open attempts may still be settled.
    fn is_under_way(&self, now: &Moment) -> bool {
        let same_boot = self.opened.is_some_and(|opened| opened.boot == now.boot);
        same_boot && now.awake.saturating_sub(self.opened_awake) < UNDER_WAY
    }

    /// Counts an attempt that one of the user's own programs asks for.
    pub fn ask(&mut self, now: &Moment) {
        if self.asked_for(now).is_none() {
            (self.asked, self.asked_since) = (0, Some(When::at(now)));
        }
        self.asked = self.asked.saturating_add(1);
    }

    /// Seconds for which they are counted already.
    fn asked_for(&self, now: &Moment) -> Option<u64> {
        let since = self.asked_since?.elapsed(now);
        (since < OWN_WINDOW).then_some(since)
    }

    pub fn settle(&mut self, generation: u32, ending: AttemptEnd, now: &Moment) {
        if ending == AttemptEnd::Matched {
            self.total = 0;
            self.clear();
            self.used = Some(When::at(now));
            return;
        }
        if generation == self.generation {
            self.open = self.open.saturating_sub(1);
            // An attempt that judged no face leaves no trace: a wait that was over is not begun
            // anew.
            self.opened = self.opened.filter(|_| self.open > 0);
        }
        if ending == AttemptEnd::Missed {
            self.misses = self.misses.saturating_add(1);
            self.total = self.total.saturating_add(1);
            self.missed = Some(When::at(now));
        }
    }

    pub fn password(&mut self, now: &Moment) {
        self.clear();
        self.password = Some(Password {
            at: When::at(now),
            wall: now.wall,
        });
        self.used = Some(When::at(now));
    }

    pub fn unlock(&mut self) -> bool {
        let counted = self.counted() > 0 || self.total > 0;
        self.total = 0;
        self.clear();
        counted
    }

    fn clear(&mut self) {
        (self.misses, self.open, self.opened) = (0, 0, None);
        self.generation = self.generation.wrapping_add(1);
    }

    pub fn encode(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, vec![VERSION]).ok()
    }

    /// Whether a later version wrote these bytes: they are not to be replaced.
    pub fn is_newer(bytes: &[u8]) -> bool {
        bytes.first().is_some_and(|version| *version > VERSION)
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        // Version 1 ends where `used` begins: nothing is known of it, nor of what follows.
        let body = match bytes.split_first()? {
            (1, body) => [body, &[0; 4]].concat(),
            (&VERSION, body) => body.to_vec(),
            _ => return None,
        };
        postcard::take_from_bytes(&body)
            .ok()
            .and_then(|(state, rest)| rest.is_empty().then_some(state))
    }
}

#[cfg(test)]
mod tests;
