//! What a tally causes. Pure.
#![forbid(unsafe_code)]

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Ending, Moment};
use crate::types::Unavailable;

const VERSION: u8 = 1;

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Judged misses after which there is no face login for now.
    pub misses: u32,
    /// The first wait where nobody reports passwords; each further miss doubles it.
    pub wait: Duration,
    /// Judged misses after which only root allows it again.
    pub total: u32,
    /// Password first after boot. `None`: once this user's password was ever reported, for else face login would be off for
    /// good wherever no stack reports.
    pub password_after_boot: Option<bool>,
    /// Password again after this long.
    pub password_every: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            misses: 5,
            wait: Duration::from_secs(30),
            total: 50,
            password_after_boot: None,
            password_every: Duration::from_secs(72 * 3600),
        }
    }
}

/// What is counted for one user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Misses, and attempts under way.
    pub misses: u32,
    /// Misses since a match or root's unlock.
    pub total: u32,
    /// Goes up whenever misses are cleared, so that an attempt begun before is not given back after.
    pub generation: u32,
    last: Option<When>,
    /// The last password reported.
    password: Option<When>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct When {
    boot: [u8; 16],
    seconds: u64,
}

impl When {
    fn at(now: &Moment) -> Option<Self> {
        Some(Self { boot: now.boot, seconds: now.seconds })
    }

    /// Seconds that have surely passed since: across a boot, those since the boot.
    fn elapsed(&self, now: &Moment) -> u64 {
        if self.boot == now.boot { now.seconds.saturating_sub(self.seconds) } else { now.seconds }
    }
}

impl Rules {
    /// Why there is no attempt now.
    pub fn refusal(&self, state: &State, now: &Moment) -> Option<Unavailable> {
        if state.total >= self.total {
            return Some(Unavailable::LockedOut { seconds: None });
        }
        if state.misses >= self.misses {
            if state.password.is_some() {
                return Some(Unavailable::LockedOut { seconds: None });
            }
            let doublings = (state.misses - self.misses).min(16);
            let wait = self.wait.as_secs().max(1) << doublings;
            let left = wait.saturating_sub(state.last.map_or(0, |last| last.elapsed(now)));
            if left > 0 {
                return Some(Unavailable::LockedOut { seconds: Some(left.try_into().unwrap_or(u32::MAX)) });
            }
        }
        let wanted = self.password_after_boot.unwrap_or(state.password.is_some());
        let fresh = state
            .password
            .is_some_and(|password| password.boot == now.boot && password.elapsed(now) < self.password_every.as_secs());
        (wanted && !fresh).then_some(Unavailable::PasswordRequired)
    }
}

impl State {
    pub fn charge(&mut self, now: &Moment) {
        self.misses = self.misses.saturating_add(1);
        self.total = self.total.saturating_add(1);
        self.last = When::at(now);
    }

    pub fn settle(&mut self, generation: u32, ending: Ending, now: &Moment) {
        let ours = generation == self.generation;
        match ending {
            Ending::Matched => {
                (self.misses, self.total) = (0, 0);
                self.generation = self.generation.wrapping_add(1);
            }
            Ending::Missed if ours => self.last = When::at(now),
            Ending::Missed => self.charge(now),
            Ending::Nothing if ours => {
                self.misses = self.misses.saturating_sub(1);
                self.total = self.total.saturating_sub(1);
            }
            Ending::Nothing => {}
        }
    }

    pub fn password(&mut self, now: &Moment) {
        self.misses = 0;
        self.generation = self.generation.wrapping_add(1);
        self.password = When::at(now);
    }

    pub fn unlock(&mut self) -> bool {
        let counted = self.misses > 0 || self.total > 0;
        (self.misses, self.total) = (0, 0);
        self.generation = self.generation.wrapping_add(1);
        counted
    }

