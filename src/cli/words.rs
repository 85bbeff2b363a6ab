//! Outcomes in plain words of the person's language, for the person who runs `facelockctl`.

use std::fmt::Display;

use facelock_protocol::{Denied, Gate, Hint, Pose, Spectrum, Unavailable, Verdict, words};

use super::language::{numbered, translated};

/// Before the camera opens.
pub const BEFORE_ENROLLING: &str = "Enrolling {user}. Sit as you do when you log in, and look at the camera. Press Enter to start, Ctrl-C to leave it.";

/// While it begins.
pub const OPENING: &str = "Opening the camera";
/// A direction was named a moment ago.
pub const FURTHER: &str = "A little further";
/// While it enrolls.
pub const SAMPLE: &str = "Sample {taken} of {wanted} taken";

/// What came of a request, and what is next.
pub const CLEARED: &str =
    "Everything stored for {user} is removed; face login is off for this user.";
pub const NOTHING_STORED: &str = "Nothing is stored for {user}.";
pub const UNLOCKED: &str = "Face login of {user} is allowed again.";
pub const NOT_LOCKED: &str = "Face login of {user} was not locked.";
pub const RESEALED: &str = "The key of {user} is sealed again.";
pub const MOVED: &str = "The templates of {user} are bound to the camera where it is now.";
pub const NOT_MOVED: &str = "No template of {user} names that camera.";
pub const NONE_ENROLLED: &str =
    "No face is enrolled for {user}: sudo facelockctl enroll --user {user}";
pub const FEWER: &str = "It ended with {taken} of {wanted} samples, because no further one differed enough. That is enough to log in; to \
    add more, run facelockctl enroll again and turn your head further.";
pub const WRITE_DOWN: &str = "Write it down: it is shown once. After a firmware or boot change the TPM no longer opens the templates, and \
    `facelockctl tpm reseal` asks for it. Without it, enroll again.";
pub const ENROLLED_NEXT: &str = "Next: sudo facelockctl test{user} tries it; sudo facelockctl pam enable sudo switches it on for sudo.";

pub const YES_OR_DRY_RUN: &str = "--yes or --dry-run";
pub const DRY_RUN: &str = "Nothing was changed: this was a dry run.";

/// A login password that is kept, or not, or asked for.
pub const KEPT: &str = "The login password of {user} is kept for the keyring.";
pub const NOT_KEPT: &str = "No login password of {user} is kept.";
/// What has a login program given the kept password.
pub const ENABLE_LOGIN: &str = "sudo facelockctl pam enable lightdm, or the name of yours";
pub const NO_SERVICE: &str = "No PAM stack asks for a face: sudo facelockctl pam enable sudo, or the name of your screen locker";
pub const LOGIN_PASSWORD: &str = "Login password of {user}: ";
pub const WRONG_PASSWORD: &str =
    "this is not the password that this machine has for {user}; nothing was kept";

// What is given to these as a literal is found by tests/messages.rs, and must be translated.

/// A text in the person's language.
pub fn said(text: &'static str) -> String {
    translated(text)
}

/// The same with each `{name}` filled in.
pub fn filled(text: &'static str, values: &[(&str, &dyn Display)]) -> String {
    fill(translated(text), values)
}

/// The same of a number, as `{count}`, which decides between two forms.
pub fn counted(
    one: &'static str,
    many: &'static str,
    count: u32,
    values: &[(&str, &dyn Display)],
) -> String {
    let text = fill(numbered(one, many, count), &[("count", &count)]);
    fill(text, values)
}

/// What other rooms, and the instance, say in English with a value in it.
pub const HEARD_WITH: [&str; 8] = [
    "has no format that can be read: {names}",
    "its 16-bit values carry {bits} significant bits",
    "sends a sensor's raw pictures only ({names}), which need an image processor; such a camera \
     works by libcamera only",
    "the unit does not bind its node: systemctl edit facelock@.service \
     facelock-restore@.service, and add to both [Service] BindPaths=-/dev/video{number}",
    "{host} could not be reached before",
    "{program} is not installed",
    "longer than {0} bytes",
    "this user name cannot be used ({0}); facelock takes up to 256 letters, digits and signs, \
     without / and :",
];

