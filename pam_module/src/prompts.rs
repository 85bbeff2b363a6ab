//! What the person is asked and told, through the host's conversation.

use facelock_protocol::{Consent, ServiceName, Unavailable, words};
use pam::constants::{PAM_PROMPT_ECHO_OFF, PAM_TEXT_INFO};
use pam::conv::Conv;
use pam::items::AuthTok;
use pam::module::PamHandle;
use zeroize::Zeroizing;

use crate::code::NoDecision;
use crate::ffi;

/// "Password, or Enter for face". A typed password goes on to the next module, and no camera opens.
pub fn prompt_password_or_face(
    handle: &mut PamHandle,
    service: &ServiceName,
) -> Result<(), NoDecision> {
    if handle
        .get_item::<AuthTok>()
        .ok()
        .flatten()
        .is_some_and(|password| !password.as_bytes().is_empty())
    {
        return Err(NoDecision("a password was typed already".into()));
    }
    let typed = prompt(handle, words::ask(service.as_str()))?;
    if Consent::is_given(&typed) {
        return Ok(());
    }
    ffi::set_password(handle, &typed);
    Err(NoDecision("a password was typed".into()))
}

/// Confirms a match. A password typed by habit goes on to the next module instead. PAM_SILENT asks
/// for no messages, and sudo always does; a question is not a message. Some hosts never show a
/// prompt's text, and others no message: the question is sent as both.
pub fn confirm(
    handle: &mut PamHandle,
    service: &ServiceName,
    silent: bool,
) -> Result<(), NoDecision> {
    tell(handle, silent, words::RECOGNISED);
    let typed = prompt(handle, words::confirm(service.as_str()))?;
    if Consent::is_given(&typed) {
        return Ok(());
    }
    ffi::set_password(handle, &typed);
    Err(NoDecision("the match was not confirmed".into()))
}

fn prompt(handle: &PamHandle, text: &str) -> Result<Zeroizing<Vec<u8>>, NoDecision> {
    let conversation = handle
        .get_item::<Conv>()
        .ok()
        .flatten()
        .ok_or_else(|| NoDecision("no conversation".into()))?;
    match conversation.send(PAM_PROMPT_ECHO_OFF, &ffi::translated(text)) {
        // No answer at all is not Enter.
        Ok(None) => Err(NoDecision("the prompt was not answered".into())),
        Ok(Some(typed)) => Ok(Zeroizing::new(typed.as_bytes().to_vec())),
        Err(code) => Err(NoDecision(format!("the prompt failed: {code:?}"))),
    }
}

/// Says something that needs no answer. A host that cannot show it changes nothing.
pub fn tell(handle: &PamHandle, silent: bool, text: &str) {
    if !silent && let Ok(Some(conversation)) = handle.get_item::<Conv>() {
        let _ = conversation.send(PAM_TEXT_INFO, &ffi::translated(text));
    }
}

/// Reasons that a person at the prompt can act on, or would wonder about.
pub fn worth_telling(reason: Unavailable) -> bool {
    matches!(
        reason,
        Unavailable::CameraBusy
            | Unavailable::CameraUnplugged
            | Unavailable::VaultRefused
            | Unavailable::VaultFailed
            | Unavailable::LockedOut { .. }
            | Unavailable::PasswordRequired
            | Unavailable::TooDark
            | Unavailable::InfraredRequired
            | Unavailable::OtherCamera
            | Unavailable::NoCamera
            | Unavailable::CameraDenied
            | Unavailable::CameraFailed
            | Unavailable::CameraVirtual
            | Unavailable::CameraSuspended
            | Unavailable::CameraNoAnswer
            | Unavailable::CameraBandwidth
            | Unavailable::CameraCovered
            | Unavailable::EmitterOff
            | Unavailable::VaultSlow
            | Unavailable::ModelsSlow
    )
}
