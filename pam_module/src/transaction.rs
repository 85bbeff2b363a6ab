//! What PAM's transaction is about: whose face, for which service.

use facelock_protocol::{ServiceName, Subject, naming};
use pam::items::Service;
use pam::module::PamHandle;

use crate::code::NoDecision;
use crate::ffi;

pub fn subject(handle: &mut PamHandle) -> Result<Subject, NoDecision> {
    let name = handle
        .get_user(None)
        .map_err(|code| NoDecision(format!("no user: {code:?}")))?;
    naming::resolve(&name, ffi::account_named, ffi::name_of).map_err(|error| {
        if let naming::NameError::Unusable(_) = error {
            ffi::log(handle, libc::LOG_NOTICE, &format!("{name}: {error}"));
        }
        NoDecision(error.to_string())
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
