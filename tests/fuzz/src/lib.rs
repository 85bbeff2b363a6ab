//! What the targets share: an allocator with a limit, and a reader that turns a fuzzer's bytes into
//! values.

use std::alloc::System;

use cap::Cap;

pub mod pixels;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Runs `work` with at most `limit` bytes more than there are; asking for more ends the process,
/// which the fuzzer reports.
pub fn bounded<T>(limit: usize, work: impl FnOnce() -> T) -> T {
    ALLOCATOR
        .set_limit(ALLOCATOR.allocated() + limit)
        .expect("a higher limit");
    let result = work();
    ALLOCATOR.set_limit(usize::MAX).expect("a higher limit");
    result
}

/// The front of a fuzzer's bytes, read as values; zeros where they end.
pub struct Front<'a>(pub &'a [u8]);

impl<'a> Front<'a> {
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let (head, rest) = self.0.split_at(N.min(self.0.len()));
        array[..head.len()].copy_from_slice(head);
        self.0 = rest;
        array
    }

    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub fn half(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// Any bit pattern: NaN, infinities and all.
    pub fn float(&mut self) -> f32 {
        f32::from_le_bytes(self.array())
    }

    /// Up to the first zero byte, which is left out.
    pub fn until_zero(&mut self) -> &'a [u8] {
        let end = self
            .0
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(self.0.len());
        let (head, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        head
    }
}
