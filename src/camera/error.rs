//! Why there is no frame.
#![forbid(unsafe_code)]

/// Why there is no frame. Each becomes its own `Unavailable`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CameraError {
    #[error("no camera")]
    NotFound,
    /// There is a camera, but none that the user is enrolled on.
    #[error("another camera than the enrolled one")]
    OtherCamera,
    #[error("the camera is held by another program")]
    Busy,
    /// Its node is there, and the unit does not bind it.
    #[error("the unit does not bind /dev/video{0}; facelockctl devices says what to do")]
    Unbound(u32),
    #[error("the camera may not be opened")]
    PermissionDenied,
    #[error("the camera went away")]
    Unplugged,
    /// The machine has slept since it was started, and reopening once did not help.
    #[error("the camera stopped answering; the machine has slept since it was started")]
    Suspended,
    /// Reopening once did not help.
    #[error("the camera stopped answering")]
    NoAnswer,
    #[error("the USB bus has no room for the camera's stream")]
    NoBandwidth,
    #[error("the camera's privacy shutter is closed")]
    Covered,
    #[error("only virtual cameras, and the configuration does not allow those")]
    Virtual,
    #[error("no usable frame before the deadline")]
    TimedOut,
    #[error("not one of the camera's frames could be decoded: {0}")]
    Undecodable(String),
    #[error("the camera does not work: {0}")]
    Failed(String),
}

impl CameraError {
    /// What an error number of open, an ioctl or poll means here.
    pub(super) fn from_io(error: &std::io::Error) -> Self {
        match error.raw_os_error() {
            Some(code) => Self::from_errno(code, slept_since_boot()),
            None => Self::Failed(error.to_string()),
        }
    }

    fn from_errno(code: i32, slept: bool) -> Self {
        match code {
            libc::EBUSY => Self::Busy,
            libc::EACCES | libc::EPERM => Self::PermissionDenied,
            libc::ENODEV | libc::ENXIO | libc::ENOENT => Self::Unplugged,
            libc::ENOSPC => Self::NoBandwidth,
            libc::EIO | libc::EPIPE | libc::EPROTO | libc::ETIMEDOUT | libc::ESHUTDOWN => {
                if slept {
                    Self::Suspended
                } else {
                    Self::NoAnswer
                }
            }
            code => Self::Failed(std::io::Error::from_raw_os_error(code).to_string()),
        }
    }
}

/// Whether the machine has slept since it was started: the boot clock counts that time, and the
/// monotonic one does not.
fn slept_since_boot() -> bool {
    use rustix::time::{ClockId, clock_gettime};
    let monotonic = clock_gettime(ClockId::Monotonic);
    clock_gettime(ClockId::Boottime).tv_sec - monotonic.tv_sec > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_machine_that_slept_has_a_camera_that_did_not_wake() {
        for code in [
            libc::EIO,
            libc::EPIPE,
            libc::EPROTO,
            libc::ETIMEDOUT,
            libc::ESHUTDOWN,
        ] {
            assert_eq!(CameraError::from_errno(code, false), CameraError::NoAnswer);
            assert_eq!(CameraError::from_errno(code, true), CameraError::Suspended);
        }
        assert_eq!(
            CameraError::from_errno(libc::ENOSPC, true),
            CameraError::NoBandwidth
        );
        assert_eq!(
            CameraError::from_errno(libc::EBUSY, true),
            CameraError::Busy
        );
        assert_eq!(
            CameraError::from_errno(libc::ENODEV, true),
            CameraError::Unplugged
        );
    }
}
