//! Whose enrollment is whose, and which cameras it names.
//!
//! What MUST hold: a uid that now has another name has no enrollment.

use std::time::{Duration, Instant};

use super::context::Context;
use super::failure::{Answer, Failure};
use super::journal::Priority;
use crate::camera::CameraOptions;
use crate::store::{Enrollment, Lock};
use crate::types::{CameraIdentity, Subject, Unavailable};

/// How long a change waits for another instance's change of the same user.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// The subject's enrollment, if there is one; a uid that has another name now has none.
///
/// # Errors
/// The store's failure.
pub fn find(context: &Context, subject: &Subject) -> Answer<Option<Enrollment>> {
    let Some(enrollment) = context.enrollments.load(subject.uid)? else {
        return Ok(None);
    };
    if enrollment.user != subject.name.as_str() {
        context
            .line(Priority::Warning, "enrollment", subject)
            .with("enrolled_as", &enrollment.user)
            .write();
        return Ok(None);
    }
    Ok(Some(enrollment).filter(|enrollment| !enrollment.templates.is_empty()))
}

/// The subject's enrollment.
///
/// # Errors
/// [`Unavailable::NotEnrolled`], or the store's failure.
pub fn of(context: &Context, subject: &Subject) -> Answer<Enrollment> {
    find(context, subject)?.ok_or(Failure::Refused(Unavailable::NotEnrolled))
}

/// Holds the subject's enrollment against other instances.
///
/// # Errors
/// [`Unavailable::Busy`].
pub fn hold(context: &Context, subject: &Subject) -> Answer<Lock> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    Ok(context.enrollments.lock(subject.uid, deadline)?)
}

/// The configured cameras, and those that the user is enrolled on before all others.
pub fn camera_options(context: &Context, enrollment: &Enrollment) -> CameraOptions {
    let enrolled = enrollment.cameras();
    CameraOptions {
        enrolled: enrolled.into_iter().map(CameraIdentity::new).collect(),
        ..context.config.camera_options()
    }
}

/// What a login may open: the cameras that the user is enrolled on, and no other.
pub fn login_camera_options(context: &Context, enrollment: &Enrollment) -> CameraOptions {
    CameraOptions {
        only_enrolled: true,
        ..camera_options(context, enrollment)
    }
}
