//! A step that did not go well, until it is known whether another try or another key helps.
#![forbid(unsafe_code)]

use tss_esapi::Error;

use super::code::{self, Meaning};
use crate::vault::VaultError;

/// The step whose refusal of malformed bytes is about the stored blob.
pub const LOAD: &str = "load";
/// The steps that name nothing that was loaded before: what they name may not be there.
pub const FIND: &str = "read the storage key";
pub const MAKE: &str = "make a storage key";

#[derive(Debug)]
pub enum Fault {
    /// The TPM, or the way to it, answered with this code.
    Code { step: &'static str, code: u32 },
    /// Nothing that another try would change.
    Final(VaultError),
}

impl Fault {
    pub fn meaning(&self) -> Meaning {
        match self {
            Fault::Code { step, code } => match code::meaning(*code) {
                // Loaded a moment ago: another program, or a resume, put it out.
                Meaning::Absent if ![FIND, MAKE].contains(step) => Meaning::Busy,
                meaning => meaning,
            },
            Fault::Final(_) => Meaning::Other,
        }
    }

    /// A further try of the same may succeed, so that no other way is looked for.
    pub fn may_pass(&self) -> bool {
        matches!(
            self.meaning(),
            Meaning::Busy | Meaning::Full | Meaning::Connection
        )
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Fault::Final(error)
    }
}

impl From<Fault> for VaultError {
    fn from(fault: Fault) -> Self {
        let meaning = fault.meaning();
        let (step, code) = match fault {
            Fault::Code { step, code } => (step, code),
            Fault::Final(error) => return error,
        };
        match meaning {
            Meaning::Busy | Meaning::Full => VaultError::Busy(format!("{step}: {code:#05x}")),
            Meaning::PolicyFailed => VaultError::Refused("the platform's state changed"),
            Meaning::Integrity => VaultError::Refused("sealed by another TPM, or damaged"),
            Meaning::Malformed if step == LOAD => VaultError::Damaged,
            Meaning::LockedOut => VaultError::Failed(format!(
                "TPM: {step}: {code:#05x}: it is in dictionary-attack lockout; \
                 it ends by itself, or by tpm2_dictionarylockout -c"
            )),
            Meaning::NeedsRestart => VaultError::Failed(format!(
                "TPM: {step}: {code:#05x}: it stopped working; switch the machine off and on"
            )),
            Meaning::Connection => VaultError::Failed(format!(
                "TPM: {step}: {code:#x}: the connection to it broke, or its reply was mangled"
            )),
            Meaning::HierarchyOff => VaultError::Failed(format!(
                "TPM: {step}: {code:#05x}: its hierarchy was switched off in the firmware; \
                 switch it on there"
            )),
            Meaning::Malformed
            | Meaning::Password
            | Meaning::Unsupported
            | Meaning::Absent
            | Meaning::Other => VaultError::Failed(format!("TPM: {step}: {code:#05x}")),
        }
    }
}

/// The failure of a step that the TPM takes.
pub fn at(step: &'static str) -> impl Fn(Error) -> Fault {
    move |error| match code::of(error) {
        Some(code) => Fault::Code { step, code },
        None => local(error),
    }
}

/// The library's refusal of values, before the TPM is asked.
pub fn local(error: Error) -> Fault {
    Fault::Final(VaultError::Failed(format!("TPM: {error}")))
}
