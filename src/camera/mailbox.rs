//! Where the thread that touches the device leaves what it has, and the source picks it up.
#![forbid(unsafe_code)]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::CameraError;
use crate::types::{CameraIdentity, Frame, Illumination};

/// What thread and source tell each other.
#[derive(Default)]
pub(super) struct Sink {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    pub opened: Option<CameraIdentity>,
    pub frame: Option<Frame>,
    pub error: Option<CameraError>,
    pub closed: bool,
    pub ended: bool,
}

impl Sink {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held leaves plain values, each whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn change(&self, with: impl FnOnce(&mut State)) {
        with(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits until `ready` finds something, or `deadline`.
    pub fn wait<T>(
        &self,
        deadline: Instant,
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some(found) = ready(&mut state) {
                return Some(found);
            }
            let left = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())?;
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Whether the source is gone and the camera should be closed.
    pub fn closed(&self) -> bool {
        self.state().closed
    }

    /// Whether [`Sink::opened`] was told already.
    pub fn is_open(&self) -> bool {
        self.state().opened.is_some()
    }

    /// The stream runs; the camera answers by this name.
    pub fn opened(&self, identity: &CameraIdentity) {
        self.change(|state| state.opened = Some(identity.clone()));
    }

    /// The newest frame replaces the one not taken, except that an unlit one never replaces a lit
    /// one: a caller half as fast as a strobing camera would otherwise see nothing but darkness.
    pub fn deliver(&self, frame: Frame) {
        self.change(|state| {
            let lit = |frame: &Frame| frame.illumination == Illumination::Lit;
            let keep =
                frame.illumination == Illumination::Unlit && state.frame.as_ref().is_some_and(lit);
            if !keep {
                state.frame = Some(frame);
            }
        });
    }
}

/// Marks the thread's end however it ends, a panic in a driver crate included.
pub(super) struct EndMark(pub Arc<Sink>);

impl Drop for EndMark {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.ended = true;
            state.error.get_or_insert_with(|| {
                CameraError::Failed("its driver crate ended the stream".into())
            });
        });
    }
}
