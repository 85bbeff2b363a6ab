//! What a response code means for a login (TCG TPM 2.0 Library, part 2, §6.6; TSS 2.0 Overview,
//! §3.11). A pure table: the callers decide what to do about it.
#![forbid(unsafe_code)]

use tss_esapi::Error;
use tss_esapi::constants::response_code::Tss2ResponseCode;

/// A response code by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The same steps, in a new session, may well succeed in a moment.
    Busy,
    /// No room for one more object or session.
    Full,
    /// The way to the TPM broke, or a reply came back mangled: a new connection may help.
    Connection,
    /// The registers do not hold what the policy wants.
    PolicyFailed,
    /// The bytes were made by another TPM, or changed.
    Integrity,
    /// The bytes are no object that could be loaded.
    Malformed,
    /// A password stands before the key or the hierarchy.
    Password,
    /// The hierarchy is switched off in the firmware.
    HierarchyOff,
    /// The TPM does not make or take a key of this shape.
    Unsupported,
    /// No object has this handle.
    Absent,
    /// The TPM allows no counted authorisation for now.
    LockedOut,
    /// The TPM works again after a restart of the machine.
    NeedsRestart,
    Other,
}

/// TSS2_TPM_RC_LAYER, and those by which a resource manager speaks for the TPM: the kernel's, and
/// that of tpm2-abrmd (TSS2_RESMGR_TPM_RC_LAYER).
const TPM_LAYERS: [u32; 3] = [0, 11, 12];
/// ESYS, SYS, MU, TCTI: the library read the reply, or the way to the TPM, and failed.
const LIBRARY_LAYERS: std::ops::RangeInclusive<u32> = 7..=10;
/// Format 1: the number names a parameter, else a handle or a session.
const PARAMETER: u32 = 0x40;

pub fn meaning(code: u32) -> Meaning {
    let layer = code >> 16 & 0xFF;
    if LIBRARY_LAYERS.contains(&layer) {
        return Meaning::Connection;
    }
    if !TPM_LAYERS.contains(&layer) {
        return Meaning::Other;
    }
    if code & 0x80 == 0 {
        general(code & 0xFFF)
    } else {
        about_one_value(code & 0xFFF)
    }
}

/// Format 0: errors of the TPM as a whole (0x1xx) and warnings (0x9xx).
fn general(code: u32) -> Meaning {
    match code {
        // Not started, as just after a resume; registers changed in mid-session; not tested yet.
        0x100 | 0x128 | 0x153 => Meaning::Busy,
        0x12E | 0x901..=0x906 => Meaning::Full,
        // Yielded; cancelled; testing.
        0x908..=0x90A => Meaning::Busy,
        // An object or session that another program's, or a resume, put out.
        0x910..=0x916 | 0x918..=0x91E => Meaning::Busy,
        // Writes of permanent memory come too fast; try again; permanent memory not there now.
        0x920 | 0x922 | 0x923 => Meaning::Busy,
        0x921 => Meaning::LockedOut,
        0x101 | 0x130 => Meaning::NeedsRestart,
        0x124 | 0x125 | 0x12F => Meaning::Password,
        0x120 => Meaning::HierarchyOff,
        _ => Meaning::Other,
    }
}

/// Format 1: errors of one parameter, handle or session.
fn about_one_value(code: u32) -> Meaning {
    match code & 0x3F {
        0x1D => Meaning::PolicyFailed,
        0x1F => Meaning::Integrity,
        0x0E | 0x22 => Meaning::Password,
        0x05 => Meaning::HierarchyOff,
        0x0B if code & PARAMETER == 0 => Meaning::Absent,
        0x02 | 0x15 | 0x1A | 0x25 => Meaning::Malformed,
        _ if code & PARAMETER != 0 => Meaning::Unsupported,
        _ => Meaning::Other,
    }
}

/// The number in a library error; `None` for errors that carry none.
pub fn of(error: Error) -> Option<u32> {
    let Error::Tss2Error(response) = error else {
        return None;
    };
    // The library keeps the number to itself, but for this text.
    let text = match response {
        Tss2ResponseCode::Success => return None,
        Tss2ResponseCode::FormatZero(code) => code.to_string(),
        Tss2ResponseCode::FormatOne(code) => code.to_string(),
    };
    u32::from_str_radix(text.rsplit("0x").next()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_code_has_one_meaning() {
        let table: [(Meaning, &[u32]); 12] = [
            (
                Meaning::Busy,
                &[
                    0x100, 0x128, 0x153, 0x908, 0x909, 0x90A, 0x910, 0x914, 0x918, 0x91E, 0x920,
                    0x922, 0x923, 0xB_0922,
                ],
            ),
            (
                Meaning::Full,
                &[
                    0x901, 0x902, 0x903, 0x904, 0x905, 0x906, 0x12E, 0xB_0902, 0xC_0902, 0xC_0903,
                ],
            ),
            // I/O error and "try again" of a device; a reply with a wrong length or HMAC.
            (
                Meaning::Connection,
                &[0xA_000A, 0xA_0009, 0x9_0006, 0x7_0001, 0x7_0016, 0x8_000B],
            ),
            (Meaning::PolicyFailed, &[0x99D, 0x09D, 0xB_099D]),
            (Meaning::Integrity, &[0x1DF, 0x09F]),
            (Meaning::Malformed, &[0x1D5, 0x2C2, 0x1DA, 0x2E5]),
            (Meaning::Password, &[0x9A2, 0x98E, 0x12F, 0x125]),
            (Meaning::HierarchyOff, &[0x185, 0x120]),
            (Meaning::Unsupported, &[0x2C4, 0x2CA, 0x2E6, 0x1C4, 0x2D6]),
            (Meaning::Absent, &[0x18B]),
            (Meaning::LockedOut, &[0x921]),
            (Meaning::NeedsRestart, &[0x101, 0x130]),
        ];
        for (meant, codes) in table {
            for code in codes {
                assert_eq!(meaning(*code), meant, "{code:#x}");
            }
        }
        // A policy that cannot be, a wrong locality, an unknown command, a vendor's own code.
        for code in [0x126, 0x907, 0x143, 0x4_0000, 0x500] {
            assert_eq!(meaning(code), Meaning::Other, "{code:#x}");
        }
    }

    #[test]
    fn only_a_failed_policy_is_a_changed_state() {
        let failed = (0..0x1000).filter(|code| meaning(*code) == Meaning::PolicyFailed);
        assert!(failed.into_iter().all(|code| code & 0xBF == 0x9D));
    }
}
