//! Why there is no answer: one type, and one place that tells the journal and names what the peer
//! hears.

use std::io;

use facelock_protocol::{Denied, FrameError, Reply};

use super::asker::Asker;
use super::journal::Priority;
use super::tally::TallyError;
use super::templates::KeyError;
use crate::camera::CameraError;
use crate::config::ConfigError;
use crate::onnx::ModelError;
use crate::sandbox::SealError;
use crate::store::StoreError;
use crate::types::{Subject, Unavailable};
use crate::vault::VaultError;

/// Whatever stops an answer before it is one. It is never a verdict.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The folder or a file of enrollments or slots.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Misses cannot be counted, so nothing is attempted.
    #[error("{0}")]
    Tally(#[from] TallyError),
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("{0}")]
    Camera(#[from] CameraError),
    #[error("{0}")]
    Model(#[from] ModelError),
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The system calls that a request does not need could not be given up.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// The peer's request could not be read.
    #[error("{0}")]
    Request(#[from] FrameError),
    /// No thread could be started.
    #[error("{0}")]
    Thread(io::Error),
    /// A rule's answer, which is no fault of anything.
    #[error("{0:?}")]
    Refused(Unavailable),
}

pub type Answer<T> = Result<T, Failure>;

impl Failure {
    /// Writes the reason to the journal; what the peer hears.
    pub fn settle(self, asker: &Asker, subject: Option<&Subject>) -> Unavailable {
        if let Some((priority, event)) = self.event() {
            asker
                .line(priority, event, subject)
                .with("error", &self)
                .write();
        }
        self.reason()
    }

    /// As [`Failure::settle`], where there may be no reason to give: a request that means nothing
    /// is denied.
    pub fn reply(self, asker: &Asker, subject: Option<&Subject>) -> Reply {
        let denied = match &self {
            Failure::Request(FrameError::Version(_)) => Some(Denied::Version),
            Failure::Request(_) => Some(Denied::Malformed),
            _ => None,
        };
        let reason = self.settle(asker, subject);
        denied.map_or(Reply::Unavailable(reason), Reply::Denied)
    }

    /// The line's name. A refusal has none of its own: the line of the request tells it.
    fn event(&self) -> Option<(Priority, &'static str)> {
        Some(match self {
            Failure::Store(_) => (Priority::Error, "store"),
            Failure::Tally(_) => (Priority::Error, "tally"),
            Failure::Key(_) => (Priority::Warning, "vault"),
            Failure::Camera(_) => (Priority::Warning, "camera"),
            Failure::Model(_) => (Priority::Error, "model"),
            Failure::Config(_) => (Priority::Error, "config"),
            Failure::Seal(_) => (Priority::Error, "seal"),
            Failure::Request(_) => (Priority::Notice, "request"),
            Failure::Thread(_) => (Priority::Error, "thread"),
            Failure::Refused(_) => return None,
        })
    }

    fn reason(&self) -> Unavailable {
        match self {
            Failure::Store(StoreError::Damaged { error, .. }) if error.is_newer() => {
                Unavailable::NewerFormat
            }
            Failure::Tally(TallyError::Newer(_)) => Unavailable::NewerFormat,
            Failure::Store(StoreError::Damaged { .. } | StoreError::NotPrivate(_)) => {
                Unavailable::TemplatesRejected
            }
            Failure::Store(StoreError::Locked(_)) => Unavailable::Busy,
            Failure::Store(StoreError::Io { .. }) | Failure::Tally(_) => Unavailable::StoreFailed,
            Failure::Key(error) => key(error),
            Failure::Camera(error) => camera(error),
            Failure::Model(ModelError::NoDetector(_)) | Failure::Config(_) => {
                Unavailable::ConfigRejected
            }
            Failure::Model(_) => Unavailable::ModelRejected,
            Failure::Seal(_) => Unavailable::SandboxMissing,
            Failure::Request(_) | Failure::Thread(_) => Unavailable::Internal,
            Failure::Refused(reason) => *reason,
        }
    }
}

fn key(error: &KeyError) -> Unavailable {
    match error {
        KeyError::Vault(VaultError::Missing(_)) => Unavailable::VaultMissing,
        KeyError::Vault(VaultError::Refused(_)) => Unavailable::VaultRefused,
        KeyError::Vault(VaultError::Failed(_) | VaultError::Busy(_)) => Unavailable::VaultFailed,
        KeyError::Vault(VaultError::Newer) => Unavailable::NewerFormat,
        KeyError::Vault(VaultError::Damaged) | KeyError::Changed => Unavailable::TemplatesRejected,
        KeyError::Panicked => Unavailable::Internal,
    }
}

fn camera(error: &CameraError) -> Unavailable {
    match error {
        CameraError::NotFound => Unavailable::NoCamera,
        CameraError::OtherCamera => Unavailable::OtherCamera,
        CameraError::Busy => Unavailable::CameraBusy,
        CameraError::Unbound(_) | CameraError::PermissionDenied => Unavailable::CameraDenied,
        CameraError::Unplugged => Unavailable::CameraUnplugged,
        CameraError::Suspended => Unavailable::CameraSuspended,
        CameraError::Virtual => Unavailable::CameraVirtual,
        CameraError::NoAnswer => Unavailable::CameraNoAnswer,
        CameraError::NoBandwidth => Unavailable::CameraBandwidth,
        CameraError::Covered => Unavailable::CameraCovered,
        CameraError::TimedOut | CameraError::Undecodable(_) | CameraError::Failed(_) => {
            Unavailable::CameraFailed
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Failure::Key(error.into())
    }
}

impl From<Unavailable> for Failure {
    fn from(reason: Unavailable) -> Self {
        Failure::Refused(reason)
    }
}
