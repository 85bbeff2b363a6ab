//! How often somebody may be wrong, and when a password is wanted first.
//!
//! What MUST hold:
//! 1. An attempt is charged before any device opens, on disk, so that ending the process does not
//!    give it back.
//! 2. It is given back only where no face was judged and refused, however the attempt ended; misses
//!    are cleared only by a match, a password, or root.
//! 3. A storage error is not a miss, but nothing is attempted while misses cannot be counted.
//! 4. Time is the boot clock's; across a boot, waiting starts anew. The wall clock only ever makes
//!    it stricter.
//! 5. Every way to be verified comes through here: PAM, `facelockctl test`, root's own logins.

mod clock;

use std::time::{Duration, Instant};

pub use clock::{Clock, SystemClock};

use crate::decision::lockout::{AttemptEnd, LockoutRules, Moment, TallyState};
use crate::store::{Store, StoreError};
use crate::types::Unavailable;

/// How long an instance waits for another to write its line.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
/// Largest tally file, in bytes.
const MAX_BYTES: usize = 256;

/// The tally of every user.
pub struct Tally<'a> {
    store: Store,
    rules: LockoutRules,
    clock: &'a dyn Clock,
}

/// A charged attempt. Whoever drops it leaves it charged.
#[must_use]
pub struct Charge {
    uid: u32,
    generation: u32,
}

impl<'a> Tally<'a> {
    pub fn new(store: Store, rules: LockoutRules, clock: &'a dyn Clock) -> Self {
        Self {
            store,
            rules,
            clock,
        }
    }

    /// Charges an attempt, or says why there is none now.
    ///
    /// # Errors
    /// [`Unavailable::LockedOut`], [`Unavailable::PasswordRequired`], [`Unavailable::StoreFailed`].
    pub fn begin(&self, uid: u32) -> Result<Charge, Unavailable> {
        let now = self.now()?;
        let generation = self.change(uid, |state| {
            if let Some(reason) = self.rules.refusal(state, &now) {
                return Err(reason);
            }
            state.charge(&now);
            Ok(state.generation)
        })??;
        Ok(Charge { uid, generation })
    }

    /// Settles an attempt.
    ///
    /// # Errors
    /// [`Unavailable::StoreFailed`]: it stays charged, and a match must not count.
    pub fn finish(&self, attempt: &Charge, ending: AttemptEnd) -> Result<(), Unavailable> {
        let now = self.now()?;
        self.change(attempt.uid, |state| {
            state.settle(attempt.generation, ending, &now)
        })
    }

    /// A password succeeded for this user.
    ///
    /// # Errors
    /// [`Unavailable::StoreFailed`].
    pub fn record_password(&self, uid: u32) -> Result<(), Unavailable> {
        let now = self.now()?;
        self.change(uid, |state| state.password(&now))
    }

    /// Root clears everything that was counted; whether there was anything.
    ///
    /// # Errors
    /// [`Unavailable::StoreFailed`].
    pub fn unlock(&self, uid: u32) -> Result<bool, Unavailable> {
        let lock = self
            .store
            .lock(uid, Instant::now() + LOCK_PATIENCE)
            .map_err(failed)?;
        // What cannot be read cannot be kept: root starts it anew.
        let (mut state, damaged) = self
            .load(uid)
            .map_or((TallyState::default(), true), |state| (state, false));
        let changed = state.unlock() || damaged;
        self.store
            .write(&lock, uid, &state.encode().ok_or(Unavailable::StoreFailed)?)
            .map_err(failed)?;
        Ok(changed)
    }

    /// What an attempt would meet now: misses counted, and the refusal.
    ///
    /// # Errors
    /// [`Unavailable::StoreFailed`].
    pub fn peek(&self, uid: u32) -> Result<(u32, Option<Unavailable>), Unavailable> {
        let state = self.load(uid)?;
        Ok((state.counted(), self.rules.refusal(&state, &self.now()?)))
    }

    fn now(&self) -> Result<Moment, Unavailable> {
        self.clock.now().map_err(|_| Unavailable::StoreFailed)
    }

    fn load(&self, uid: u32) -> Result<TallyState, Unavailable> {
        match self.store.read(uid, MAX_BYTES).map_err(failed)? {
            None => Ok(TallyState::default()),
            Some(bytes) => TallyState::decode(&bytes).ok_or(Unavailable::StoreFailed),
        }
    }

    fn change<T>(
        &self,
        uid: u32,
        change: impl FnOnce(&mut TallyState) -> T,
    ) -> Result<T, Unavailable> {
        let lock = self
            .store
            .lock(uid, Instant::now() + LOCK_PATIENCE)
            .map_err(failed)?;
        let before = self.load(uid)?;
        let mut state = before.clone();
        let result = change(&mut state);
        if state != before {
            self.store
                .write(&lock, uid, &state.encode().ok_or(Unavailable::StoreFailed)?)
                .map_err(failed)?;
        }
        Ok(result)
    }
}

fn failed(error: StoreError) -> Unavailable {
    super::journal::Line::new(super::journal::Priority::Error, "tally")
        .with("error", error)
        .write();
    Unavailable::StoreFailed
}
