//! How soon each mode of a camera gives its first lit frame.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::error::CameraError;
use super::exposure;
use super::formats::{Mode, RATE_FINE};
use super::machine::Machine;
use super::options::{CameraChoice, CameraOptions};
use super::select::{self, Selected};
use super::sink::{Outlet, Sink};
use super::{emitter, lock, session};
use crate::types::{CameraIdentity, Frame, Spectrum};

/// Modes that are tried, the best by their numbers.
const MODES: usize = 6;
/// Tries of each; the middle one counts.
const ROUNDS: usize = 3;
/// The longest wait for light.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long another instance's camera is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// The longest that all of it takes.
pub const LONGEST: Duration = Duration::from_secs(60);

/// One mode, as the configuration and quirks name it, and how long it took; `None` where no lit
/// frame came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeTime {
    pub format: String,
    pub first_lit: Option<Duration>,
}

/// Tries the modes of the camera `identity`, on the calling thread, those first that would be used
/// first. `stop` ends it early.
///
/// # Errors
/// Those of [`super::stream`]; the last one where no mode gave a lit frame.
pub fn time_modes(
    machine: &dyn Machine,
    options: &CameraOptions,
    identity: &str,
    stop: &AtomicBool,
) -> Result<Vec<ModeTime>, CameraError> {
    let wanted = CameraIdentity::new(identity).spectrum();
    let wanted = wanted.ok_or(CameraError::NotFound)?;
    let mut options = CameraOptions {
        enrolled: Vec::new(),
        only_enrolled: false,
        ..options.clone()
    };
    let choice = CameraChoice::Identity(identity.to_owned());
    match wanted {
        Spectrum::Color => options.color = choice,
        Spectrum::Infrared => options.infrared = choice,
    }
    let until = Instant::now() + LOCK_PATIENCE;
    let _lock = lock::acquire(&options, wanted, until, &|| stop.load(Ordering::Relaxed))?;
    if wanted == Spectrum::Infrared {
        // Whatever stands against it will stand against the stream.
        let _ = emitter::restore_under_lock(&options);
    }
    let found = select::candidates(&options, wanted, machine)?;
    let selected = found.first().ok_or(CameraError::NotFound)?;
    let (mut times, mut failed) = (Vec::new(), CameraError::TimedOut);
    for mode in worth_trying(&selected.modes).take(MODES) {
        let first_lit = middle(|| first_lit(machine, &options, (selected, *mode), stop));
        times.push(ModeTime {
            format: mode.to_string(),
            first_lit: first_lit.map_err(|error| failed = error).ok(),
        });
    }
    if times.iter().all(|time| time.first_lit.is_none()) {
        return Err(failed);
    }
    Ok(times)
}

/// Those that show about as much as the first, as often: a faster answer from a worse picture is no
/// gain.
fn worth_trying(modes: &[Mode]) -> impl Iterator<Item = &Mode> {
    let area = |mode: &Mode| mode.width * mode.height;
    let (least, slowest) = modes.first().map_or((0, 0.0), |first| {
        (area(first) / 2, first.speed().min(RATE_FINE))
    });
    let modes = modes.iter();
    modes.filter(move |mode| area(mode) >= least && mode.speed() >= slowest)
}

/// The middle of several tries, which must all succeed.
fn middle(
    mut tried: impl FnMut() -> Result<Duration, CameraError>,
) -> Result<Duration, CameraError> {
    let mut times = [Duration::ZERO; ROUNDS];
    for time in &mut times {
        *time = tried()?;
    }
    times.sort_unstable();
    Ok(times[ROUNDS / 2])
}

fn first_lit(
    machine: &dyn Machine,
    options: &CameraOptions,
    (selected, mode): (&Selected, Mode),
    stop: &AtomicBool,
) -> Result<Duration, CameraError> {
    let light = FirstLight {
        started: Instant::now(),
        after: Cell::new(None),
        stop,
    };
    let wanted = selected.camera.spectrum.ok_or(CameraError::NotFound)?;
    let outlet = Outlet::new(&light, wanted);
    session::stream_mode(selected, mode, options, machine, &outlet)?;
    light.after.get().ok_or(CameraError::TimedOut)
}

/// Waits for light.
struct FirstLight<'a> {
    started: Instant,
    after: Cell<Option<Duration>>,
    stop: &'a AtomicBool,
}

impl Sink for FirstLight<'_> {
    fn opened(&self, _: &CameraIdentity, _: Spectrum) {}

    fn assumed(&self, _: &str) {}

    fn deliver(&self, frame: Frame) {
        if exposure::judge(&frame).lit() {
            self.after.set(Some(self.started.elapsed()));
        }
    }

    fn is_closed(&self) -> bool {
        let is_over = self.after.get().is_some() || self.started.elapsed() >= PATIENCE;
        is_over || self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_try_counts_and_a_failed_one_spoils_all() {
        let mut times = [90, 10, 40].into_iter();
        let tried = middle(|| Ok(Duration::from_millis(times.next().unwrap())));
        assert_eq!(tried, Ok(Duration::from_millis(40)));
        let mut left = 2;
        let tried = middle(|| {
            left -= 1;
            if left == 0 {
                Err(CameraError::Covered)
            } else {
                Ok(Duration::ZERO)
            }
        });
        assert_eq!(tried, Err(CameraError::Covered));
    }
}
