//! From a request to its reply: who asks, may they, and which room's work it is.

use std::sync::Arc;
use std::time::Instant;

use facelock_protocol::{Denied, Reply, Request, Subject};

use super::connection::Connection;
use super::journal::{Line, Priority};
use super::tally::Tally;
use super::{Cameras, enroll, manage, preview, verify};
use crate::config::Config;
use crate::decision::access;
use crate::sandbox::Missing;
use crate::store::{Lock, Store, StoreError};
use crate::types::Peer;
use crate::types::Unavailable;

/// Instances one uid may have at work at once; more are turned away before they read anything.
const SLOTS: u32 = 4;
/// Of root, whose programs ask for everybody: with less, one user's `su` in a loop would take
/// everybody's places.
const ROOT_SLOTS: u32 = 24;

/// What every answer is made from.
pub struct Desk<'a> {
    /// When `main` began.
    pub started: Instant,
    pub connection: &'a Connection,
    pub peer: Peer,
    pub config: &'a Config,
    /// What the unit's sandbox lacks.
    pub sandbox_missing: Vec<Missing>,
    pub cameras: Arc<dyn Cameras>,
    pub enrollments: Store,
    pub tally: Tally<'a>,
}

/// The reply to `request`. Whatever stops an answer before it is one is `Unavailable`, never a
/// verdict.
pub fn answer(desk: &Desk, request: Request) -> Reply {
    if !access::permits(desk.peer, &request) {
        Line::new(Priority::Notice, "denied")
            .with("peer_uid", desk.peer.uid)
            .with("peer_pid", desk.peer.pid)
            .write();
        return Reply::Denied(Denied::NotPermitted);
    }
    let reply = match request {
        Request::Verify {
            subject,
            service,
            consent,
        } => verify::verify(desk, &subject, service.as_str(), consent),
        Request::Test { subject } => verify::test(desk, &subject),
        Request::Enroll { subject, label } => enroll::enroll(desk, &subject, label),
        Request::List { subject } => manage::list(desk, &subject),
        Request::Remove { subject, template } => manage::remove(desk, &subject, template),
        Request::Clear { subject } => manage::clear(desk, &subject),
        Request::Status { subject } => manage::status(desk, &subject),
        Request::Reseal {
            subject,
            recovery_key,
        } => manage::reseal(desk, &subject, &recovery_key),
        Request::RecordPassword { subject } => manage::record_password(desk, &subject),
        Request::Unlock { subject } => manage::unlock(desk, &subject),
        Request::Devices => manage::cameras(desk).map(Reply::Devices),
        Request::Preview { seconds } => preview::preview(desk, seconds),
        Request::TryEmitter {
            camera,
            unit,
            selector,
            payload,
            off,
            seconds,
        } => manage::try_emitter(
            desk,
            manage::EmitterTrial {
                camera,
                unit,
                selector,
                payload,
                off,
                seconds,
            },
        ),
    };
    reply.unwrap_or_else(Reply::Unavailable)
}

/// The stores of enrollments and of tallies.
///
/// # Errors
/// [`Unavailable::StoreFailed`]: nothing can be counted, so nothing is attempted.
pub fn stores(config: &Config) -> Result<(Store, Store), Unavailable> {
    let open = |kind| Store::open(&config.paths.state, kind).map_err(store_failed);
    Ok((open("enrollments")?, open("tally")?))
}

impl Desk<'_> {
    /// Milliseconds since `main`.
    pub fn milliseconds(&self) -> f32 {
        self.started.elapsed().as_secs_f32() * 1000.0
    }

    /// A line about this peer's request for `subject`.
    pub fn line(&self, priority: Priority, event: &str, subject: &Subject) -> Line {
        Line::new(priority, event)
            .with("user", &subject.name)
            .with("uid", subject.uid)
            .with("peer_uid", self.peer.uid)
            .with("ms", format!("{:.0}", self.milliseconds()))
    }
}

/// One of the peer's places; released when dropped.
///
/// # Errors
/// [`Unavailable::Busy`]: all are taken.
pub fn take_slot(config: &Config, peer: Peer) -> Result<Lock, Unavailable> {
    let slots = if peer.is_root() { ROOT_SLOTS } else { SLOTS };
    take(config, "slots", peer.uid, slots)
}

/// One of the places that root's programs have for one subject; any other peer's own places are as
/// few.
///
/// # Errors
/// [`Unavailable::Busy`]: all are taken.
pub fn take_place(
    config: &Config,
    peer: Peer,
    request: &Request,
) -> Result<Option<Lock>, Unavailable> {
    let subject = access::subject(request).filter(|_| peer.is_root());
    subject
        .map(|subject| take(config, "places", subject.uid, SLOTS))
        .transpose()
}

fn take(config: &Config, kind: &str, uid: u32, places: u32) -> Result<Lock, Unavailable> {
    let store = Store::open(&config.paths.state, kind).map_err(store_failed)?;
    for n in 0..places {
        match store.lock_nth(uid, n) {
            Err(StoreError::Locked(_)) => {}
            result => return result.map_err(store_failed),
        }
    }
    Err(Unavailable::Busy)
}

/// A failure of the store, for the journal and for the peer.
pub fn store_failed(error: StoreError) -> Unavailable {
    Line::new(Priority::Error, "store")
        .with("error", &error)
        .write();
    match error {
        StoreError::Damaged { .. } | StoreError::NotPrivate(_) => Unavailable::TemplatesRejected,
        StoreError::Locked(_) => Unavailable::Busy,
        StoreError::Io { .. } => Unavailable::StoreFailed,
    }
}