/// A sentence that another room, or the instance, says in English: it is in the catalogues where
/// tests/messages/catalogues.rs names its file.
pub fn heard(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let with_value = HEARD_WITH.iter().find_map(|known| with_value(known, text));
    with_value.unwrap_or_else(|| translated(text))
}

fn with_value(known: &'static str, text: &str) -> Option<String> {
    let (before, rest) = known.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    let value = text.strip_prefix(before)?.strip_suffix(after)?;
    Some(filled(known, &[(name, &heard(value))]))
}

/// The same of a sentence, or of several between semicolons.
pub fn heard_all(text: &str) -> String {
    let whole = heard(text);
    if whole != text {
        return whole;
    }
    let parts: Vec<String> = text.split("; ").map(heard).collect();
    parts.join("; ")
}

fn fill(text: String, values: &[(&str, &dyn Display)]) -> String {
    values.iter().fold(text, |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &value.to_string())
    })
}

/// The same of one user.
pub fn of_user(text: &'static str, user: &str) -> String {
    filled(text, &[("user", &user)])
}

pub fn gate(gate: Gate) -> String {
    translated(words::gate(gate))
}

pub fn hint(hint: Hint) -> String {
    translated(words::hint(hint))
}

pub fn unavailable(reason: Unavailable) -> String {
    words::unavailable_by(reason, translated)
}

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

/// Every variant of an enum of the protocol, by its byte on the wire; fields are zero.
pub fn variants<T: serde::de::DeserializeOwned>() -> Vec<T> {
    let read = |tag: u8| postcard::from_bytes(&[tag, 0, 0, 0, 0]).ok();
    (0..128).map_while(read).collect()
}

/// What is behind an attempt's outcome or closed gate, by its name in the journal.
pub fn reason(name: &str) -> Option<String> {
    let named = |reason: &Unavailable| self::name(reason) == name;
    let unavailable = variants().into_iter().find(named).map(unavailable);
    let gates = || Gate::ALL.into_iter().find(|gate| gate.name() == name);
    unavailable.or_else(|| gates().map(gate))
}

/// What came of an attempt, by its name in the journal.
pub fn outcome(name: &str) -> Option<String> {
    let verdicts = [Verdict::Match, Verdict::NonMatch];
    let named = |verdict: &Verdict| self::name(verdict) == name;
    let judged = verdicts.into_iter().find(named).map(verdict);
    judged.or_else(|| reason(name))
}

pub fn pose(pose: Pose) -> String {
    translated(match pose {
        Pose::Straight => "Look straight at the camera",
        Pose::TurnLeft => "Turn your head a little to the left",
        Pose::TurnRight => "Turn your head a little to the right",
        Pose::TiltUp => "Lift your chin a little",
        Pose::TiltDown => "Lower your chin a little",
        Pose::Different => "Now look different: another expression, glasses on or off",
    })
}

pub fn light(spectrum: Spectrum) -> String {
    translated(match spectrum {
        Spectrum::Color => "color",
        Spectrum::Infrared => "infrared",
    })
}

pub fn verdict(verdict: Verdict) -> String {
    translated(match verdict {
        Verdict::Match => "Match",
        Verdict::NonMatch => "Not a match",
        Verdict::AttackSuspected => "Not accepted as a live face",
    })
}

pub fn denied(denied: Denied) -> String {
    translated(match denied {
        Denied::NotPermitted => "not permitted; this needs root",
        Denied::Malformed => "the instance could not read the request",
        Denied::HiddenPeer => {
            "the service cannot see who asks: its unit maps the first 65,536 uids, and yours is none of them. \
             docs/security.md has the drop-in (PrivateUsers=); sudo and other programs of root are not concerned"
        }
        Denied::Version => "facelockctl and the instance are of different versions",
    })
}
