//! A login password sealed under the key of its user's templates.
//!
//! What MUST hold:
//! 1. It is bound to its user and to what it is for; a file moved, renamed or edited opens nothing.
//! 2. A file does not tell how long the password is.

use facelock_protocol::Password;
use zeroize::Zeroizing;

use crate::store::{Enrollment, secret};
use crate::types::Digest;
use crate::vault::cipher::{self, Binding};
use crate::vault::{ProtectorKind, TemplateKey, VaultError};

/// What is sealed: two bytes of length, and room for the longest.
const PLAIN: usize = 2 + Password::MAX;

/// Opens the bytes of a file with the key of `enrollment`.
///
/// # Errors
/// [`VaultError::Damaged`]: it is not what was sealed for this user.
pub fn open(
    enrollment: &Enrollment,
    key: &TemplateKey,
    bytes: &[u8],
) -> Result<Password, VaultError> {
    let sealed = secret::decode(bytes).map_err(|error| {
        if error.is_newer() {
            VaultError::Newer
        } else {
            VaultError::Damaged
        }
    })?;
    let plain = cipher::open(key.bytes(), &binding(enrollment), sealed)?;
    let read = || {
        let (length, rest) = plain.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length));
        Password::new(rest.get(..length)?)
    };
    let password = read().filter(|_| plain.len() == PLAIN);
    password.ok_or(VaultError::Damaged)
}

/// Seals `password` as the bytes of a file.
///
/// # Errors
/// The vault's.
pub fn seal(
    enrollment: &Enrollment,
    key: &TemplateKey,
    password: &Password,
) -> Result<Vec<u8>, VaultError> {
    let mut plain = Zeroizing::new([0; PLAIN]);
    let bytes = password.as_bytes();
    plain[..2].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
    plain[2..2 + bytes.len()].copy_from_slice(bytes);
    let sealed = cipher::seal(key.bytes(), &binding(enrollment), &*plain)?;
    Ok(secret::encode(&sealed))
}

fn binding(enrollment: &Enrollment) -> Binding<'_> {
    Binding {
        purpose: "keyring",
        format_version: secret::VERSION,
        uid: enrollment.uid,
        user: &enrollment.user,
        template: 0,
        // The templates may become others', of another model and camera.
        model: Digest([0; 32]),
        camera: "",
        // An unknown protector never got this far.
        protector: ProtectorKind::from_byte(enrollment.protector).unwrap_or(ProtectorKind::File),
        rest: b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrollment() -> Enrollment {
        Enrollment {
            uid: 1000,
            user: "alice".into(),
            model: [3; 32],
            protector: ProtectorKind::File as u8,
            sealed_key: Vec::new(),
            recovery: Vec::new(),
            templates: Vec::new(),
            integrity: Vec::new(),
        }
    }

    fn key() -> TemplateKey {
        TemplateKey::from_bytes(&[9; 32]).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_kept_opens_for_its_user_alone() {
        let bytes = seal(&enrollment(), &key(), &password("hunter2")).unwrap();
        assert_eq!(
            open(&enrollment(), &key(), &bytes).unwrap(),
            password("hunter2")
        );
        let others = [
            Enrollment {
                uid: 1001,
                ..enrollment()
            },
            Enrollment {
                user: "bob".into(),
                ..enrollment()
            },
            Enrollment {
                protector: ProtectorKind::Tpm as u8,
                ..enrollment()
            },
        ];
        for other in others {
            assert!(open(&other, &key(), &bytes).is_err(), "{other:?}");
        }
        // The user was deleted and made again: the key is another.
        let again = TemplateKey::from_bytes(&[8; 32]).unwrap();
        assert!(open(&enrollment(), &again, &bytes).is_err());
    }

    #[test]
    fn a_file_that_is_cut_or_changed_anywhere_opens_nothing() {
        let bytes = seal(&enrollment(), &key(), &password("hunter2")).unwrap();
        for n in 0..bytes.len() {
            assert!(
                open(&enrollment(), &key(), &bytes[..n]).is_err(),
                "cut to {n}"
            );
            let mut changed = bytes.clone();
            changed[n] ^= 1;
            assert!(open(&enrollment(), &key(), &changed).is_err(), "byte {n}");
        }
        let mut newer = bytes;
        newer[4] = 2;
        let error = open(&enrollment(), &key(), &newer).unwrap_err();
        assert!(matches!(error, VaultError::Newer));
    }

    #[test]
    fn a_template_s_bytes_are_no_password() {
        // Sealed under the same key for the same user, for another purpose.
        let enrolled = enrollment();
        let other = Binding {
            purpose: "template",
            ..binding(&enrolled)
        };
        let mut plain = [0; PLAIN];
        (plain[0], plain[2]) = (1, b'x');
        let sealed = cipher::seal(key().bytes(), &other, &plain).unwrap();
        assert!(open(&enrollment(), &key(), &secret::encode(&sealed)).is_err());
    }

    #[test]
    fn a_file_does_not_tell_how_long_the_password_is() {
        let length = |text: &str| {
            let bytes = seal(&enrollment(), &key(), &password(text)).unwrap();
            bytes.len()
        };
        assert_eq!(length("x"), length(&"x".repeat(Password::MAX)));
    }
}
