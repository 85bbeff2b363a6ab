//! Outcomes in plain words (English), for programs that show them to a person.

use crate::{Gate, Hint, Unavailable};

/// While a face is looked for.
pub const LOOKING: &str = "Looking for you";
/// A match that wants to be confirmed.
pub const RECOGNISED: &str = "Face recognised";

/// The dialogs of GNOME and Cinnamon, where polkit asks, give no empty answer.
fn wants_words(service: &str) -> bool {
    service == "polkit-1"
}

/// The prompt of a service that asks before it looks.
pub fn ask(service: &str) -> &'static str {
    if wants_words(service) {
        "Password, or y for face: "
    } else {
        "Password, or Enter for face: "
    }
}

/// The prompt by which a match is confirmed.
pub fn confirm(service: &str) -> &'static str {
    if wants_words(service) {
        "Face recognised. Type y to confirm: "
    } else {
        "Face recognised. Press Enter, or type y, to confirm: "
    }
}

/// What the person in front of the camera can change.
pub fn hint(hint: Hint) -> &'static str {
    match hint {
        Hint::NoFace => "Looking for a face",
        Hint::TooDark => "It is too dark",
        Hint::TooBright => "It is too bright",
        Hint::TooFar => "Come closer",
        Hint::TooClose => "Move back a little",
        Hint::ManyFaces => "One face at a time, please",
        Hint::HoldStill => "Hold still",
        Hint::LookAtCamera => "Look at the camera",
        Hint::OffCenter => "Move to the middle of the picture",
        Hint::TurnALittle => "Turn your head a little",
        Hint::OpenEyes => "Open your eyes",
        Hint::TurnLeft => "Turn your head to your left",
        Hint::TurnRight => "Turn your head to your right",
    }
}

/// Why no face is looked for, and what to do where something can be done.
pub fn gate(gate: Gate) -> &'static str {
    match gate {
        Gate::Unlisted => {
            "this service gets no face; to add it, name it under [services] in /etc/facelock/config.toml"
        }
        Gate::SwitchedOff => {
            "face login is off: for this service by [services] in /etc/facelock/config.toml, or for all (facelockctl enable)"
        }
        Gate::Remote => "the user is at another machine",
        Gate::Lid => "the lid is closed; open it (a stuck sensor: [presence] ignore_lid)",
        Gate::Terminal => "the terminal is not at this machine",
        Gate::OtherAsker => "another user asks; a face answers only for the user who asks",
        Gate::UnclearAsker => "the program does not say clearly which user asks",
        Gate::NoSession => "the program that asks runs in no login session",
        Gate::OtherSession => "the program that asks runs in another user's session",
        Gate::Background => "the program that asks runs in the background",
        Gate::NoSeat => "the session is not at this machine's screen and keyboard",
        Gate::Inactive => "another session is on the screen",
        Gate::RootAlone => {
            "root's program asks for no user; if it is a greeter, give it console = \"seat\" under [services]"
        }
        Gate::NotShown => {
            "no login screen, and no session of the user, is on this machine's screen"
        }
        Gate::FirstLogin => {
            "the user has no open session yet: enter the password (the service has only = \"unlock\")"
        }
    }
}

/// A lockout whose end is known; `{seconds}` stands for how long it lasts.
pub const LOCKED_FOR: &str =
    "locked out after too many misses, for {seconds} s more (facelockctl unlock)";

/// What happened, and what to do about it.
pub fn unavailable(unavailable: Unavailable) -> String {
    unavailable_by(unavailable, Into::into)
}

