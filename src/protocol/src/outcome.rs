//! The outcomes, each its own type so that none can be taken for another.

use serde::{Deserialize, Serialize};

use crate::Gate;

/// A face was judged. Everything that is not a verdict means that no decision was made.
///
/// The discriminants are far apart, on the wire too, so that no single flipped bit turns one
/// verdict into another.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
#[repr(u32)]
pub enum Verdict {
    /// A live face that matches the subject's templates.
    Match = 0x6d1c_a753,
    /// A live face that does not match.
    NonMatch = 0x1a63_58ac,
    /// A face that presentation attack detection did not accept as live.
    AttackSuspected = 0x95e2_0f35,
}

impl From<Verdict> for u32 {
    fn from(verdict: Verdict) -> u32 {
        verdict as u32
    }
}

impl TryFrom<u32> for Verdict {
    type Error = &'static str;

    fn try_from(code: u32) -> Result<Self, Self::Error> {
        [Verdict::Match, Verdict::NonMatch, Verdict::AttackSuspected]
            .into_iter()
            .find(|verdict| *verdict as u32 == code)
            .ok_or("unknown verdict")
    }
}

/// Try again: what the person in front of the camera can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hint {
    NoFace,
    TooDark,
    TooBright,
    TooFar,
    TooClose,
    ManyFaces,
    HoldStill,
    LookAtCamera,
    OffCenter,
    /// Enrollment: this look is too like one already taken.
    TurnALittle,
    /// Every face so far had its eyes shut.
    OpenEyes,
    /// An active challenge: turn the head to the person's own left, then look at the camera again.
    TurnLeft,
    /// The same, to the right.
    TurnRight,
}

/// No decision was made, and why. PAM goes on to the next module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unavailable {
    NotEnrolled,
    NoCamera,
    /// Another program holds the camera.
    CameraBusy,
    /// The instance may not open the camera.
    CameraDenied,
    /// The camera went away while it was used.
    CameraUnplugged,
    /// The camera is there but delivers nothing usable.
    CameraFailed,
    /// The only camera is a virtual one, and the configuration does not allow those.
    CameraVirtual,
    /// No template was enrolled on the camera that is present.
    OtherCamera,
    /// A model is missing, has the wrong digest, or does not have the expected shapes.
    ModelRejected,
    /// The TPM refuses the key: the platform state changed, or the sealed key is not this TPM's.
    VaultRefused,
    /// The configured key protector is not there (no TPM).
    VaultMissing,
    /// The templates cannot be read: damaged, moved, or not for this user.
    TemplatesRejected,
    /// The store cannot be read or written (disk full, permissions).
    StoreFailed,
    /// Too many judged misses. Seconds until face login works again; `None`: until a password
    /// succeeds or root unlocks.
    LockedOut {
        seconds: Option<u32>,
    },
    /// The strong-authentication rule wants a password first.
    PasswordRequired,
    /// No face was there to be judged.
    NoFace,
    TooDark,
    /// The attempt ended without a face good enough to be judged.
    Timeout,
    Cancelled,
    /// Too many instances at once, for this user or in all.
    Busy,
    /// The sandbox is not in force, and the configuration insists on it.
    SandboxMissing,
    /// The configuration cannot be used.
    ConfigRejected,
    /// No face is looked for: not for this asker, this service, or from there.
    NotAdmitted(Gate),
    /// Enrollment: the samples are not of one person, or are too close to another user's templates.
    EnrollmentRejected,
    /// Anything else; the journal has it.
    Internal,
    /// The camera came back from suspend without working, and opening it again did not help.
    CameraSuspended,
    /// The key protector is there but does not do its work: permissions, an owner's password, a
    /// fault.
    VaultFailed,
    /// Not the recovery key of this enrollment.
    WrongRecoveryKey,
    /// The configuration wants infrared, and there is no infrared template, or no camera to make
    /// one with.
    InfraredRequired,
    /// The camera reports errors on a machine that has not slept, and opening it again did not
    /// help.
    CameraNoAnswer,
    /// The USB bus has no room for the camera's stream, not even for a smaller one.
    CameraBandwidth,
    /// The camera's privacy shutter is closed.
    CameraCovered,
    /// The infrared camera saw nothing but darkness: its emitter is not lit.
    EmitterOff,
    /// The key protector did not answer before the attempt was over.
    VaultSlow,
    /// The models were not ready before the attempt was over.
    ModelsSlow,
    /// What is stored was written by a later version. It is left as it is.
    NewerFormat,
}

/// The request is not answered at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Denied {
    /// The policy does not list this request for this peer and subject.
    NotPermitted,
    /// The request could not be read.
    Malformed,
    /// The peer speaks another version.
    Version,
    /// The kernel does not show the instance who asks: the peer's uid has no mapping in the unit's
    /// user namespace.
    HiddenPeer,
}
