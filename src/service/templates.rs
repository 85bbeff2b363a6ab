//! Between vault and store: templates opened and sealed under the user's key.
//!
//! What MUST hold:
//! 1. A template is bound to its user, id, model, camera and protector; anything else does not open
//!    it.
//! 2. The header is checked under the key before a template is used: none can be added, taken away
//!    or renamed on disk.

use facelock_protocol::Password;

use super::password;
use crate::pad;
use crate::store::{Enrollment, Margin, StoredTemplate};
use crate::types::{CameraIdentity, Digest, Embedding, Unavailable};
use crate::vault::cipher::{self, Binding};
use crate::vault::{self, ProtectorKind, SealedKey, TemplateKey, VaultError, VaultOptions};

/// Version of the bindings below: what an earlier release sealed is bound by it.
const BINDING: u8 = 1;

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
    /// What the enrollment with a camera read of the person, as far as it is known.
    margins: Vec<(String, Margin)>,
    /// The login password that was opened with them, or why it could not be.
    pub password: Option<Result<Password, KeyError>>,
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

    /// The same, and beside them the password in these bytes of its file.
    ///
    /// # Errors
    /// As [`Gallery::open`]; a password that does not open is none.
    pub fn with_password(
        enrollment: &Enrollment,
        options: &VaultOptions,
        file: Option<&[u8]>,
    ) -> Result<Self, KeyError> {
        let key = unseal(enrollment, options)?;
        let mut gallery = Self::with_key(enrollment, &key)?;
        let open = |bytes| Ok(password::open(enrollment, &key, bytes)?);
        gallery.password = file.map(open);
        Ok(gallery)
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
            margins: margins(enrollment),
            cameras,
            password: None,
        })
    }

    /// The templates that were enrolled with this camera, for this model.
    ///
    /// # Errors
    /// [`Unavailable::OtherCamera`], [`Unavailable::TemplatesRejected`] for another model.
    pub fn for_camera(
        &self,
        camera: &CameraIdentity,
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

    /// The margin that the enrollment with this camera had by these networks; `None` where a
    /// template has none, or one by others.
    pub fn margin(&self, camera: &CameraIdentity, networks: Option<Digest>) -> Option<f32> {
        let mut margins = self.margins.iter();
        let (_, margin) = margins.find(|(identity, _)| identity == camera.as_str())?;
        (networks == Some(Digest(margin.networks))).then_some(margin.reading)
    }

    /// Every template, whatever its camera.
    pub fn all(&self) -> impl Iterator<Item = &Embedding> {
        self.cameras.iter().flat_map(|(_, embeddings)| embeddings)
    }
}

/// By camera, the median of its templates' margins. A camera with a template that has none, or one
/// by other networks, has none: the others' day may have been a better one.
fn margins(enrollment: &Enrollment) -> Vec<(String, Margin)> {
    let of = |camera: &str| {
        let own = enrollment.templates.iter().filter(|t| t.camera == camera);
        let margins: Option<Vec<Margin>> = own.map(|template| template.margin).collect();
        let (margins, networks) = (margins.as_ref()?, margins.as_ref()?.first()?.networks);
        let alike = margins.iter().all(|margin| margin.networks == networks);
        let reading = pad::median(margins.iter().map(|margin| margin.reading))?;
        alike.then(|| (camera.to_owned(), Margin { networks, reading }))
    };
    enrollment.cameras().into_iter().filter_map(of).collect()
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
    let binding = template_binding(enrollment, template);
    let plain = cipher::open(key.bytes(), &binding, &template.sealed)?;
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
    template.sealed = cipher::seal(key.bytes(), &template_binding(enrollment, template), &plain)?;
    Ok(())
}

/// Binds the header as it is now to the key.
pub fn bind(enrollment: &mut Enrollment, key: &TemplateKey) -> Result<(), KeyError> {
    let header = enrollment.header().map_err(|_| KeyError::Changed)?;
    enrollment.integrity = cipher::seal(
        key.bytes(),
        &header_binding(enrollment, "header", &header),
        b"",
    )?;
    Ok(())
}

