//! Authenticated encryption of what belongs to one user: XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha-03).
//!
//! What MUST hold:
//! 1. Everything that says whose, what for and how guarded is authenticated ([`Binding`]): bytes
//!    moved to another place do not open there.
//! 2. The encoding of [`Binding`] is injective: each part carries its length.
//! 3. Nonces are 24 random bytes; no counter is kept.
#![forbid(unsafe_code)]

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::key::random;
use super::{ProtectorKind, VaultError};
use crate::types::Digest;

const NONCE: usize = 24;

/// What sealed bytes are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding<'a> {
    /// What they are: `template`, `header`, …
    pub purpose: &'a str,
    pub format_version: u8,
    pub uid: u32,
    pub user: &'a str,
    /// The template's id; 0 where there is none.
    pub template: u32,
    pub model: Digest,
    /// The camera's identity, spectrum included; empty where there is none.
    pub camera: &'a str,
    pub protector: ProtectorKind,
    /// Anything else that must not change.
    pub rest: &'a [u8],
}

impl Binding<'_> {
    fn encode(&self) -> Vec<u8> {
        let uid = self.uid.to_le_bytes();
        let template = self.template.to_le_bytes();
        let parts: [&[u8]; 9] = [
            self.purpose.as_bytes(),
            &[self.format_version],
            &uid,
            self.user.as_bytes(),
            &template,
            &self.model.0,
            self.camera.as_bytes(),
            &[self.protector as u8],
            self.rest,
        ];
        let mut bytes = b"facelock".to_vec();
        for part in parts {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

/// Seals `plain` under a 32-byte key: nonce, then ciphertext and tag.
///
/// # Errors
/// [`VaultError::Failed`]: no random numbers, or more than the cipher takes.
pub fn seal(key: &[u8; 32], binding: &Binding, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    random(&mut nonce)?;
    let binding = binding.encode();
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(
            XNonce::from_slice(&nonce),
            Payload {
                msg: plain,
                aad: &binding,
            },
        )
        .map_err(|_| VaultError::Failed("the cipher refuses to seal".into()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] made, for the same key and the same [`Binding`] only.
///
/// # Errors
/// [`VaultError::Damaged`]: anything differs.
pub fn open(
    key: &[u8; 32],
    binding: &Binding,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(VaultError::Damaged)?;
    let binding = binding.encode();
    XChaCha20Poly1305::new(key.into())
        .decrypt(
            XNonce::from_slice(nonce),
            Payload {
                msg: sealed,
                aad: &binding,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| VaultError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> Binding<'static> {
        Binding {
            purpose: "template",
            format_version: 1,
            uid: 1000,
            user: "alice",
            template: 3,
            model: Digest([7; 32]),
            camera: "usb:1/color",
            protector: ProtectorKind::Tpm,
            rest: b"",
        }
    }

    #[test]
    fn only_the_same_place_opens() {
        let key = [9; 32];
        let sealed = seal(&key, &binding(), b"features").unwrap();
        assert_eq!(&*open(&key, &binding(), &sealed).unwrap(), b"features");
        let elsewhere = [
            Binding {
                purpose: "header",
                ..binding()
            },
            Binding {
                format_version: 0,
                ..binding()
            },
            Binding {
                uid: 1001,
                ..binding()
            },
            Binding {
                user: "alicf",
                ..binding()
            },
            Binding {
                template: 4,
                ..binding()
            },
            Binding {
                model: Digest([8; 32]),
                ..binding()
            },
            Binding {
                camera: "usb:2/color",
                ..binding()
            },
            Binding {
                protector: ProtectorKind::File,
                ..binding()
            },
            Binding {
                rest: b"x",
                ..binding()
            },
        ];
        for other in elsewhere {
            assert!(open(&key, &other, &sealed).is_err(), "{other:?}");
        }
        assert!(open(&[8; 32], &binding(), &sealed).is_err());
    }

    #[test]
    fn any_flipped_bit_is_refused() {
        let sealed = seal(&[9; 32], &binding(), b"features").unwrap();
        for i in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[i / 8] ^= 1 << (i % 8);
            assert!(open(&[9; 32], &binding(), &damaged).is_err(), "bit {i}");
        }
        for n in 0..sealed.len() {
            assert!(open(&[9; 32], &binding(), &sealed[..n]).is_err());
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let a = Binding {
            user: "ab",
            camera: "c",
            ..binding()
        };
        let b = Binding {
            user: "a",
            camera: "bc",
            ..binding()
        };
        assert_ne!(a.encode(), b.encode());
    }
}
