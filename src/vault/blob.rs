//! A key sealed by the TPM, as it lies in the enrollment: version, then four parts, each behind its
//! length (u16, little endian). Nothing in it is believed before the TPM has checked it, so reading
//! it must survive any bytes.
#![forbid(unsafe_code)]

use tss_esapi::structures::{Private, Public};
use tss_esapi::traits::UnMarshall as _;

use super::SealedKey;

const VERSION: u8 = 1;

/// Public, so that whoever tests the vault can hand it bytes without a TPM; the protector is its
/// only user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The Name of the storage root key it was sealed under.
    pub srk_name: Vec<u8>,
    /// Numbers of the registers it was sealed to.
    pub pcrs: Vec<u8>,
    /// TPM2B_PUBLIC and TPM2B_PRIVATE of the sealed object.
    pub public: Vec<u8>,
    pub private: Vec<u8>,
}

impl Blob {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for part in [&self.srk_name, &self.pcrs, &self.public, &self.private] {
            bytes.extend((part.len() as u16).to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }

    /// `None` for bytes that are not exactly one blob of this version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != VERSION || bytes.len() > SealedKey::MAX {
            return None;
        }
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (part, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
            rest = after;
            Some(part.to_vec())
        };
        let blob = Self {
            srk_name: part()?,
            pcrs: part()?,
            public: part()?,
            private: part()?,
        };
        rest.is_empty().then_some(blob)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_exactly_a_blob_is_refused() {
        let part = |n: u8| vec![n; usize::from(n)];
        let blob = Blob {
            srk_name: part(34),
            pcrs: vec![7],
            public: part(80),
            private: part(160),
        };
        let bytes = blob.encode();
        assert!((0..bytes.len()).all(|n| Blob::decode(&bytes[..n]).is_none()));
        assert_eq!(Blob::decode(&[bytes.as_slice(), &[0]].concat()), None);
        assert_eq!(
            Blob::decode(&[&[2], &bytes[1..]].concat()),
            None,
            "another version"
        );
        assert_eq!(Blob::decode(&bytes), Some(blob));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(bytes in prop::collection::vec(0_u8..4, 0..40)) {
            let bytes = [vec![VERSION], bytes].concat();
            if let Some(blob) = Blob::decode(&bytes) {
                prop_assert_eq!(blob.encode(), bytes);
                let _ = blob.object();
            }
        }
    }
}
