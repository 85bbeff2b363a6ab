//! Why nothing was judged: what was missing says more than that the time was over.
#![forbid(unsafe_code)]

use crate::types::{Spectrum, Unavailable};

/// What an attempt had when it ended.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The open camera's; `None` while there is none.
    pub spectrum: Option<Spectrum>,
    pub frames: u32,
    pub models_ready: bool,
    pub templates_open: bool,
}

/// The reason to give for an attempt that ended with `reason`.
pub fn of(reason: Unavailable, progress: Progress) -> Unavailable {
    match reason {
        // Its light comes from an emitter, and no lamp helps.
        Unavailable::TooDark if progress.spectrum == Some(Spectrum::Infrared) => {
            Unavailable::EmitterOff
        }
        Unavailable::Timeout if progress.frames == 0 => Unavailable::CameraFailed,
        Unavailable::Timeout if !progress.templates_open => Unavailable::VaultSlow,
        Unavailable::Timeout if !progress.models_ready => Unavailable::ModelsSlow,
        reason => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missing_is_the_reason() {
        let progress = |frames, models_ready, templates_open| Progress {
            spectrum: Some(Spectrum::Color),
            frames,
            models_ready,
            templates_open,
        };
        let timeout = |progress| of(Unavailable::Timeout, progress);
        assert_eq!(timeout(progress(9, true, true)), Unavailable::Timeout);
        assert_eq!(timeout(progress(0, true, true)), Unavailable::CameraFailed);
        assert_eq!(timeout(progress(9, true, false)), Unavailable::VaultSlow);
        assert_eq!(timeout(progress(9, false, true)), Unavailable::ModelsSlow);
        let busy = of(Unavailable::CameraBusy, progress(0, false, false));
        assert_eq!(busy, Unavailable::CameraBusy);
    }

    #[test]
    fn darkness_before_an_infrared_camera_is_its_emitters() {
        let dark = |spectrum| {
            let progress = Progress {
                spectrum: Some(spectrum),
                frames: 30,
                models_ready: true,
                templates_open: true,
            };
            of(Unavailable::TooDark, progress)
        };
        assert_eq!(dark(Spectrum::Infrared), Unavailable::EmitterOff);
        assert_eq!(dark(Spectrum::Color), Unavailable::TooDark);
    }
}
