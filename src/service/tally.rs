//! How often a user may fail, and when a password comes first.
//!
//! What MUST hold:
//! 1. An attempt is charged before any device opens, on disk, so that ending the process does not
//!    give it back.
//! 2. It is given back only where no face was judged and refused, however the attempt ended; misses
//!    are cleared only by a match, a password, or root.
//!    A match is written after its reply: where that is lost, the attempt stays charged.
//! 3. A storage error is not a miss, but nothing is attempted while misses cannot be counted.
//! 4. Time is the boot clock's; across a boot, waiting starts anew. The wall clock only ever makes
//!    it stricter.
//! 5. Every way to be verified comes through here: PAM, `facelockctl test`, root's own logins.

mod clock;

use std::time::{Duration, Instant};

pub use clock::{Clock, SystemClock};

use crate::decision::lockout::{AttemptEnd, LockoutRules, Moment, TallyState};
use crate::store::{Lock, Store, StoreError};
use crate::types::{Spectrum, Unavailable};

/// Why misses cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum TallyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it cannot be told which boot this is: {0}")]
    Clock(std::io::Error),
    #[error("the tally of uid {0} is damaged")]
    Damaged(u32),
    #[error("the tally of uid {0} was written by a later version")]
    Newer(u32),
}

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

/// An attempt that is settled, but for the disk. Nothing else is counted for the user until it is
/// written; dropped, it stays charged.
#[must_use]
pub struct Settled {
    store: Store,
    lock: Lock,
    uid: u32,
    bytes: Vec<u8>,
}

impl Settled {
    /// # Errors
    /// [`TallyError`]: the attempt stays charged.
    pub fn write(&self) -> Result<(), TallyError> {
        Ok(self.store.write(&self.lock, self.uid, &self.bytes)?)
    }
}

/// A charged attempt. Dropped, it stays charged.
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

    /// Charges an attempt by this light, or says why there is none now. `own`: one of the user's
    /// own programs asks, not root's.
    ///
    /// # Errors
    /// [`TallyError`]; inside it [`Unavailable::LockedOut`] or [`Unavailable::PasswordRequired`].
    pub fn begin(
        &self,
        uid: u32,
        by: Spectrum,
        own: bool,
    ) -> Result<Result<Charge, Unavailable>, TallyError> {
        let now = self.now()?;
        let charged = self.change(uid, |state| {
            let own_refusal = || self.rules.own_refusal(state, &now).filter(|_| own);
            if let Some(reason) = self.rules.refusal(state, by, &now).or_else(own_refusal) {
                return Err(reason);
            }
            if own {
                state.ask(&now);
            }
            state.charge(&now);
            Ok(state.generation)
        })?;
        Ok(charged.map(|generation| Charge { uid, generation }))
    }

    /// Settles an attempt.
    ///
    /// # Errors
    /// [`TallyError`]: it stays charged, and a match must not count.
    pub fn settle(&self, attempt: &Charge, ending: AttemptEnd) -> Result<Settled, TallyError> {
        let (uid, now) = (attempt.uid, self.now()?);
        let lock = self.store.lock(uid, Instant::now() + LOCK_PATIENCE)?;
        let mut state = self.load(uid)?;
        state.settle(attempt.generation, ending, &now);
        Ok(Settled {
            store: self.store.clone(),
            lock,
            uid,
            bytes: state.encode().ok_or(TallyError::Damaged(uid))?,
        })
    }

    /// A password succeeded for this user.
    pub fn record_password(&self, uid: u32) -> Result<(), TallyError> {
        let now = self.now()?;
        self.change(uid, |state| state.password(&now))
    }

    /// Root clears everything that was counted; whether there was anything.
    pub fn unlock(&self, uid: u32) -> Result<bool, TallyError> {
        let lock = self.store.lock(uid, Instant::now() + LOCK_PATIENCE)?;
        let (mut state, damaged) = match self.load(uid) {
            Ok(state) => (state, false),
            Err(error @ TallyError::Newer(_)) => return Err(error),
            // What cannot be read cannot be kept: root starts it anew.
            Err(_) => (TallyState::default(), true),
        };
        let changed = state.unlock() || damaged;
        self.store
            .write(&lock, uid, &state.encode().ok_or(TallyError::Damaged(uid))?)?;
        Ok(changed)
    }

    /// What an attempt by this light would meet now: misses counted, and the refusal.
    pub fn peek(&self, uid: u32, by: Spectrum) -> Result<(u32, Option<Unavailable>), TallyError> {
        // What was answered a moment ago is written first. Without a tally no lock file is made.
        let counted = self.store.read(uid, MAX_BYTES)?.is_some();
        let _settled = counted
            .then(|| self.store.lock(uid, Instant::now() + LOCK_PATIENCE))
            .transpose()?;
        let state = self.load(uid)?;
        Ok((
            state.counted(),
            self.rules.refusal(&state, by, &self.now()?),
        ))
    }

    fn now(&self) -> Result<Moment, TallyError> {
        self.clock.now().map_err(TallyError::Clock)
    }

    fn load(&self, uid: u32) -> Result<TallyState, TallyError> {
        match self.store.read(uid, MAX_BYTES)? {
            None => Ok(TallyState::default()),
            Some(bytes) if TallyState::is_newer(&bytes) => Err(TallyError::Newer(uid)),
            Some(bytes) => TallyState::decode(&bytes).ok_or(TallyError::Damaged(uid)),
        }
    }

    fn change<T>(
        &self,
        uid: u32,
        change: impl FnOnce(&mut TallyState) -> T,
    ) -> Result<T, TallyError> {
        let lock = self.store.lock(uid, Instant::now() + LOCK_PATIENCE)?;
        let before = self.load(uid)?;
        let mut state = before.clone();
        let result = change(&mut state);
        if state != before {
            self.store
                .write(&lock, uid, &state.encode().ok_or(TallyError::Damaged(uid))?)?;
        }
        Ok(result)
    }
}
