//! The key of one user's templates.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::VaultError;

/// 32 random bytes that seal one user's templates. Wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TemplateKey([u8; 32]);

impl TemplateKey {
    /// A new key from the kernel's random number generator.
    ///
    /// # Errors
    /// [`VaultError::Failed`]: the kernel gives none.
    pub fn generate() -> Result<Self, VaultError> {
        let mut key = Self([0; 32]);
        random(&mut key.0)?;
        Ok(key)
    }

    /// `None` unless there are 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Fills `bytes` from getrandom(2).
pub fn random(mut bytes: &mut [u8]) -> Result<(), VaultError> {
    use rustix::rand::{GetRandomFlags, getrandom};
    while !bytes.is_empty() {
        match getrandom(&mut *bytes, GetRandomFlags::empty()) {
            Ok(n) => bytes = &mut bytes[n..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(VaultError::Failed(format!("getrandom: {error}"))),
        }
    }
    Ok(())
}