/// Whether the header is the one that was bound.
///
/// # Errors
/// [`KeyError::Changed`].
pub fn check(enrollment: &Enrollment, key: &TemplateKey) -> Result<(), KeyError> {
    let header = enrollment.header().map_err(|_| KeyError::Changed)?;
    let binding = header_binding(enrollment, "header", &header);
    cipher::open(key.bytes(), &binding, &enrollment.integrity).map_err(|_| KeyError::Changed)?;
    Ok(())
}

/// What the recovery key's sealing of the key is bound to: the user, whatever the protector and the
/// templates become.
pub fn recovery_binding(enrollment: &Enrollment) -> Binding<'_> {
    Binding {
        purpose: "recovery",
        format_version: BINDING,
        uid: enrollment.uid,
        user: &enrollment.user,
        template: 0,
        model: Digest([0; 32]),
        camera: "",
        protector: ProtectorKind::Tpm,
        rest: b"",
    }
}

fn header_binding<'a>(enrollment: &'a Enrollment, purpose: &'a str, rest: &'a [u8]) -> Binding<'a> {
    Binding {
        purpose,
        format_version: BINDING,
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

fn template_binding<'a>(enrollment: &'a Enrollment, template: &'a StoredTemplate) -> Binding<'a> {
    Binding {
        template: template.id,
        camera: &template.camera,
        ..header_binding(enrollment, "template", b"")
    }
}

#[cfg(test)]
mod tests {
    use facelock_protocol::Spectrum;

    use super::*;

    fn by(networks: u8, reading: f32) -> Margin {
        Margin {
            networks: [networks; 32],
            reading,
        }
    }

    /// An enrollment of one template for each camera and margin.
    fn of(templates: &[(&str, Option<Margin>)]) -> Enrollment {
        let template = |(camera, margin): &(&str, Option<Margin>)| StoredTemplate {
            id: 1,
            label: String::new(),
            created: 0,
            camera: (*camera).into(),
            spectrum: Spectrum::Color,
            quality: 1.0,
            sealed: Vec::new(),
            margin: *margin,
        };
        Enrollment {
            uid: 1000,
            user: "alice".into(),
            model: [7; 32],
            protector: ProtectorKind::File as u8,
            sealed_key: Vec::new(),
            recovery: Vec::new(),
            templates: templates.iter().map(template).collect(),
            integrity: Vec::new(),
        }
    }

    #[test]
    fn a_cameras_margin_is_the_median_of_all_its_templates_or_none() {
        let mixed = [
            ("a", Some(by(1, 9.0))),
            ("b", Some(by(1, 9.0))),
            ("a", Some(by(1, 1.0))),
            ("b", None),
            ("a", Some(by(1, 3.0))),
            ("c", None),
        ];
        assert_eq!(margins(&of(&mixed)), [("a".to_owned(), by(1, 3.0))]);
        assert_eq!(margins(&of(&[])), []);
    }

    #[test]
    fn a_margin_that_other_networks_read_holds_no_one_to_it() {
        let camera = CameraIdentity::new("a");
        let margin = |templates: &[(&str, Option<Margin>)], networks| {
            let gallery = Gallery {
                model: Digest([7; 32]),
                cameras: Vec::new(),
                margins: margins(&of(templates)),
                password: None,
            };
            gallery.margin(&camera, networks)
        };
        let (first, second) = (("a", Some(by(1, 9.0))), ("a", Some(by(2, 3.0))));
        let networks = |byte| Some(Digest([byte; 32]));
        assert_eq!(margin(&[first], networks(1)), Some(9.0));
        assert_eq!(margin(&[first], networks(2)), None, "replaced since");
        assert_eq!(margin(&[first], None), None, "off");
        for by in [1, 2] {
            assert_eq!(margin(&[first, second], networks(by)), None, "of both");
        }
    }
}
