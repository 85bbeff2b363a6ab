//! Between vault and store: enrollments opened and closed under the user's key.
//!
//! What MUST hold:
//! 1. A template is bound to its user, id, model, camera and protector; anything else does not open
//!    it.
//! 2. The header is checked under the key before a template is used: none can be added, taken away
//!    or renamed on disk.
//! 3. A uid that now has another name has no enrollment.

use std::time::{Duration, Instant};

use super::context::Context;
use super::failure::{Answer, Failure};
use super::journal::Priority;
use crate::camera::CameraOptions;
use crate::store::{Enrollment, Lock, StoredTemplate, format};
use crate::types::{CameraIdentity, Digest, Embedding, Spectrum, Subject, Unavailable};
use crate::vault::cipher::{self, Aad};
use crate::vault::{self, ProtectorKind, SealedKey, TemplateKey, VaultError, VaultOptions};

/// How long a change waits for another instance's change of the same user.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Why templates are not open.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the enrollment was changed on disk")]
    Changed,
    #[error("the vault's thread panicked")]
    Panicked,
}

/// A user's open templates.
#[derive(Debug)]
pub struct Gallery {
    model: Digest,
    /// By camera, spectrum included in its identity.
    cameras: Vec<(String, Vec<Embedding>)>,
}

impl Gallery {
    /// Unseals the key and opens every template.
    ///
    /// # Errors
    /// [`KeyError`]; one template that does not open is enough.
    pub fn open(enrollment: &Enrollment, options: &VaultOptions) -> Result<Self, KeyError> {
        let key = unseal(enrollment, options)?;
        Self::with_key(enrollment, &key)
    }

    /// Opens every template under a key that is open already.
    ///
    /// # Errors
    /// As [`Gallery::open`].
    pub fn with_key(enrollment: &Enrollment, key: &TemplateKey) -> Result<Self, KeyError> {
        check(enrollment, key)?;
        let mut cameras: Vec<(String, Vec<Embedding>)> = Vec::new();
        for template in &enrollment.templates {
            let embedding = open_template(enrollment, template, key)?;
            match cameras
                .iter_mut()
                .find(|(camera, _)| *camera == template.camera)
            {
                Some((_, embeddings)) => embeddings.push(embedding),
                None => cameras.push((template.camera.clone(), vec![embedding])),
            }
        }
        Ok(Self {
            model: Digest(enrollment.model),
            cameras,
        })
    }

    /// The templates that were enrolled with this camera, for this model.
    ///
    /// # Errors
    /// [`Unavailable::OtherCamera`], [`Unavailable::TemplatesRejected`] for another model.
    pub fn of(
        &self,
        camera: &CameraIdentity,
        _: Spectrum,
        model: Digest,
    ) -> Result<&[Embedding], Unavailable> {
        if self.model != model {
            return Err(Unavailable::TemplatesRejected);
        }
        let found = self
            .cameras
            .iter()
            .find(|(identity, _)| identity == camera.as_str());
        found
            .map(|(_, embeddings)| embeddings.as_slice())
            .ok_or(Unavailable::OtherCamera)
    }

    /// Every template, whatever its camera.
    pub fn all(&self) -> impl Iterator<Item = &Embedding> {
        self.cameras.iter().flat_map(|(_, embeddings)| embeddings)
    }
}

/// The subject's enrollment, if there is one; a uid that has another name now has none.
///
/// # Errors
/// The store's failure.
pub fn find(context: &Context, subject: &Subject) -> Answer<Option<Enrollment>> {
    let Some(enrollment) = context.enrollments.load(subject.uid)? else {
        return Ok(None);
    };
    if enrollment.user != subject.name.as_str() {
        context
            .line(Priority::Warning, "enrollment", subject)
            .with("enrolled_as", &enrollment.user)
            .write();
        return Ok(None);
    }
    Ok(Some(enrollment).filter(|enrollment| !enrollment.templates.is_empty()))
}

/// The subject's enrollment.
///
/// # Errors
/// [`Unavailable::NotEnrolled`], or the store's failure.
pub fn enrollment_of(context: &Context, subject: &Subject) -> Answer<Enrollment> {
    find(context, subject)?.ok_or(Failure::Refused(Unavailable::NotEnrolled))
}

/// Holds the subject's enrollment against other instances.
///
/// # Errors
/// [`Unavailable::Busy`].
pub fn hold(context: &Context, subject: &Subject) -> Answer<Lock> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    Ok(context.enrollments.lock(subject.uid, deadline)?)
}

