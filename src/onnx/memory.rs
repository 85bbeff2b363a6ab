//! Where ONNX Runtime's memory comes from.
#![allow(unsafe_code)]

use ort::AsPointer;
use ort::environment::Environment;
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};

/// What a heap is grown by, in bytes: more than ONNX Runtime takes for itself and its sessions.
const STEP: libc::c_int = 16 << 20;

/// Lets a heap of the C library grow by a large step. A thread's heap would grow page by page
/// otherwise, with a system call each. Memory is used when it is written to, so a larger step takes
/// none. Holds for the heaps of threads that do not run yet.
pub fn grow_heaps_by_large_steps() {
    // SAFETY: mallopt(3) changes one number of the C library, under its lock. Where it fails, heaps
    // grow as before.
    unsafe { libc::mallopt(libc::M_TOP_PAD, STEP) };
}

/// Lets all sessions of an environment that ask for it take their tensors from one arena, made
/// here. By default each has its own, and keeps what it took: the sessions of a login need it one
/// after the other.
///
/// # Errors
/// ONNX Runtime could not make it.
pub fn share_arena(environment: &Environment) -> ort::Result<()> {
    let memory = MemoryInfo::new(
        AllocationDevice::CPU,
        0,
        AllocatorType::Arena,
        MemoryType::Default,
    )?;
    // SAFETY: both pointers are valid for the call, which copies what it is told and keeps the
    // arena in the environment, itself guarded by a lock. A null configuration stands for the
    // defaults. The status is read once.
    unsafe {
        let status = (ort::api().CreateAndRegisterAllocator)(
            environment.ptr().cast_mut(),
            memory.ptr(),
            std::ptr::null(),
        );
        ort::Error::result_from_status(status)
    }
}