    pub fn encode(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, vec![VERSION]).ok()
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_prefix(&[VERSION])?;
        postcard::take_from_bytes(body).ok().and_then(|(state, rest)| rest.is_empty().then_some(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment { boot: [1; 16], seconds }
    }

    fn rebooted(seconds: u64) -> Moment {
        Moment { boot: [2; 16], seconds }
    }

    fn missed(n: u32, from: u64) -> State {
        let mut state = State::default();
        for i in 0..n {
            state.charge(&at(from + u64::from(i)));
            state.settle(0, Ending::Missed, &at(from + u64::from(i)));
        }
        state
    }

    fn locked(seconds: impl Into<Option<u32>>) -> Option<Unavailable> {
        Some(Unavailable::LockedOut { seconds: seconds.into() })
    }

    #[test]
    fn five_misses_wait_and_each_further_doubles() {
        let rules = Rules::default();
        assert_eq!(rules.refusal(&missed(4, 100), &at(104)), None);
        let mut state = missed(5, 100);
        assert_eq!(rules.refusal(&state, &at(104)), locked(30));
        assert_eq!(rules.refusal(&state, &at(134)), None);
        state.charge(&at(134));
        assert_eq!(rules.refusal(&state, &at(134)), locked(60));
    }

    #[test]
    fn where_passwords_are_reported_only_a_password_ends_it() {
        let rules = Rules::default();
        let mut state = missed(5, 100);
        state.password(&at(90));
        for _ in 0..5 {
            state.charge(&at(100));
        }
        assert_eq!(rules.refusal(&state, &at(100_000)), locked(None));
        state.password(&at(100_001));
        assert_eq!(rules.refusal(&state, &at(100_002)), None);
    }

    #[test]
    fn fifty_misses_are_for_root() {
        let rules = Rules::default();
        let mut state = missed(50, 100);
        state.password(&at(200));
        assert_eq!(rules.refusal(&state, &at(1_000_000)), locked(None));
        assert!(state.unlock());
        assert_eq!(rules.refusal(&state, &at(201)), None);
    }

    #[test]
    fn a_boot_does_not_shorten_a_wait() {
        let state = missed(5, 1_000_000);
        assert_eq!(Rules::default().refusal(&state, &rebooted(3)), locked(27));
        assert_eq!(Rules::default().refusal(&state, &rebooted(31)), None);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_shorten_a_wait() {
        assert_eq!(Rules::default().refusal(&missed(5, 1000), &at(10)), locked(30));
    }

    #[test]
    fn password_first_after_boot_and_after_three_days() {
        let rules = Rules::default();
        let mut state = State::default();
        assert_eq!(rules.refusal(&state, &at(5)), None, "nobody has ever reported a password");
        let strict = Rules { password_after_boot: Some(true), ..rules };
        assert_eq!(strict.refusal(&state, &at(5)), Some(Unavailable::PasswordRequired));
        state.password(&at(10));
        assert_eq!(rules.refusal(&state, &at(11)), None);
        assert_eq!(rules.refusal(&state, &rebooted(11)), Some(Unavailable::PasswordRequired));
        assert_eq!(rules.refusal(&state, &at(10 + 72 * 3600)), Some(Unavailable::PasswordRequired));
    }

    #[test]
    fn an_attempt_that_saw_nobody_is_given_back_once() {
        let mut state = missed(2, 100);
        state.charge(&at(110));
        state.settle(0, Ending::Nothing, &at(111));
        assert_eq!((state.misses, state.total), (2, 2));
    }

    #[test]
    fn a_miss_judged_after_another_instance_s_match_still_counts() {
        let mut state = State::default();
        state.charge(&at(1));
        state.charge(&at(1));
        state.settle(0, Ending::Matched, &at(2));
        state.settle(0, Ending::Missed, &at(3));
        assert_eq!(state.misses, 1);
        state.settle(0, Ending::Nothing, &at(4));
        assert_eq!(state.misses, 1, "nothing is given back for a charge that was cleared");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let state = missed(3, 7);
        let bytes = state.encode().unwrap();
        assert_eq!(State::decode(&bytes), Some(state));
        assert!((0..bytes.len()).all(|n| State::decode(&bytes[..n]).is_none()));
        assert_eq!(State::decode(&[bytes.as_slice(), &[0]].concat()), None);
        assert!(bytes.len() <= super::super::MAX_BYTES);
    }
}
