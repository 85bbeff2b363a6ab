//! How configuration and templates name a camera.

/// A camera function's stable identity: what it is and where it sits, never its node number.
///
/// `usb:VVVV:PPPP:SERIAL@BUSPATH/SPECTRUM` for USB (lower-case hex; `-` where the device has no
/// serial), `platform:BUSPATH/SPECTRUM` otherwise, `recorded:NAME/SPECTRUM` for recorded frames.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CameraIdentity(String);

impl CameraIdentity {
    pub fn new(identity: impl Into<String>) -> Self {
        Self(identity.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CameraIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
