//! Storage keys that were tried in vain, and the one thing that helps.
#![forbid(unsafe_code)]

use super::code::Meaning;
use super::fault::Fault;
use crate::vault::VaultError;

#[derive(Default)]
pub struct Tried {
    /// Why the key at the place for a provisioned one was not used, if one is there.
    pub provisioned: Option<Fault>,
    /// What each primary key came to, in the order they were tried.
    pub primaries: Vec<Fault>,
}

/// Puts a storage key where it is looked for; the owner's password is the administrator's to type.
const PROVISION: &str = "tpm2_createprimary -C o -P PASSWORD -G ecc256 -c srk.ctx \
     -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' \
     && tpm2_evictcontrol -C o -P PASSWORD -c srk.ctx 0x81000001";

impl Tried {
    /// Whether the last key was refused for its shape, or for anything that another shape may not
    /// meet.
    pub fn shape_matters(&self) -> bool {
        let barred = |fault: &Fault| {
            matches!(
                fault.meaning(),
                Meaning::Password | Meaning::HierarchyOff | Meaning::LockedOut
            )
        };
        self.primaries.last().is_some_and(|fault| !barred(fault))
    }

    pub fn into_fault(mut self) -> Fault {
        let means = |meaning| self.primaries.iter().any(|f| f.meaning() == meaning);
        let (password, off) = (means(Meaning::Password), means(Meaning::HierarchyOff));
        let place = match self.provisioned {
            None => "no storage key lies at 0x81000001".to_owned(),
            Some(fault) => format!(
                "the key at 0x81000001 cannot be used ({})",
                VaultError::from(fault)
            ),
        };
        let why = if password && place.starts_with("no ") {
            format!(
                "the TPM's owner has a password, and {place}; root can put one there: {PROVISION}"
            )
        } else if password {
            format!(
                "the TPM's owner and endorsement have passwords, and {place}; take the endorsement's away: \
                 tpm2_changeauth -c e -p PASSWORD"
            )
        } else if off {
            format!(
                "the TPM's owner and endorsement hierarchies are off, and {place}; switch them on in the firmware"
            )
        } else {
            return match self.primaries.pop() {
                Some(fault) => fault,
                None => VaultError::Failed(place).into(),
            };
        };
        VaultError::Failed(why).into()
    }
}
