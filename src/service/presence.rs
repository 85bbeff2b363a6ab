//! Who is at this machine, and whether a face is looked for.
//!
//! What MUST hold:
//! 1. Nothing is opened before the gates are passed: no store, no vault, no camera.
//! 2. A peer that is not root is believed only where it speaks against itself. For such a peer the
//!    session that logind shows for its uid counts too, and its process's own where /proc tells.
//! 3. Whatever cannot be read is absent.

use facelock_protocol::{Asker, Evidence, Gate, Place, Requester, ServiceName, ServiceReport};

use super::context::Context;
use super::journal::Priority;
use crate::decision::access::gate;
use crate::decision::services::{Console, Service};
use crate::types::{Peer, Subject, Unavailable};

/// Passes the gates, or says in the journal which one is closed.
///
/// # Errors
/// [`Unavailable::NotAdmitted`].
pub fn admit<'a>(
    context: &'a Context,
    subject: &Subject,
    name: &ServiceName,
    claimed: &Evidence,
) -> Result<&'a Service, Unavailable> {
    let service = context.config.service(name.as_str());
    let mut evidence = believed(claimed, context.asker.peer);
    evidence.lid_closed &= !context.config.presence.ignore_lid;
    let presence = context
        .records
        .presence(subject.uid, &evidence, context.asker.peer);
    match (gate(subject.uid, service, &evidence, &presence), service) {
        (Ok(()), Some(service)) => Ok(service),
        (Err(closed), _) => {
            context
                .line(Priority::Notice, "gate", subject)
                .with("service", name)
                .with("gate", closed.name())
                .with("asker", asker(&evidence))
                .write();
            Err(Unavailable::NotAdmitted(closed))
        }
        (Ok(()), None) => Err(Unavailable::NotAdmitted(Gate::Unlisted)),
    }
}

fn asker(evidence: &Evidence) -> String {
    match evidence.asker() {
        Asker::Uid(uid) => uid.to_string(),
        Asker::Root => "root".into(),
        Asker::Unclear => "unclear".into(),
    }
}

/// What each listed service would meet now, asked by the subject from the session that is shown, or
/// by root's own program.
pub fn services(context: &Context, subject: &Subject) -> Vec<ServiceReport> {
    let report = |(name, service): (&String, &Service)| {
        let by_root = service.console != Console::None;
        let evidence = Evidence {
            place: Place::Manager(subject.uid),
            tty: context.records.terminal().and_then(|n| {
                let named = facelock_protocol::Tty::new(format!("tty{n}"));
                named.ok().filter(|_| by_root)
            }),
            ..Evidence::of_process(if by_root { 0 } else { subject.uid })
        };
        let root = Peer { uid: 0, pid: 0 };
        let presence = context.records.presence(subject.uid, &evidence, root);
        ServiceReport {
            service: name.clone(),
            mode: service.mode.name().into(),
            closed: gate(subject.uid, Some(service), &evidence, &presence).err(),
        }
    };
    context.config.services().iter().map(report).collect()
}

/// The evidence, as far as `peer` is believed.
fn believed(claimed: &Evidence, peer: Peer) -> Evidence {
    if peer.is_root() {
        return claimed.clone();
    }
    Evidence {
        real_uid: peer.uid,
        effective_uid: peer.uid,
        requester: Requester::None,
        ..claimed.clone()
    }
}
