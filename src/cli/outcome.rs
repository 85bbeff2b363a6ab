//! What a reply amounts to: a failure in the terms of what was asked, or an exit status.

use facelock_protocol::{Reply, Request, Unavailable, Verdict};

use super::failure::{Exit, Failure};
use super::history;
use super::words::{self, filled};

/// The failure that a reply is, in the terms of what was asked.
pub fn failure(request: &Request, reply: &Reply) -> Option<Failure> {
    match (reply, request) {
        (Reply::Unavailable(Unavailable::EnrollmentRejected), Request::Enroll { subject, .. }) => {
            let failure = Failure::unavailable(Unavailable::EnrollmentRejected);
            Some(match history::refusal(subject.name.as_str()) {
                Some(why) => failure.because(&filled(
                    "these samples cannot be enrolled: {why}",
                    &[("why", &words::heard(&why))],
                )),
                None => failure.help("sudo journalctl -t facelock -n 5"),
            })
        }
        (Reply::Unavailable(reason), _) => Some(Failure::unavailable(*reason)),
        (Reply::Denied(denied), _) => Some(Failure::denied(*denied)),
        (
            Reply::Done { changed: false },
            Request::Remove { subject, template }
            | Request::Rename {
                subject, template, ..
            },
        ) => {
            let message = filled(
                "there is no template {template} of {user}",
                &[("template", template), ("user", &subject.name)],
            );
            let list = format!("facelockctl list --user {}", subject.name);
            Some(Failure::new("no_such_template", message).help(list))
        }
        _ => None,
    }
}

/// The exit status of a reply that is no failure.
pub fn exit(reply: &Reply) -> Exit {
    match reply {
        Reply::Verdict(Verdict::NonMatch | Verdict::AttackSuspected) => Exit::NoMatch,
        Reply::Unavailable(_) => Exit::Unavailable,
        Reply::Denied(_) => Exit::Denied,
        Reply::Verdict(Verdict::Match)
        | Reply::Enrolled(_)
        | Reply::Templates(_)
        | Reply::Status(_)
        | Reply::Devices(_)
        | Reply::ModeTimes(_)
        | Reply::Keyring { .. }
        | Reply::Done { .. } => Exit::Done,
    }
}
