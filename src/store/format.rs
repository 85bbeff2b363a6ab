//! The bytes of an enrollment: magic, version, one postcard value.
//!
//! The header is readable without the key: whose it is, how the key is sealed, what each template
//! is for. Its integrity is sealed under the key ([`Enrollment::header`] is what is authenticated),
//! so nothing in it can be changed unnoticed.
#![forbid(unsafe_code)]

use facelock_protocol::Spectrum;
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 4] = b"FLCK";
/// The only version there is; older and newer ones are refused.
pub const VERSION: u8 = 1;
/// Largest file, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Most templates of one user.
pub const MAX_TEMPLATES: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("not a file of this kind")]
    Magic,
    #[error("of version {0}")]
    Version(u8),
    #[error("cut short, or not of this version")]
    Malformed,
    #[error("bytes left over")]
    Trailing,
    #[error("larger than allowed")]
    TooLarge,
    #[error("another user's")]
    Moved,
}

impl FormatError {
    /// A later version wrote it, and can read it still.
    pub fn is_newer(self) -> bool {
        matches!(self, FormatError::Version(version) if version > VERSION)
    }
}

/// What is stored for one user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enrollment {
    pub uid: u32,
    pub user: String,
    /// Digest of the embedders the templates are of.
    pub model: [u8; 32],
    /// How the key is sealed.
    pub protector: u8,
    pub sealed_key: Vec<u8>,
    /// The key under the recovery key.
    pub recovery: Vec<u8>,
    pub templates: Vec<StoredTemplate>,
    /// Sealed under the key, bound to [`Enrollment::header`].
    pub integrity: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredTemplate {
    pub id: u32,
    pub label: String,
    /// Seconds since 1970-01-01 UTC.
    pub created: u64,
    pub camera: String,
    pub spectrum: Spectrum,
    /// 0..=1.
    pub quality: f32,
    /// The embedding, sealed under the key.
    pub sealed: Vec<u8>,
}

impl Enrollment {
    /// The spectra of the cameras that the templates were enrolled on, one a template.
    pub fn spectra(&self) -> Vec<Spectrum> {
        let spectra = self.templates.iter().map(|template| template.spectrum);
        spectra.collect()
    }

    /// The cameras that the templates were enrolled on, each once.
    pub fn cameras(&self) -> Vec<&str> {
        let mut cameras: Vec<&str> = Vec::new();
        for template in &self.templates {
            if !cameras.contains(&template.camera.as_str()) {
                cameras.push(&template.camera);
            }
        }
        cameras
    }

    /// # Errors
    /// [`FormatError::TooLarge`].
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        let head = [MAGIC.as_slice(), &[VERSION]].concat();
        let bytes = postcard::to_extend(self, head).map_err(|_| FormatError::Malformed)?;
        if bytes.len() > MAX_BYTES || self.templates.len() > MAX_TEMPLATES {
            return Err(FormatError::TooLarge);
        }
        Ok(bytes)
    }

    /// # Errors
    /// Every [`FormatError`] but [`FormatError::Moved`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_BYTES {
            return Err(FormatError::TooLarge);
        }
        let body = bytes.strip_prefix(MAGIC).ok_or(FormatError::Magic)?;
        let (&version, body) = body.split_first().ok_or(FormatError::Malformed)?;
        if version != VERSION {
            return Err(FormatError::Version(version));
        }
        let (enrollment, rest) =
            postcard::take_from_bytes::<Self>(body).map_err(|_| FormatError::Malformed)?;
        if !rest.is_empty() {
            return Err(FormatError::Trailing);
        }
        if enrollment.templates.len() > MAX_TEMPLATES {
            return Err(FormatError::TooLarge);
        }
        Ok(enrollment)
    }

    /// What [`Enrollment::integrity`] authenticates: everything but itself, and but the key's
    /// sealing, which authenticates itself and may be made anew.
    ///
    /// # Errors
    /// [`FormatError::TooLarge`].
    pub fn header(&self) -> Result<Vec<u8>, FormatError> {
        Self {
            integrity: Vec::new(),
            sealed_key: Vec::new(),
            ..self.clone()
        }
        .encode()
    }

    /// The smallest id that no template has had.
    pub fn next_id(&self) -> u32 {
        self.templates
            .iter()
            .map(|template| template.id)
            .max()
            .unwrap_or(0)
            .saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn enrollment() -> Enrollment {
        let template = StoredTemplate {
            id: 1,
            label: "glasses".into(),
            created: 1_700_000_000,
            camera: "usb:1/color".into(),
            spectrum: Spectrum::Color,
            quality: 0.7,
            sealed: vec![1, 2, 3],
        };
        Enrollment {
            uid: 1000,
            user: "alice".into(),
            model: [3; 32],
            protector: 1,
            sealed_key: vec![4; 300],
            recovery: vec![5; 88],
            templates: vec![template.clone(), StoredTemplate { id: 2, ..template }],
            integrity: vec![6; 40],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = enrollment().encode().unwrap();
        assert_eq!(Enrollment::decode(&bytes).unwrap(), enrollment());
    }

    #[test]
    fn what_is_not_exactly_an_enrollment_is_refused() {
        let bytes = enrollment().encode().unwrap();
        for n in 0..bytes.len() {
            assert!(Enrollment::decode(&bytes[..n]).is_err(), "cut to {n}");
        }
        assert_eq!(
            Enrollment::decode(&[bytes.as_slice(), &[0]].concat()),
            Err(FormatError::Trailing)
        );
        let mut older = bytes.clone();
        older[4] = 0;
        assert_eq!(Enrollment::decode(&older), Err(FormatError::Version(0)));
        let many = Enrollment {
            templates: vec![enrollment().templates[0].clone(); 17],
            ..enrollment()
        };
        assert_eq!(many.encode(), Err(FormatError::TooLarge));
        assert_eq!(
            Enrollment::decode(&vec![0; MAX_BYTES + 1]),
            Err(FormatError::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Enrollment::decode(&tail);
            let _ = Enrollment::decode(&[b"FLCK\x01".as_slice(), &tail].concat());
        }
    }
}
