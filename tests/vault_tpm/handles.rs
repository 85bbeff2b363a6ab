//! What was loaded and is gone, and a device that another program holds.

#![allow(unsafe_code)]

use std::os::fd::{FromRawFd as _, OwnedFd};

use rustix::termios::{ioctl_tiocexcl, ioctl_tiocnxcl, ttyname};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::*;

/// The steps that name an object or a session which an earlier step loaded.
const NAMING: [u32; 4] = [
    command::LOAD,
    command::START_AUTH_SESSION,
    command::POLICY_PCR,
    command::UNSEAL,
];

/// Of the TPM: the first or second handle, or the session, names nothing; it is not loaded. And the
/// first of them from the kernel's resource manager and from tpm2-abrmd.
const GONE: [u32; 8] = [0x18B, 0x28B, 0x98B, 0xA8B, 0x910, 0x918, 0xB_018B, 0xC_018B];

#[test]
fn what_is_gone_that_was_loaded_is_loaded_again() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    let key = key();
    let sealed = open(&proxy.tcti()).seal(&key).unwrap();
    for step in NAMING {
        for code in GONE {
            proxy.next(step, 3, Fate::Refuse(code));
            let opened = open(&proxy.tcti()).unseal(&sealed);
            let opened = opened.unwrap_or_else(|why| panic!("{code:#x} at {step:#x}: {why}"));
            assert_eq!(opened.bytes(), key.bytes());
            proxy.forget_rules();
        }
        assert_eq!(tpm.loaded(), 0, "after {step:#x}");
    }
    proxy.next(command::CREATE, 2, Fate::Refuse(0x18B));
    assert!(open(&proxy.tcti()).seal(&key).is_ok());
    // What stays so is busy, and not a machine that changed.
    proxy.next(command::UNSEAL, usize::MAX, Fate::Refuse(0x98B));
    let patience = Duration::from_millis(200);
    let stays = open(&proxy.tcti()).patient_for(patience).unseal(&sealed);
    assert!(matches!(stays, Err(VaultError::Busy(_))));
}

/// By the TPM itself: another program flushes the first policy session, the storage key, and what
/// lies under it.
#[test]
fn what_another_program_flushes_in_the_middle_is_loaded_again() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    let key = key();
    let sealed = open(&proxy.tcti()).seal(&key).unwrap();
    for (step, handle) in [
        (command::LOAD, 0x8000_0000),
        (command::START_AUTH_SESSION, 0x8000_0000),
        (command::POLICY_PCR, 0x0300_0000),
        (command::UNSEAL, 0x8000_0001),
        (command::UNSEAL, 0x0300_0000),
    ] {
        proxy.next(step, 1, Fate::After(flush(handle)));
        let opened = open(&proxy.tcti()).unseal(&sealed);
        let opened = opened.unwrap_or_else(|why| panic!("{handle:#x} at {step:#x}: {why}"));
        assert_eq!(opened.bytes(), key.bytes());
        assert_eq!(tpm.loaded(), 0, "{handle:#x} at {step:#x}");
    }
}

/// A place without a key, and a hierarchy that the TPM does not know, are no passing state.
#[test]
fn a_handle_that_never_was_there_is_not_waited_for() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    proxy.next(command::READ_PUBLIC, usize::MAX, Fate::Refuse(0x18B));
    proxy.next(command::CREATE_PRIMARY, usize::MAX, Fate::Refuse(0x18B));
    let begun = Instant::now();
    let refused = open(&proxy.tcti()).seal(&key()).map(drop).unwrap_err();
    assert!(matches!(refused, VaultError::Failed(_)), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(5), "and not for ever");
}

fn flush(handle: u32) -> Vec<u8> {
    let head = [0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x65];
    [&head[..], &handle.to_be_bytes()].concat()
}

/// A terminal in place of `/dev/tpm0`: it too can be opened by one process alone, but by one that
/// administers the machine, which an instance does not.
#[test]
fn a_device_that_another_program_holds_is_waited_for_and_then_said_to_be_held() {
    let [_terminal, holder] = terminal();
    let path = ttyname(&holder, Vec::new()).unwrap();
    ioctl_tiocexcl(&holder).unwrap();
    let tcti = format!("device:{}", path.to_str().unwrap());
    let patiently = move |ms| {
        let tcti = tcti.clone();
        std::thread::spawn(move || {
            administer_nothing();
            let begun = Instant::now();
            let opened = TpmProtector::open_within(&tcti, &[7], Duration::from_millis(ms));
            (opened.map(drop), begun.elapsed())
        })
    };
    let (held, after) = patiently(300).join().unwrap();
    let held = held.unwrap_err();
    assert!(matches!(held, VaultError::Busy(_)), "{held}");
    assert!(held.to_string().contains("/dev/tpmrm0"), "{held}");
    assert!(after > Duration::from_millis(200), "{after:?}");
    let waiting = patiently(20_000);
    std::thread::sleep(Duration::from_millis(200));
    ioctl_tiocnxcl(&holder).unwrap();
    let (opened, after) = waiting.join().unwrap();
    assert!(!matches!(opened, Err(VaultError::Busy(_))), "{opened:?}");
    assert!(after < Duration::from_secs(15), "{after:?}");
}

/// This thread opens no terminal that another one keeps for itself.
pub fn administer_nothing() {
    let mut own = capabilities(None).unwrap();
    own.effective.remove(CapabilitySet::SYS_ADMIN);
    set_capabilities(None, own).unwrap();
}

/// A terminal's two ends.
pub fn terminal() -> [OwnedFd; 2] {
    let mut ends = [-1; 2];
    let [ours, theirs] = &mut ends;
    let null = std::ptr::null_mut();
    // SAFETY: two places for descriptors, and nothing else is asked for or told.
    let done = unsafe { libc::openpty(ours, theirs, null, null.cast_const().cast(), null.cast()) };
    assert_eq!(done, 0);
    // SAFETY: both were opened just now, and nothing else has them.
    ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) })
}