/// The key, from the protector that sealed it.
///
/// # Errors
/// [`KeyError::Vault`].
pub fn unseal(enrollment: &Enrollment, options: &VaultOptions) -> Result<TemplateKey, KeyError> {
    let kind = ProtectorKind::from_byte(enrollment.protector).ok_or(VaultError::Damaged)?;
    let sealed = SealedKey {
        kind,
        bytes: enrollment.sealed_key.clone(),
    };
    let key = vault::open_for(kind, options)?.unseal(&sealed)?;
    Ok(key)
}

/// Opens one template.
///
/// # Errors
/// [`KeyError::Vault`]: it is not what was sealed.
pub fn open_template(
    enrollment: &Enrollment,
    template: &StoredTemplate,
    key: &TemplateKey,
) -> Result<Embedding, KeyError> {
    let aad = template_aad(enrollment, template);
    let plain = cipher::open(key.bytes(), &aad, &template.sealed)?;
    let values = plain.as_chunks::<4>().0.iter();
    let values = values.map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Ok(Embedding::normalized(values).ok_or(VaultError::Damaged)?)
}

/// Seals an embedding as a template of `enrollment`.
///
/// # Errors
/// [`KeyError::Vault`].
pub fn seal_template(
    enrollment: &Enrollment,
    template: &mut StoredTemplate,
    embedding: &Embedding,
    key: &TemplateKey,
) -> Result<(), KeyError> {
    let plain = zeroize::Zeroizing::new(
        embedding
            .values()
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>(),
    );
    template.sealed = cipher::seal(key.bytes(), &template_aad(enrollment, template), &plain)?;
    Ok(())
}

/// Binds the header as it is now to the key.
///
/// # Errors
/// [`KeyError`].
pub fn bind(enrollment: &mut Enrollment, key: &TemplateKey) -> Result<(), KeyError> {
    let header = enrollment.header().map_err(|_| KeyError::Changed)?;
    enrollment.integrity =
        cipher::seal(key.bytes(), &header_aad(enrollment, "header", &header), b"")?;
    Ok(())
}

/// Whether the header is the one that was bound.
///
/// # Errors
/// [`KeyError::Changed`].
pub fn check(enrollment: &Enrollment, key: &TemplateKey) -> Result<(), KeyError> {
    let header = enrollment.header().map_err(|_| KeyError::Changed)?;
    let aad = header_aad(enrollment, "header", &header);
    cipher::open(key.bytes(), &aad, &enrollment.integrity).map_err(|_| KeyError::Changed)?;
    Ok(())
}

/// What the recovery key's sealing of the key is bound to: the user, whatever the protector and the
/// templates become.
pub fn recovery_aad(enrollment: &Enrollment) -> Aad<'_> {
    Aad {
        purpose: "recovery",
        format_version: format::VERSION,
        uid: enrollment.uid,
        user: &enrollment.user,
        template: 0,
        model: Digest([0; 32]),
        camera: "",
        protector: ProtectorKind::Tpm,
        rest: b"",
    }
}

fn header_aad<'a>(enrollment: &'a Enrollment, purpose: &'a str, rest: &'a [u8]) -> Aad<'a> {
    Aad {
        purpose,
        format_version: format::VERSION,
        uid: enrollment.uid,
        user: &enrollment.user,
        template: 0,
        model: Digest(enrollment.model),
        camera: "",
        // An unknown protector never got this far; it could not have been unsealed.
        protector: ProtectorKind::from_byte(enrollment.protector).unwrap_or(ProtectorKind::File),
        rest,
    }
}

fn template_aad<'a>(enrollment: &'a Enrollment, template: &'a StoredTemplate) -> Aad<'a> {
    Aad {
        template: template.id,
        camera: &template.camera,
        ..header_aad(enrollment, "template", b"")
    }
}

/// The configured cameras, and those that the user is enrolled on before all others.
pub fn camera_options(context: &Context, enrollment: &Enrollment) -> CameraOptions {
    let enrolled = enrollment.cameras();
    CameraOptions {
        enrolled: enrolled.into_iter().map(CameraIdentity::new).collect(),
        ..context.config.camera_options()
    }
}

/// What a login may open: the cameras that the user is enrolled on, and no other.
pub fn login_camera_options(context: &Context, enrollment: &Enrollment) -> CameraOptions {
    CameraOptions {
        only_enrolled: true,
        ..camera_options(context, enrollment)
    }
}
