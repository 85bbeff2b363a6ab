//! What travels: requests, events, replies.

use serde::{Deserialize, Serialize};

use crate::{
    Consent, Denied, Evidence, Gate, Hint, Label, Measurement, Milliseconds, ModeTime, Password,
    PreviewFrame, ServiceName, Unavailable, UserName, Verdict,
};

/// Whose face. The side that asks resolves the name ([`crate::naming`]): the instance reaches no
/// name service, and believes only uid 0 about users other than the peer. Both must agree with
/// what was enrolled, so that a reused uid opens no templates.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    pub uid: u32,
    pub name: UserName,
}

/// A secret in a request; never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What a peer may ask; who may ask what is the instance's policy table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Is the subject in front of the camera? Answered by [`Reply::Verdict`]. `consent` is the
    /// module's own argument; where it has none, the configuration decides for the service. The
    /// first event is [`Event::Service`].
    Verify {
        subject: Subject,
        service: ServiceName,
        consent: Option<Consent>,
        evidence: Evidence,
    },
    /// The same attempt, counted the same way, with [`Event::Measured`] on the way. For uid 0.
    Test { subject: Subject },
    /// Take samples and store templates. For uid 0.
    Enroll {
        subject: Subject,
        label: Option<Label>,
    },
    /// The subject's templates.
    List { subject: Subject },
    /// Remove one template, by its id.
    Remove { subject: Subject, template: u32 },
    /// Remove everything stored for the subject.
    Clear { subject: Subject },
    /// What an attempt would meet, without one: enrolled? locked out? protector? camera?
    Status { subject: Subject },
    /// Seal the subject's key again, under the platform's present state.
    Reseal {
        subject: Subject,
        recovery_key: Secret,
    },
    /// A password succeeded for the subject: the tally and the strong-authentication rules hear of
    /// it. For uid 0.
    RecordPassword { subject: Subject },
    /// Clear the subject's tally. For uid 0.
    Unlock { subject: Subject },
    /// The cameras there are. For uid 0.
    Devices,
    /// What the camera sees, as [`Event::Preview`], for `seconds` (1..=60) or until the peer hangs
    /// up. For uid 0.
    Preview { seconds: u8 },
    /// Try an emitter setting on a camera. For uid 0.
    TryEmitter(EmitterTrial),
    /// The camera that templates name as `from` is the one that is now `to`: root says so.
    MoveCamera {
        subject: Subject,
        from: String,
        to: String,
    },
    /// Give one template another label.
    Rename {
        subject: Subject,
        template: u32,
        label: Label,
    },
    /// How soon each mode of the camera gives its first lit frame. For uid 0.
    TimeModes { camera: String },
    /// Keep the subject's login password, for the keyring. For uid 0.
    KeyringStore {
        subject: Subject,
        password: Password,
    },
    /// Forget it. For uid 0.
    KeyringForget { subject: Subject },
    /// The subject's password was changed: where `old` is the one that is kept, keep `new`, else
    /// none. For uid 0.
    KeyringChange {
        subject: Subject,
        old: Password,
        new: Password,
    },
    /// Whether one is kept. Answered by [`Reply::Keyring`].
    KeyringStatus { subject: Subject },
}

/// One answer of the instance: events while it works, then one reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Event(Event),
    Reply(Reply),
}

/// What happens on the way. None of it is a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Progress(Progress),
    Hint(Hint),
    /// Scores and times of one judged frame. For uid 0 only: a score is a hill-climbing oracle.
    Measured(Measurement),
    /// For uid 0 only.
    Preview(PreviewFrame),
    /// First of all events of a verification: how the service wants it done. `consent` is the
    /// request's own, where it named one. `quiet`: no message is to be shown.
    Service {
        consent: Consent,
        quiet: bool,
    },
    /// The longest that looking may take from now on, by the configuration. What comes around it,
    /// such as a TPM, is not in it. Told before a test, an enrollment and a preview.
    Within(Milliseconds),
    /// An enrollment takes this for true of the camera, which did not say it; in plain words.
    Assumed(String),
    /// The login password of a person who was recognised by infrared, just before the verdict. For
    /// a login program of uid 0 alone, and nothing without [`Verdict::Match`].
    Keyring(Password),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// The camera is being opened.
    Starting,
    /// Frames arrive; a face is looked for.
    Looking,
    /// Enrollment: sample `taken` of `wanted` is stored.
    SampleTaken { taken: u8, wanted: u8 },
    /// Enrollment: how to hold the head for the next sample.
    NextPose(Pose),
}

