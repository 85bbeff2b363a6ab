//! A key sealed by the TPM, as it lies in the enrollment: version, then four parts, each behind its
//! length (u16, little endian). Nothing in it is believed before the TPM has checked it, so reading
//! it must survive any bytes.
#![forbid(unsafe_code)]

use tss_esapi::structures::{Private, Public};
use tss_esapi::traits::UnMarshall as _;

use super::SealedKey;

/// Sealed under [`Parent::Common`]; every other parent is named in a blob of the next version.
const VERSION: u8 = 1;
const VERSION_WITH_PARENT: u8 = 2;

/// The storage key that the sealed object lies under, so that the same one is looked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Parent {
    /// The provisioned storage root key, or the owner hierarchy's elliptic-curve one.
    Common = 0,
    OwnerRsa = 1,
    EndorsementEcc = 2,
    EndorsementRsa = 3,
}

/// Public, so that tests of the vault can hand it bytes without a TPM; the protector is its
/// only user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub parent: Parent,
    /// The Name of the storage key it was sealed under.
    pub srk_name: Vec<u8>,
    /// Numbers of the registers it was sealed to.
    pub pcrs: Vec<u8>,
    /// TPM2B_PUBLIC and TPM2B_PRIVATE of the sealed object.
    pub public: Vec<u8>,
    pub private: Vec<u8>,
}

impl Blob {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = match self.parent {
            Parent::Common => vec![VERSION],
            other => vec![VERSION_WITH_PARENT, other as u8],
        };
        for part in [&self.srk_name, &self.pcrs, &self.public, &self.private] {
            bytes.extend((part.len() as u16).to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }

    /// `None` for bytes that are not exactly one blob of a known version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if bytes.len() > SealedKey::MAX {
            return None;
        }
        let parent = match *version {
            VERSION => Parent::Common,
            VERSION_WITH_PARENT => {
                let (parent, after) = rest.split_first()?;
                rest = after;
                Parent::named(*parent)?
            }
            _ => return None,
        };
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (part, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
            rest = after;
            Some(part.to_vec())
        };
        let blob = Self {
            parent,
            srk_name: part()?,
            pcrs: part()?,
            public: part()?,
            private: part()?,
        };
        rest.is_empty().then_some(blob)
    }

    /// Whether the bytes are of a version that this program does not know.
    pub fn is_newer(bytes: &[u8]) -> bool {
        bytes
            .first()
            .is_some_and(|version| *version > VERSION_WITH_PARENT)
    }

    /// The sealed object, as the TPM is asked to load it. `None` for parts that are no TPM
    /// structures.
    pub fn object(&self) -> Option<(Public, Private)> {
        Some((
            Public::unmarshall(&self.public).ok()?,
            Private::try_from(self.private.clone()).ok()?,
        ))
    }
}

impl Parent {
    /// What a blob may name; the common parent is never named.
    fn named(byte: u8) -> Option<Self> {
        [Self::OwnerRsa, Self::EndorsementEcc, Self::EndorsementRsa]
            .into_iter()
            .find(|parent| *parent as u8 == byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_exactly_a_blob_is_refused() {
        let part = |n: u8| vec![n; usize::from(n)];
        let blob = Blob {
            parent: Parent::Common,
            srk_name: part(34),
            pcrs: vec![7],
            public: part(80),
            private: part(160),
        };
        let bytes = blob.encode();
        assert!((0..bytes.len()).all(|n| Blob::decode(&bytes[..n]).is_none()));
        assert_eq!(Blob::decode(&[bytes.as_slice(), &[0]].concat()), None);
        assert_eq!(
            Blob::decode(&[&[3], &bytes[1..]].concat()),
            None,
            "another version"
        );
        for (byte, parent) in [
            (0, None),
            (1, Some(Parent::OwnerRsa)),
            (2, Some(Parent::EndorsementEcc)),
            (3, Some(Parent::EndorsementRsa)),
            (4, None),
        ] {
            let named = Blob::decode(&[&[2, byte], &bytes[1..]].concat());
            assert_eq!(named.map(|blob| blob.parent), parent, "parent {byte}");
        }
        assert_eq!(Blob::decode(&bytes), Some(blob));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(
            version in 1_u8..4,
            bytes in prop::collection::vec(0_u8..4, 0..40),
        ) {
            let bytes = [vec![version], bytes].concat();
            if let Some(blob) = Blob::decode(&bytes) {
                prop_assert_eq!(blob.encode(), bytes);
                let _ = blob.object();
            }
        }
    }
}
