//! A login password on its way to what opens with it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A password as PAM holds it: 1..=511 bytes, none of them zero. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Longest, in bytes: PAM's own limit (PAM_MAX_RESP_SIZE), without the byte that ends it.
    pub const MAX: usize = 511;

    /// `None` for nothing, for too much, and where a byte is zero.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let fits = (1..=Self::MAX).contains(&bytes.len()) && !bytes.contains(&0);
        fits.then(|| Self(Zeroizing::new(bytes.to_vec())))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Zeroizing::new(Vec::<u8>::deserialize(deserializer)?);
        Self::new(&bytes).ok_or_else(|| serde::de::Error::custom("no password"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pam_could_not_hold_is_none() {
        for none in [&b""[..], b"a\0b", b"\0", &[b'x'; 512]] {
            assert_eq!(Password::new(none), None, "{} bytes", none.len());
        }
        assert!(Password::new(&[b'x'; 511]).is_some());
        assert!(Password::new("schön \u{1f512} ".as_bytes()).is_some());
        assert!(Password::new(&[0xff, 0xfe]).is_some(), "no text at all");
    }

    #[test]
    fn no_reader_makes_one_that_new_refuses() {
        let bytes = postcard::to_allocvec(&Password::new(b"hunter2").unwrap()).unwrap();
        assert_eq!(bytes, b"\x07hunter2");
        let read = |bytes: &[u8]| postcard::from_bytes::<Password>(bytes).ok();
        assert_eq!(read(&bytes), Password::new(b"hunter2"));
        for none in [&b"\x00"[..], b"\x03a\0b", b"\x07hunter"] {
            assert_eq!(read(none), None, "{none:?}");
        }
        let long = [&[0x80, 0x04], &[b'x'; 512][..]].concat();
        assert_eq!(read(&long), None);
    }

    #[test]
    fn it_is_never_printed() {
        let password = Password::new(b"hunter2").unwrap();
        assert_eq!(
            format!("{password:?} {:?}", Some(&password)),
            "Password(..) Some(Password(..))"
        );
    }
}
