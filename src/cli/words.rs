//! Outcomes in plain words, for the person who runs `facelockctl`.

pub use facelock_protocol::words::{gate, hint, unavailable};
use facelock_protocol::{Denied, Look, Verdict};

/// The name a script sees: the variant, in snake case.
pub fn name(debug: &impl std::fmt::Debug) -> String {
    snake(&format!("{debug:?}"))
}

/// The same of a variant as it is written.
pub fn snake(text: &str) -> String {
    let variant = text.split([' ', '(', '{']).next().unwrap_or_default();
    let mut name = String::with_capacity(variant.len() + 4);
    for (i, c) in variant.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

pub fn look(look: Look) -> &'static str {
    match look {
        Look::Straight => "Look straight at the camera",
        Look::TurnLeft => "Turn your head a little to the left",
        Look::TurnRight => "Turn your head a little to the right",
        Look::TiltUp => "Lift your chin a little",
        Look::TiltDown => "Lower your chin a little",
        Look::Different => "Now another look: another expression, glasses on or off",
    }
}

pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "Match",
        Verdict::NonMatch => "Not a match",
        Verdict::AttackSuspected => "Not accepted as a live face",
    }
}

pub fn denied(denied: Denied) -> &'static str {
    match denied {
        Denied::NotPermitted => "not permitted; this needs root",
        Denied::Malformed => "the instance could not read the request",
        Denied::HiddenPeer => {
            "the service cannot see who asks: its unit maps the first 65,536 uids, and yours is none of them. \
             docs/security.md has the drop-in (PrivateUsers=); sudo and other programs of root are not concerned"
        }
        Denied::Version => "facelockctl and the instance are of different versions",
    }
}
