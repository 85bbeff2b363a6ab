//! The control behind the extension unit.
#![forbid(unsafe_code)]

use super::super::quirks::Emitter;
use super::super::v4l2::{Node, XuRequest};

/// How many bytes the control takes.
pub(super) fn length(node: &Node, emitter: &Emitter) -> std::io::Result<usize> {
    let mut length = [0; 2];
    let (unit, selector) = (emitter.unit, emitter.selector);
    node.extension_unit(unit, selector, XuRequest::Length, &mut length)?;
    Ok(usize::from(u16::from_le_bytes(length)))
}

pub(super) fn send(node: &Node, emitter: &Emitter, payload: &[u8]) -> std::io::Result<()> {
    node.extension_unit(
        emitter.unit,
        emitter.selector,
        XuRequest::Set,
        &mut payload.to_vec(),
    )
}
