//! What PAM's transaction is about: whose face, for which service.

use std::time::{Duration, Instant};

use facelock_protocol::{ServiceName, Subject, naming};
use pam::items::Service;
use pam::module::PamHandle;

use crate::code::NoDecision;
use crate::ffi;

/// Whom PAM names, and what the name services left of `time`. They run in this process, by calls
/// that nothing ends: once the time is over they are asked no more, and nothing else is waited for.
pub fn subject(handle: &mut PamHandle, time: Duration) -> Result<(Subject, Duration), NoDecision> {
    // A person may be asked for it, who has all the time.
    let name = handle
        .get_user(None)
        .map_err(|code| NoDecision(format!("no user: {code:?}")))?;
    let begun = Instant::now();
    let by_uid = |uid| {
        let late = begun.elapsed() >= time;
        (!late).then(|| ffi::name_of(uid)).flatten()
    };
    let subject = naming::resolve(&name, ffi::account_named, by_uid);
    let left = left_of(handle, time, begun)?;
    let subject = subject.map_err(|error| {
        if let naming::NameError::Unusable(_) = error {
            ffi::log(handle, libc::LOG_NOTICE, &format!("{name}: {error}"));
        }
        NoDecision(error.to_string())
    })?;
    Ok((subject, left))
}

/// What is left of `time` since `begun`. Without any there is no decision.
pub fn left_of(handle: &PamHandle, time: Duration, begun: Instant) -> Result<Duration, NoDecision> {
    let taken = begun.elapsed();
    let left = time.checked_sub(taken).filter(|left| !left.is_zero());
    left.ok_or_else(|| {
        let why = format!(
            "the name services (sssd, winbind, LDAP?) took {} s of the {} s that timeout= gives; \
             nothing more is asked",
            taken.as_secs(),
            time.as_secs()
        );
        ffi::log(handle, libc::LOG_NOTICE, &why);
        NoDecision(why)
    })
}

pub fn service(handle: &PamHandle) -> Result<ServiceName, NoDecision> {
    let name = handle.get_item::<Service>().ok().flatten();
    let name = name.map_or_else(
        || "unknown".into(),
        |service| service.to_string_lossy().into_owned(),
    );
    ServiceName::new(name).map_err(|error| NoDecision(format!("service name: {error}")))
}
