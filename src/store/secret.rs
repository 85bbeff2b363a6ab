//! The bytes of a kept password: magic, version, what the vault sealed. Whose it is and what for
//! are bound to the sealing; every such file is of one length, so that it tells nothing of the
//! password.
#![forbid(unsafe_code)]

use super::format::FormatError;

const MAGIC: &[u8; 4] = b"FLKR";
/// The only version there is; older and newer ones are refused.
pub const VERSION: u8 = 1;
/// Largest file, in bytes.
pub const MAX_BYTES: usize = 4096;

/// The file around what was sealed.
pub fn encode(sealed: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), &[VERSION], sealed].concat()
}

/// What was sealed.
///
/// # Errors
/// [`FormatError`]: it is no such file, or of another version.
pub fn decode(bytes: &[u8]) -> Result<&[u8], FormatError> {
    let body = bytes.strip_prefix(MAGIC).ok_or(FormatError::Magic)?;
    let (&version, sealed) = body.split_first().ok_or(FormatError::Malformed)?;
    match version {
        VERSION => Ok(sealed),
        other => Err(FormatError::version(other, VERSION)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_such_file_is_refused() {
        let bytes = encode(b"sealed");
        assert_eq!(decode(&bytes), Ok(&b"sealed"[..]));
        for n in 0..5 {
            assert!(decode(&bytes[..n]).is_err(), "cut to {n}");
        }
        assert_eq!(decode(b"FLCK\x01sealed"), Err(FormatError::Magic));
        assert_eq!(decode(b"FLKR\x00sealed"), Err(FormatError::Version(0)));
        assert_eq!(decode(b"FLKR\x02sealed"), Err(FormatError::Newer(2)));
    }
}
