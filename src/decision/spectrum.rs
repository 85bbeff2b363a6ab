//! Which camera (color or infrared) a user may be verified with.
//!
//! What MUST hold: once a user has an infrared template, or where the configuration asks for
//! infrared always, no color camera lets that user in, whatever is plugged in or pulled out.
#![forbid(unsafe_code)]

use facelock_protocol::CameraReport;

use serde::Deserialize;

use crate::types::{Spectrum, Unavailable};

/// Whether a color camera alone may let a user in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequireInfrared {
    /// Not once an infrared template is enrolled; before that it may.
    Enrolled,
    /// Never.
    Always,
}

/// The camera that a login with these templates opens; there are some.
///
/// # Errors
/// [`Unavailable::InfraredRequired`]: no template is one that the rule accepts.
pub fn for_login(templates: &[Spectrum], rule: RequireInfrared) -> Result<Spectrum, Unavailable> {
    if templates.contains(&Spectrum::Infrared) {
        return Ok(Spectrum::Infrared);
    }
    match rule {
        RequireInfrared::Enrolled => Ok(Spectrum::Color),
        RequireInfrared::Always => Err(Unavailable::InfraredRequired),
    }
}

/// The identity of the camera in use that a login would open; before an enrollment, the one that
/// would be enrolled on.
///
/// # Errors
/// [`Unavailable::InfraredRequired`], [`Unavailable::NoCamera`]; [`Unavailable::OtherCamera`] where
/// there is one, but none in use.
pub fn camera(
    cameras: &[CameraReport],
    templates: &[Spectrum],
    rule: RequireInfrared,
) -> Result<String, Unavailable> {
    let used = |wanted: Spectrum| {
        let found = cameras
            .iter()
            .find(|camera| camera.used && camera.spectrum == Some(wanted));
        found.map(|camera| camera.identity.clone())
    };
    if !templates.is_empty() {
        let wanted = for_login(templates, rule)?;
        let other = |camera: &CameraReport| camera.spectrum == Some(wanted) && !camera.is_virtual;
        let why_none = if cameras.iter().any(other) {
            Unavailable::OtherCamera
        } else {
            Unavailable::NoCamera
        };
        return used(wanted).ok_or(why_none);
    }
    match (used(Spectrum::Infrared), rule) {
        (Some(identity), _) => Ok(identity),
        (None, RequireInfrared::Always) => Err(Unavailable::InfraredRequired),
        (None, RequireInfrared::Enrolled) => used(Spectrum::Color).ok_or(Unavailable::NoCamera),
    }
}

#[cfg(test)]
mod tests {
    use RequireInfrared::{Always, Enrolled};

    use super::*;

    fn used(spectrum: Spectrum) -> CameraReport {
        CameraReport {
            identity: format!("{spectrum:?}"),
            group: String::new(),
            name: String::new(),
            driver: String::new(),
            bus: String::new(),
            usb: None,
            spectrum: Some(spectrum),
            is_virtual: false,
            formats: Vec::new(),
            used: true,
            reason: String::new(),
        }
    }

    #[test]
    fn one_infrared_template_ends_logins_by_color() {
        let both = [Spectrum::Color, Spectrum::Infrared];
        for rule in [Enrolled, Always] {
            assert_eq!(for_login(&both, rule), Ok(Spectrum::Infrared));
        }
        assert_eq!(for_login(&both[..1], Enrolled), Ok(Spectrum::Color));
        assert_eq!(
            for_login(&both[..1], Always),
            Err(Unavailable::InfraredRequired)
        );
    }

    #[test]
    fn status_names_the_camera_that_a_login_would_open() {
        let cameras = [used(Spectrum::Color), used(Spectrum::Infrared)];
        let (color, infrared) = ([Spectrum::Color], [Spectrum::Infrared]);
        let named = |name: &str| Ok(name.to_owned());
        assert_eq!(camera(&cameras, &color, Enrolled), named("Color"));
        assert_eq!(camera(&cameras, &infrared, Enrolled), named("Infrared"));
        assert_eq!(
            camera(&cameras[..1], &infrared, Enrolled),
            Err(Unavailable::NoCamera)
        );
        let other = CameraReport {
            used: false,
            ..used(Spectrum::Color)
        };
        assert_eq!(
            camera(&[other], &color, Enrolled),
            Err(Unavailable::OtherCamera)
        );
        assert_eq!(
            camera(&cameras, &color, Always),
            Err(Unavailable::InfraredRequired)
        );
        assert_eq!(camera(&cameras, &[], Enrolled), named("Infrared"));
        assert_eq!(camera(&cameras[..1], &[], Enrolled), named("Color"));
        assert_eq!(
            camera(&cameras[..1], &[], Always),
            Err(Unavailable::InfraredRequired)
        );
    }
}