/// The same in another language, by what `translate` makes of the English.
pub fn unavailable_by(
    unavailable: Unavailable,
    translate: impl Fn(&'static str) -> String,
) -> String {
    match unavailable {
        Unavailable::LockedOut {
            seconds: Some(seconds),
        } => translate(LOCKED_FOR).replace("{seconds}", &seconds.to_string()),
        other => translate(unchanging(other)),
    }
}

// The sentences that are longer than a row of the table below.
const CAMERA_SUSPENDED: &str =
    "the camera does not work since the machine woke up; replug it, or reload its driver";
const CAMERA_FAILED: &str =
    "the camera does not deliver usable frames; the journal has the details";
const CAMERA_VIRTUAL: &str =
    "only virtual cameras are there, and those are refused (camera.allow_virtual)";
const OTHER_CAMERA: &str = "no face is enrolled on the camera that is here; plug in the one you enrolled with, or \
    enroll with this one";
const CAMERA_NO_ANSWER: &str =
    "the camera does not answer; plug it in again, or restart the machine";
const CAMERA_BANDWIDTH: &str = "the USB bus has no room for the camera's pictures; use another port, or unplug another \
    device";
const EMITTER_OFF: &str = "the infrared emitter seems off: the infrared camera sees only darkness (facelockctl \
    emitter)";
const MODEL_REJECTED: &str =
    "a model is missing or not the pinned one (facelockctl models install)";
const VAULT_REFUSED: &str = "the TPM does not give the key back, as after a change of firmware or boot (facelockctl \
    tpm reseal)";
const VAULT_MISSING: &str = "there is no TPM here; to keep the key in a file, which is weaker, set protector = \
    \"tpm-or-file\" under [vault] in /etc/facelock/config.toml";
const VAULT_FAILED: &str =
    "the TPM is busy or cannot be used; the journal says why, and what helps";
const TEMPLATES_REJECTED: &str =
    "the stored templates are damaged or not this user's; enroll again";
const TIMEOUT: &str =
    "the time ran out before a decision; look straight at the camera, and try again";
const SANDBOX_MISSING: &str =
    "the sandbox is not in force; the vault stays shut (facelockctl status)";
const CONFIG_REJECTED: &str =
    "the configuration cannot be used; the journal says what is wrong with it";
const INFRARED_REQUIRED: &str = "infrared is required here (pad.require_infrared), and none is enrolled: enroll with an \
    infrared camera";
const NEWER_FORMAT: &str = "what is stored was written by a later version of facelock; install that version again. \
    Nothing was changed";

/// The words of every reason; a lockout's, where no time is told.
fn unchanging(unavailable: Unavailable) -> &'static str {
    match unavailable {
        Unavailable::NotEnrolled => "no face is enrolled for this user (facelockctl enroll)",
        Unavailable::NoCamera => "no usable camera (facelockctl devices)",
        Unavailable::CameraBusy => "another program holds the camera",
        Unavailable::CameraDenied => "the camera may not be opened (facelockctl devices says why)",
        Unavailable::CameraUnplugged => "the camera went away",
        Unavailable::CameraSuspended => CAMERA_SUSPENDED,
        Unavailable::CameraFailed => CAMERA_FAILED,
        Unavailable::CameraVirtual => CAMERA_VIRTUAL,
        Unavailable::OtherCamera => OTHER_CAMERA,
        Unavailable::CameraNoAnswer => CAMERA_NO_ANSWER,
        Unavailable::CameraBandwidth => CAMERA_BANDWIDTH,
        Unavailable::CameraCovered => "the camera's privacy shutter is closed; open it",
        Unavailable::EmitterOff => EMITTER_OFF,
        Unavailable::VaultSlow => "the key protector did not answer in time; try again",
        Unavailable::ModelsSlow => "the machine was too busy to judge a face in time; try again",
        Unavailable::ModelRejected => MODEL_REJECTED,
        Unavailable::VaultRefused => VAULT_REFUSED,
        Unavailable::VaultMissing => VAULT_MISSING,
        Unavailable::VaultFailed => VAULT_FAILED,
        Unavailable::WrongRecoveryKey => "that is not the recovery key of this enrollment",
        Unavailable::TemplatesRejected => TEMPLATES_REJECTED,
        Unavailable::StoreFailed => "the store cannot be read or written; is the disk full?",
        Unavailable::LockedOut { .. } => {
            "locked out after too many misses, until a password succeeds or facelockctl unlock"
        }
        Unavailable::PasswordRequired => "a password is wanted first",
        Unavailable::NoFace => "no face was seen",
        Unavailable::TooDark => "it is too dark to see",
        Unavailable::Timeout => TIMEOUT,
        Unavailable::Cancelled => "cancelled",
        Unavailable::Busy => "too many attempts at once",
        Unavailable::SandboxMissing => SANDBOX_MISSING,
        Unavailable::ConfigRejected => CONFIG_REJECTED,
        Unavailable::NotAdmitted(closed) => gate(closed),
        Unavailable::InfraredRequired => INFRARED_REQUIRED,
        Unavailable::NewerFormat => NEWER_FORMAT,
        Unavailable::EnrollmentRejected => "these samples cannot be enrolled; the journal says why",
        Unavailable::Internal => "an internal error; the journal has the details",
    }
}
