//! The bytes of an enrollment: magic, version, one postcard value.
//!
//! The header is readable without the key: whose it is, how the key is sealed, what each template
//! is for. Its integrity is sealed under the key ([`Enrollment::header`] is what is authenticated),
//! so nothing in it can be changed unnoticed.
//!
//! Version 2 is version 1 with the templates' margins behind it, and version 3 names with each the
//! networks that read it. An enrollment without any is written as version 1, and one of which none
//! is named as version 2, so that what an earlier version bound under the key stays bound.
#![forbid(unsafe_code)]

mod margins;

use facelock_protocol::Spectrum;
use serde::{Deserialize, Serialize};

pub use margins::Margin;

const MAGIC: &[u8; 4] = b"FLCK";
/// The newest version; newer ones are refused.
pub const VERSION: u8 = margins::NAMED;
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
    #[error("of version {0}, which is a later one")]
    Newer(u8),
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
    /// A version that is not read, where this is the newest one.
    pub fn version(version: u8, newest: u8) -> Self {
        match version > newest {
            true => Self::Newer(version),
            false => Self::Version(version),
        }
    }

    /// A later version wrote it, and can read it still.
    pub fn is_newer(self) -> bool {
        matches!(self, FormatError::Newer(_))
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
    /// Absent where none was measured.
    #[serde(skip)]
    pub margin: Option<Margin>,
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
        let margins: Vec<Option<Margin>> = self.templates.iter().map(|t| t.margin).collect();
        let head = [MAGIC.as_slice(), &[margins::version_of(&margins)]].concat();
        let bytes = postcard::to_extend(self, head).map_err(|_| FormatError::Malformed)?;
        let bytes = margins::write(&margins, bytes).map_err(|_| FormatError::Malformed)?;
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
        if !(margins::WITHOUT..=VERSION).contains(&version) {
            return Err(FormatError::version(version, VERSION));
        }
        let (mut enrollment, mut rest) =
            postcard::take_from_bytes::<Self>(body).map_err(|_| FormatError::Malformed)?;
        let margins;
        (margins, rest) = margins::read(version, enrollment.templates.len(), rest)
            .ok_or(FormatError::Malformed)?;
        for (template, margin) in enrollment.templates.iter_mut().zip(margins) {
            template.margin = margin;
        }
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

    fn margin(reading: f32) -> Margin {
        Margin {
            networks: [9; 32],
            reading,
        }
    }

    fn enrollment() -> Enrollment {
        let template = StoredTemplate {
            id: 1,
            label: "glasses".into(),
            created: 1_700_000_000,
            camera: "usb:1/color".into(),
            spectrum: Spectrum::Color,
            quality: 0.7,
            sealed: vec![1, 2, 3],
            margin: Some(margin(-1.5)),
        };
        Enrollment {
            uid: 1000,
            user: "alice".into(),
            model: [3; 32],
            protector: 1,
            sealed_key: vec![4; 300],
            recovery: vec![5; 88],
            templates: vec![
                template.clone(),
                StoredTemplate {
                    id: 2,
                    margin: None,
                    ..template
                },
            ],
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
        older[4] = 4;
        assert_eq!(Enrollment::decode(&older), Err(FormatError::Newer(4)));
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
            let _ = Enrollment::decode(&[b"FLCK\x02".as_slice(), &tail].concat());
            let _ = Enrollment::decode(&[b"FLCK\x03".as_slice(), &tail].concat());
        }
    }
}