/// What an enrolling person is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pose {
    Straight,
    TurnLeft,
    TurnRight,
    TiltUp,
    TiltDown,
    /// Any other difference: glasses on or off, another expression.
    Different,
}

/// Which light a camera sees by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spectrum {
    Color,
    Infrared,
}

impl Spectrum {
    /// As in identities: `color`, `infrared`.
    pub const fn word(self) -> &'static str {
        match self {
            Spectrum::Color => "color",
            Spectrum::Infrared => "infrared",
        }
    }
}

/// The one final answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    Verdict(Verdict),
    Unavailable(Unavailable),
    Denied(Denied),
    Enrolled(EnrolledReport),
    Templates(Vec<TemplateReport>),
    Status(StatusReport),
    Devices(Vec<CameraReport>),
    /// Done; nothing to tell. `changed` is false where there was nothing to do.
    Done {
        changed: bool,
    },
    /// The modes that were tried, those first that would be used first.
    ModeTimes(Vec<ModeTime>),
    /// Whether the subject's login password is kept.
    Keyring {
        kept: bool,
    },
}

/// An emitter setting: `payload` is sent to the camera and kept for `seconds` (1..=10), then `off`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmitterTrial {
    pub camera: String,
    pub unit: u8,
    pub selector: u8,
    pub payload: Vec<u8>,
    pub off: Vec<u8>,
    pub seconds: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnrolledReport {
    pub templates: Vec<TemplateReport>,
    /// Shown once, when the subject's key was made. It opens the templates where the TPM no longer
    /// does.
    pub recovery_key: Option<Secret>,
    /// `tpm` or `file`.
    pub protector: String,
    /// What this enrollment is worth against a presentation attack, in plain words, where that is
    /// less than it could be.
    pub warning: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateReport {
    pub id: u32,
    pub label: String,
    /// Seconds since 1970-01-01 UTC.
    pub created: u64,
    pub camera: String,
    pub spectrum: Spectrum,
    /// 0..=1, of the frame it was made from.
    pub quality: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    pub enrollment: EnrollmentState,
    pub tally: TallyReport,
    /// When a password is wanted first; absent before an enrollment.
    pub password: Option<PasswordReport>,
    /// The configured protector, and whether it is there: `tpm`, `file`.
    pub protector: String,
    pub protector_present: bool,
    /// The camera an attempt would use; the reason where there is none.
    pub camera: Result<String, Unavailable>,
    /// What does not hold of the sandbox; empty when all of it does.
    pub sandbox_missing: Vec<String>,
    /// What each service that the configuration lists would meet now, asked by the subject from the
    /// session that is shown.
    pub services: Vec<ServiceReport>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReport {
    pub service: String,
    /// `auto`, `ask`, `confirm`, `off`.
    pub mode: String,
    /// The first gate that is closed; absent where all are open.
    pub closed: Option<Gate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EnrollmentState {
    None,
    Enrolled {
        templates: u32,
        protector: String,
    },
    /// The file is there but cannot be used.
    Damaged,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyReport {
    pub misses: u32,
    pub lockout: Option<Unavailable>,
}

/// When the user's password comes before the face, by what checks that face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordReport {
    pub spectrum: Spectrum,
    /// `None`: once a password of this user was ever reported.
    pub after_boot: Option<bool>,
    /// Hours since the last password.
    pub every_h: u32,
    /// Hours without use; absent where they do not count.
    pub unused_h: Option<u32>,
}

/// A capture node as `facelockctl devices` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameraReport {
    /// Stable identity: what configuration and templates name.
    pub identity: String,
    /// Nodes with the same value are one physical camera.
    pub group: String,
    pub name: String,
    pub driver: String,
    pub bus: String,
    /// `None` where the device is not on USB.
    pub usb: Option<UsbReport>,
    pub spectrum: Option<Spectrum>,
    pub is_virtual: bool,
    /// `MJPG 640x480 30/s`, one line each.
    pub formats: Vec<String>,
    /// Whether an attempt would use it, and why or why not.
    pub used: bool,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsbReport {
    pub vendor: u16,
    pub product: u16,
    pub serial: Option<String>,
}
