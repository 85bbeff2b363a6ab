//! From a request to its reply: may this peer ask, and which file's work is it.

use facelock_protocol::{Denied, Reply, Request};

use super::context::Context;
use super::failure::Answer;
use super::journal::Priority;
use super::{admin, enroll, first_light, keyring, preview, verify};
use crate::decision::access::{self, Templates};
use crate::decision::keyring as decision;
use crate::sandbox::fence;
use crate::types::Unavailable;

/// The reply to `request`. Whatever stops an answer before it is one is `Unavailable`, never a
/// verdict.
pub fn dispatch(context: &Context, request: Request) -> Reply {
    if !access::permits(context.asker.peer, &request) {
        return Reply::Denied(denied(context));
    }
    let subject = access::subject(&request).cloned();
    insist_on_sandbox(context, &request)
        .map(|()| fence(context, &request))
        .and_then(|()| answer(context, request))
        .unwrap_or_else(|failure| failure.reply(&context.asker, subject.as_ref()))
}

/// The one check before everything that opens the vault, a store or a camera. Outside the sandbox
/// only the status is told, for it says what is missing; it opens neither vault nor camera then.
fn insist_on_sandbox(context: &Context, request: &Request) -> Answer<()> {
    if context.is_confined() || matches!(request, Request::Status { .. }) {
        return Ok(());
    }
    let missing: Vec<String> = context
        .sandbox_missing
        .iter()
        .map(ToString::to_string)
        .collect();
    context
        .asker
        .line(Priority::Error, "sandbox", access::subject(request))
        .with("missing", missing.join(", "))
        .write();
    Err(Unavailable::SandboxMissing.into())
}

/// Takes from this thread, and from all that it starts, the templates and passwords that the
/// request is not about. A fence beside the other walls: where it cannot be put up, the journal
/// says so and the request goes on.
fn fence(context: &Context, request: &Request) {
    let uid = access::subject(request).map(|subject| subject.uid);
    let reach = [
        (&context.enrollments, access::templates(request)),
        (
            &context.passwords,
            decision::reach(context.asker.peer, request),
        ),
    ];
    let closed = reach.iter().filter_map(|(store, reach)| match reach {
        Templates::All => None,
        Templates::Own => Some((store.folder(), uid)),
        Templates::None => Some((store.folder(), None)),
    });
    let closed: Vec<fence::Closed> = closed.collect();
    if !context.config.sandbox.require || closed.is_empty() {
        return;
    }
    let Err(error) = fence::keep_out(&closed) else {
        return;
    };
    let line = (context.asker).line(Priority::Warning, "fence", access::subject(request));
    line.with("error", error).write();
}

/// A refusal that is told: what the table does not list, and a peer that the kernel hides.
fn denied(context: &Context) -> Denied {
    let peer = context.asker.peer;
    let line = context.asker.line(Priority::Notice, "denied", None);
    let line = line.with("peer_pid", peer.pid);
    if !peer.is_nobody() {
        line.write();
        return Denied::NotPermitted;
    }
    line.with(
        "why",
        "the peer's uid has no mapping in the unit's user namespace; \
         docs/security.md has the drop-in for uids above 65535",
    )
    .write();
    Denied::HiddenPeer
}

fn answer(context: &Context, request: Request) -> Answer<Reply> {
    match request {
        Request::Verify {
            subject,
            service,
            consent,
            evidence,
        } => verify::verify(context, &subject, &service, consent, &evidence),
        Request::Test { subject } => verify::test(context, &subject),
        Request::Enroll { subject, label } => enroll::enroll(context, &subject, label),
        Request::List { subject } => admin::list(context, &subject),
        Request::Remove { subject, template } => admin::remove(context, &subject, template),
        Request::Clear { subject } => admin::clear(context, &subject),
        Request::Status { subject } => admin::status(context, &subject),
        Request::Reseal {
            subject,
            recovery_key,
        } => admin::reseal(context, &subject, &recovery_key),
        Request::RecordPassword { subject } => admin::record_password(context, &subject),
        Request::Unlock { subject } => admin::unlock(context, &subject),
        Request::Devices => admin::devices(context),
        Request::Preview { seconds } => preview::preview(context, seconds),
        Request::TimeModes { camera } => first_light::time_modes(context, camera),
        Request::MoveCamera { subject, from, to } => {
            admin::move_camera(context, &subject, &from, &to)
        }
        Request::Rename {
            subject,
            template,
            label,
        } => admin::rename(context, &subject, template, &label),
        Request::KeyringStore { subject, password } => keyring::store(context, &subject, &password),
        Request::KeyringForget { subject } => keyring::forget(context, &subject),
        Request::KeyringChange { subject, old, new } => {
            keyring::change(context, &subject, &old, &new)
        }
        Request::KeyringStatus { subject } => Ok(keyring::status(context, &subject)),
        Request::TryEmitter(trial) => admin::try_emitter(context, trial),
    }
}
