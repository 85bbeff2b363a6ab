//! Framing: a length that is checked before anything is allocated, a version, one postcard value.

use std::io::{ErrorKind, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{MESSAGE_CAP, REQUEST_CAP, VERSION};

/// Why a frame could not be read or written. None of these is a decision.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("the other end closed the connection")]
    Closed,
    #[error("the frame ends before its length")]
    Truncated,
    #[error("a frame of {length} bytes, over the cap of {cap}")]
    Oversize { length: usize, cap: usize },
    #[error("version {0}, this side speaks {VERSION}")]
    Version(u8),
    #[error("the body is not a message of this version")]
    Malformed,
    #[error("bytes left over after the message")]
    Trailing,
    #[error("no answer before the deadline")]
    TimedOut,
    #[error(transparent)]
    Io(std::io::Error),
}

impl From<std::io::Error> for FrameError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => FrameError::Truncated,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => FrameError::TimedOut,
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => FrameError::Closed,
            _ => FrameError::Io(error),
        }
    }
}

/// The frame of `message`: length, version, body.
///
/// # Errors
/// [`FrameError::Oversize`] over [`MESSAGE_CAP`].
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    // Room for every message that holds a password: a buffer that grows leaves a copy behind.
    let mut frame = Vec::with_capacity(REQUEST_CAP);
    frame.extend([0, 0, 0, 0, VERSION]);
    let mut frame = postcard::to_extend(message, frame).map_err(|_| FrameError::Malformed)?;
    let length = frame.len() - 4;
    if length > MESSAGE_CAP {
        return Err(FrameError::Oversize {
            length,
            cap: MESSAGE_CAP,
        });
    }
    frame[..4].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(frame)
}

/// Reads what follows the length: version and body.
///
/// # Errors
/// [`FrameError::Version`], [`FrameError::Malformed`], [`FrameError::Trailing`];
/// [`FrameError::Truncated`] when empty.
pub fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, FrameError> {
    let (&version, body) = payload.split_first().ok_or(FrameError::Truncated)?;
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(FrameError::Trailing),
        Err(postcard::Error::DeserializeUnexpectedEnd) => Err(FrameError::Truncated),
        Err(_) => Err(FrameError::Malformed),
    }
}

/// Reads one frame of at most `cap` bytes. A clean end of file before the first byte is
/// [`FrameError::Closed`].
///
/// # Errors
/// Every [`FrameError`]; nothing larger than `cap` is ever allocated.
pub fn read_message<T: DeserializeOwned>(
    reader: &mut impl Read,
    cap: usize,
) -> Result<T, FrameError> {
    let mut prefix = [0; 4];
    let first = loop {
        match reader.read(&mut prefix) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if first == 0 {
        return Err(FrameError::Closed);
    }
    reader.read_exact(&mut prefix[first..])?;
    let length = u32::from_le_bytes(prefix) as usize;
    if length == 0 {
        return Err(FrameError::Truncated);
    }
    if length > cap {
        return Err(FrameError::Oversize { length, cap });
    }
    let mut payload = Zeroizing::new(vec![0; length]);
    reader.read_exact(&mut payload)?;
    decode(&payload)
}

/// Writes one frame.
///
/// # Errors
/// [`FrameError::Oversize`], [`FrameError::Closed`], [`FrameError::TimedOut`], [`FrameError::Io`].
pub fn write_message<T: Serialize>(writer: &mut impl Write, message: &T) -> Result<(), FrameError> {
    writer.write_all(&Zeroizing::new(encode(message)?))?;
    Ok(())
}
