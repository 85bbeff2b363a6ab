//! Why samples are not enrolled.

use crate::service::context::Context;
use crate::service::failure::Failure;
use crate::service::journal::Priority;
use crate::types::{Subject, Unavailable};

/// Told to the journal, where facelockctl finds it for a caller who may read it.
pub fn refused(context: &Context, subject: &Subject, why: &str) -> Failure {
    context
        .line(Priority::Notice, "enroll", subject)
        .with("refused", why)
        .write();
    Failure::Refused(Unavailable::EnrollmentRejected)
}
