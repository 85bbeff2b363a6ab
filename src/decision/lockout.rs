//! What judged misses cause: waits, lockout, and when a password comes first.
#![forbid(unsafe_code)]

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::types::{Spectrum, Unavailable, Verdict};

/// 1 had no `used`.
const VERSION: u8 = 2;
/// Longer than any attempt takes, its challenge included, in seconds: one that is still open after
/// this was killed.
const UNDER_WAY: u64 = 60;

/// A point in time, within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which boot.
    pub boot: [u8; 16],
    /// Seconds since that boot (CLOCK_BOOTTIME).
    pub seconds: u64,
    /// The wall clock, seconds since 1970. It jumps, and root sets it.
    pub wall: u64,
}

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

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutRules {
    /// Judged misses after which there is no face login for now.
    pub misses: u32,
    /// The first wait where nobody reports passwords; each further miss doubles it.
    pub wait: Duration,
    /// Judged misses after which only root allows it again.
    pub total: u32,
    /// Password first after boot. `None`: once this user's password was ever reported, for else
    /// face login would be off for good wherever no stack reports.
    pub password_after_boot: Option<bool>,
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
            password_after_boot: None,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct When {
    boot: [u8; 16],
    seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Password {
    at: When,
    /// Wall clock, seconds since 1970.
    wall: u64,
}

impl When {
    fn at(now: &Moment) -> Self {
        Self {
            boot: now.boot,
            seconds: now.seconds,
        }
    }

    /// Seconds that have surely passed since: across a boot, those since the boot.
    fn elapsed(&self, now: &Moment) -> u64 {
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
    fn age(&self, now: &Moment) -> u64 {
        self.at.elapsed(now).max(now.wall.saturating_sub(self.wall))
    }
}

impl LockoutRules {
    /// Why there is no attempt by this light now.
    pub fn refusal(&self, state: &TallyState, by: Spectrum, now: &Moment) -> Option<Unavailable> {
        self.lockout(state, now)
            .or_else(|| self.password_first(state, by, now))
    }

    fn lockout(&self, state: &TallyState, now: &Moment) -> Option<Unavailable> {
        let few = state.misses < self.misses && state.total < self.total;
        let many =
            state.counted() >= self.misses || state.total.saturating_add(state.open) >= self.total;
        if few
            && many
            && state
                .opened
                .is_some_and(|opened| opened.elapsed(now) < UNDER_WAY)
        {
            // Attempts under way are nobody's misses yet; they may become so, and no more are begun
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

    fn password_first(
        &self,
        state: &TallyState,
        by: Spectrum,
        now: &Moment,
    ) -> Option<Unavailable> {
        let wanted = match &state.password {
            None => self.password_after_boot == Some(true),
            Some(password) => {
                let booted =
                    self.password_after_boot.unwrap_or(true) && password.at.boot != now.boot;
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
        if self
            .opened
            .is_some_and(|opened| opened.elapsed(now) >= UNDER_WAY)
        {
            // Of instances that were killed: nobody will settle them, and what they saw is
            // anybody's guess.
            self.misses = self.misses.saturating_add(self.open);
            self.total = self.total.saturating_add(self.open);
            (self.missed, self.opened, self.open) = (self.opened, None, 0);
            self.generation = self.generation.wrapping_add(1);
        }
        self.open = self.open.saturating_add(1);
        self.opened = Some(When::at(now));
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
            // An attempt that judged nobody leaves no trace: a wait that was over is not begun
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
        // Version 1 ends where `used` begins: nothing is known of it.
        let body = match bytes.split_first()? {
            (1, body) => [body, &[0]].concat(),
            (&VERSION, body) => body.to_vec(),
            _ => return None,
        };
        postcard::take_from_bytes(&body)
            .ok()
            .and_then(|(state, rest)| rest.is_empty().then_some(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: u64 = 1_700_000_000;
    const INFRARED: Spectrum = Spectrum::Infrared;

    fn at(seconds: u64) -> Moment {
        Moment {
            boot: [1; 16],
            seconds,
            wall: WALL + seconds,
        }
    }

    fn rebooted(seconds: u64) -> Moment {
        Moment {
            boot: [2; 16],
            seconds,
            wall: 0,
        }
    }

    fn missed(n: u32, from: u64) -> TallyState {
        let mut state = TallyState::default();
        for i in 0..n {
            state.charge(&at(from + u64::from(i)));
            state.settle(0, AttemptEnd::Missed, &at(from + u64::from(i)));
        }
        state
    }

    fn locked(seconds: impl Into<Option<u32>>) -> Option<Unavailable> {
        Some(Unavailable::LockedOut {
            seconds: seconds.into(),
        })
    }

    #[test]
    fn five_misses_wait_and_each_further_doubles() {
        let rules = LockoutRules::default();
        assert_eq!(rules.refusal(&missed(4, 100), INFRARED, &at(104)), None);
        let mut state = missed(5, 100);
        assert_eq!(rules.refusal(&state, INFRARED, &at(104)), locked(30));
        assert_eq!(rules.refusal(&state, INFRARED, &at(134)), None);
        state.charge(&at(134));
        assert_eq!(rules.refusal(&state, INFRARED, &at(134)), locked(60));
    }

    #[test]
    fn where_passwords_are_reported_only_a_password_ends_it() {
        let rules = LockoutRules::default();
        let mut state = missed(5, 100);
        state.password(&at(90));
        for _ in 0..5 {
            state.charge(&at(100));
        }
        assert_eq!(rules.refusal(&state, INFRARED, &at(100_000)), locked(None));
        state.password(&at(100_001));
        assert_eq!(rules.refusal(&state, INFRARED, &at(100_002)), None);
    }

    #[test]
    fn fifty_misses_are_for_root() {
        let rules = LockoutRules::default();
        let mut state = missed(50, 100);
        state.password(&at(200));
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(1_000_000)),
            locked(None)
        );
        assert!(state.unlock());
        assert_eq!(rules.refusal(&state, INFRARED, &at(201)), None);
    }

    #[test]
    fn a_boot_does_not_shorten_a_wait() {
        let state = missed(5, 1_000_000);
        assert_eq!(
            LockoutRules::default().refusal(&state, INFRARED, &rebooted(3)),
            locked(27)
        );
        assert_eq!(
            LockoutRules::default().refusal(&state, INFRARED, &rebooted(31)),
            None
        );
    }

    #[test]
    fn a_clock_that_goes_back_does_not_shorten_a_wait() {
        assert_eq!(
            LockoutRules::default().refusal(&missed(5, 1000), INFRARED, &at(10)),
            locked(30)
        );
    }

    #[test]
    fn password_first_after_boot_and_after_three_days() {
        let rules = LockoutRules::default();
        let mut state = TallyState::default();
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(5)),
            None,
            "nobody has ever reported a password"
        );
        let strict = LockoutRules {
            password_after_boot: Some(true),
            ..rules
        };
        assert_eq!(
            strict.refusal(&state, INFRARED, &at(5)),
            Some(Unavailable::PasswordRequired)
        );
        state.password(&at(10));
        assert_eq!(rules.refusal(&state, INFRARED, &at(11)), None);
        assert_eq!(
            rules.refusal(&state, INFRARED, &rebooted(11)),
            Some(Unavailable::PasswordRequired)
        );
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(10 + 72 * 3600)),
            Some(Unavailable::PasswordRequired)
        );
    }

    #[test]
    fn an_attempt_that_saw_nobody_is_given_back_once() {
        let mut state = missed(2, 100);
        state.charge(&at(110));
        state.settle(0, AttemptEnd::Nothing, &at(111));
        assert_eq!((state.counted(), state.total), (2, 2));
    }

    #[test]
    fn an_attempt_that_saw_nobody_does_not_begin_a_wait_anew() {
        let (rules, mut state) = (LockoutRules::default(), missed(7, 100));
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(1000)),
            None,
            "two minutes are over"
        );
        state.charge(&at(1000));
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(1001)),
            locked(239),
            "one at a time"
        );
        state.settle(0, AttemptEnd::Nothing, &at(1006));
        assert_eq!(rules.refusal(&state, INFRARED, &at(1006)), None);
    }

    #[test]
    fn attempts_under_way_keep_others_waiting_and_lock_nobody_out() {
        let (rules, mut state) = (LockoutRules::default(), missed(1, 100));
        (0..4).for_each(|_| state.charge(&at(110)));
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(111)),
            Some(Unavailable::Busy)
        );
        (0..4).for_each(|_| state.settle(0, AttemptEnd::Nothing, &at(112)));
        assert_eq!(rules.refusal(&state, INFRARED, &at(112)), None);
        // Whose instances were killed: nobody knows what they would have seen.
        (0..4).for_each(|_| state.charge(&at(120)));
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(120 + UNDER_WAY)),
            None,
            "and the wait is over as well"
        );
        state.charge(&at(200));
        assert_eq!(
            (state.misses, state.total, state.open),
            (5, 5, 1),
            "they count for good"
        );
        state.settle(state.generation, AttemptEnd::Nothing, &at(201));
        assert_eq!(
            rules.refusal(&state, INFRARED, &at(202)),
            None,
            "and an empty chair begins no wait anew"
        );
        state.charge(&at(210));
        state.settle(state.generation, AttemptEnd::Missed, &at(211));
        assert_eq!(rules.refusal(&state, INFRARED, &at(212)), locked(59));
    }

    #[test]
    fn a_password_in_between_counts_no_attempt_twice() {
        let mut state = missed(1, 100);
        state.charge(&at(110));
        state.charge(&at(110));
        state.password(&at(111));
        state.settle(0, AttemptEnd::Nothing, &at(112));
        state.settle(0, AttemptEnd::Missed, &at(113));
        assert_eq!((state.counted(), state.total), (1, 2));
    }

    #[test]
    fn the_two_password_rules_are_apart() {
        let mut state = TallyState::default();
        state.password(&at(10));
        let never = LockoutRules {
            password_after_boot: Some(false),
            ..LockoutRules::default()
        };
        assert_eq!(never.refusal(&state, INFRARED, &rebooted(11)), None);
        let late = Moment {
            wall: WALL + 10 + 72 * 3600,
            ..rebooted(11)
        };
        assert_eq!(
            never.refusal(&state, INFRARED, &late),
            Some(Unavailable::PasswordRequired),
            "the wall clock makes it stricter"
        );
        let back = Moment {
            wall: 0,
            ..at(10 + 72 * 3600)
        };
        assert_eq!(
            never.refusal(&state, INFRARED, &back),
            Some(Unavailable::PasswordRequired),
            "and never looser"
        );
    }

    #[test]
    fn a_miss_judged_after_another_instance_s_match_still_counts() {
        let mut state = TallyState::default();
        state.charge(&at(1));
        state.charge(&at(1));
        state.settle(0, AttemptEnd::Matched, &at(2));
        state.settle(0, AttemptEnd::Missed, &at(3));
        assert_eq!(state.counted(), 1);
        state.settle(0, AttemptEnd::Nothing, &at(4));
        assert_eq!(
            state.counted(),
            1,
            "nothing is given back for a charge that was cleared"
        );
    }

    #[test]
    fn what_color_opens_wants_a_password_sooner() {
        const HOUR: u64 = 3600;
        // Password at 10 s, a match then; when it is asked for again, by color and by infrared.
        for (matched, now, color, infrared) in [
            (None, 10 + 3 * HOUR, false, false),
            (None, 10 + 4 * HOUR, true, false),
            (Some(3 * HOUR), 10 + 6 * HOUR, false, false),
            (Some(3 * HOUR), 7 * HOUR, true, false),
            (Some(23 * HOUR), 10 + 24 * HOUR, true, false),
            (Some(71 * HOUR), 10 + 72 * HOUR, true, true),
        ] {
            let (rules, mut state) = (LockoutRules::default(), TallyState::default());
            state.password(&at(10));
            if let Some(matched) = matched {
                state.settle(0, AttemptEnd::Matched, &at(matched));
            }
            for (by, wanted) in [(Spectrum::Color, color), (Spectrum::Infrared, infrared)] {
                let expected = wanted.then_some(Unavailable::PasswordRequired);
                assert_eq!(
                    rules.refusal(&state, by, &at(now)),
                    expected,
                    "{by:?} at {now}"
                );
            }
        }
    }

    #[test]
    fn a_tally_of_the_version_before_is_read() {
        let mut state = missed(3, 7);
        state.password(&at(9));
        state.used = None;
        let bytes = state.encode().unwrap();
        let old = [&[1], &bytes[1..bytes.len() - 1]].concat();
        assert_eq!(TallyState::decode(&old), Some(state));
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let state = missed(3, 7);
        let bytes = state.encode().unwrap();
        assert_eq!(TallyState::decode(&bytes), Some(state));
        assert!((0..bytes.len()).all(|n| TallyState::decode(&bytes[..n]).is_none()));
        assert_eq!(TallyState::decode(&[bytes.as_slice(), &[0]].concat()), None);
        assert!(bytes.len() <= 256, "the store reads no more");
    }
}
