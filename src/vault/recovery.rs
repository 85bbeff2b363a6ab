//! The recovery key: opens a user's key where the TPM no longer does. Shown once, at the first
//! enrollment.
#![forbid(unsafe_code)]

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::cipher::{self, Binding};
use super::key::random;
use super::{TemplateKey, VaultError};
use crate::types::Digest;

/// Crockford's base 32: no I, L, O or U (<https://www.crockford.com/base32.html>).
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random bytes in a recovery key: 130 bits of digits hold 128 and the checksum stands behind them.
const BYTES: usize = 16;
const SALT: usize = 16;
/// Argon2id with 32 MiB and 3 passes (RFC 9106 recommends 64 MiB for low-entropy passwords; this
/// key has 128 random bits, and an instance lives under a memory limit). Fixed, so that a hostile
/// file cannot ask for more.
const MEMORY_KIB: u32 = 32 * 1024;
const PASSES: u32 = 3;

/// What a person writes down: eight groups of four digits.
pub struct RecoveryKey(Zeroizing<[u8; BYTES]>);

impl RecoveryKey {
    /// # Errors
    /// [`VaultError::Failed`]: no random numbers.
    pub fn generate() -> Result<Self, VaultError> {
        let mut key = Zeroizing::new([0; BYTES]);
        random(&mut *key)?;
        Ok(Self(key))
    }

    /// The digits in groups, the last six a checksum.
    pub fn text(&self) -> Zeroizing<String> {
        let digits: Vec<u8> = encode(&self.0).into_iter().chain(self.checksum()).collect();
        let groups: Vec<&str> = digits
            .chunks(4)
            .filter_map(|group| std::str::from_utf8(group).ok())
            .collect();
        Zeroizing::new(groups.join("-"))
    }

    /// Reads what a person typed: case, spaces and dashes do not matter, and I, L and O are read as
    /// 1, 1 and 0.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
            text.bytes()
                .filter(|c| !matches!(c, b' ' | b'-' | b'\t'))
                .map(|c| match c.to_ascii_uppercase() {
                    b'I' | b'L' => b'1',
                    b'O' => b'0',
                    c => c,
                })
                .collect(),
        );
        let (key, checksum) = digits.split_at_checked(26)?;
        let key = Self(decode(key)?);
        (checksum == key.checksum()).then_some(key)
    }

    fn checksum(&self) -> [u8; 6] {
        let digest = Digest::of(&[b"facelock recovery".as_slice(), &*self.0].concat());
        std::array::from_fn(|i| DIGITS[usize::from(digest.0[i]) % 32])
    }

    fn stretch(&self, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let cannot = |error: argon2::Error| VaultError::Failed(format!("argon2: {error}"));
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(cannot)?;
        let mut stretched = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(&*self.0, salt, &mut *stretched)
            .map_err(cannot)?;
        Ok(stretched)
    }
}

fn encode(bytes: &[u8; BYTES]) -> Vec<u8> {
    let number = u128::from_be_bytes(*bytes);
    (0..26)
        .rev()
        .map(|i| DIGITS[(number >> (5 * i)) as usize & 31])
        .collect()
}

fn decode(digits: &[u8]) -> Option<Zeroizing<[u8; BYTES]>> {
    let mut number = 0_u128;
    for (i, digit) in digits.iter().enumerate() {
        let value = DIGITS.iter().position(|d| d == digit)? as u128;
        // 26 digits hold 130 bits: the first two must be 0.
        if i == 0 && value >= 8 {
            return None;
        }
        number = number << 5 | value;
    }
    Some(Zeroizing::new(number.to_be_bytes()))
}

/// Seals `key` under the recovery key: salt, then the sealed key.
///
/// # Errors
/// [`VaultError::Failed`].
pub fn wrap(
    recovery: &RecoveryKey,
    key: &TemplateKey,
    binding: &Binding,
) -> Result<Vec<u8>, VaultError> {
    let mut salt = [0; SALT];
    random(&mut salt)?;
    let sealed = cipher::seal(&*recovery.stretch(&salt)?, binding, key.bytes())?;
    Ok([salt.as_slice(), &sealed].concat())
}

/// Opens what [`wrap`] made.
///
/// # Errors
/// [`VaultError::Damaged`]: another recovery key, or another place.
pub fn unwrap(
    recovery: &RecoveryKey,
    binding: &Binding,
    wrapped: &[u8],
) -> Result<TemplateKey, VaultError> {
    let (salt, sealed) = wrapped.split_at_checked(SALT).ok_or(VaultError::Damaged)?;
    let plain = cipher::open(&*recovery.stretch(salt)?, binding, sealed)?;
    TemplateKey::from_bytes(&plain).ok_or(VaultError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_can_be_typed_carelessly() {
        let key = RecoveryKey(Zeroizing::new([0x1f; BYTES]));
        let text = key.text();
        assert_eq!(text.len(), 8 * 4 + 7);
        let careless = text
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l");
        assert_eq!(*RecoveryKey::parse(&careless).unwrap().0, *key.0);
    }

    #[test]
    fn a_slip_is_noticed() {
        let text = RecoveryKey::generate().unwrap().text();
        for (i, c) in text.char_indices().filter(|(_, c)| *c != '-') {
            let mut slipped = text.to_string();
            slipped.replace_range(i..=i, if c == 'Z' { "Y" } else { "Z" });
            assert!(RecoveryKey::parse(&slipped).is_none(), "digit {i}");
        }
        assert!(RecoveryKey::parse("").is_none());
        assert!(RecoveryKey::parse(&text[..20]).is_none());
    }
}
