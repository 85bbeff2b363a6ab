//! The verbs that sealing and unsealing are made of, each with what it loads flushed again.
#![forbid(unsafe_code)]

use std::str::FromStr as _;
use std::time::{Duration, Instant};

use tss_esapi::attributes::SessionAttributesBuilder;
use tss_esapi::constants::{CapabilityType, SessionType};
use tss_esapi::handles::{KeyHandle, ObjectHandle, PersistentTpmHandle, SessionHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::session_handles::{AuthSession, PolicySession};
use tss_esapi::structures::{
    CapabilityData, Digest, PcrSelectionList, PcrSlot, SymmetricDefinition,
};
use tss_esapi::{Context, Error, TctiNameConf};

use super::fault::{FIND, Fault, MAKE, at, local};
use super::storage_key::{Primary, unfit};
use crate::vault::VaultError;

/// Where a provisioned SRK lives (TCG TPM 2.0 Provisioning Guidance, table 2).
const PROVISIONED_SRK: u32 = 0x8100_0001;
/// Banks asked for at once; a TPM has a handful.
const ASSIGNMENTS: u32 = 16;
/// Where handles of transient objects, and of loaded sessions, begin.
const LOADED: [u32; 2] = [0x8000_0000, 0x0200_0000];
/// More than a TPM holds at once without a resource manager.
const HANDLES: u32 = 64;

/// How soon a device is looked at again that another program holds.
const HELD_RETRY: Duration = Duration::from_millis(40);

/// A TPM, and the connection to it.
pub struct Connection {
    pub context: Context,
}

/// A storage key that the TPM holds now.
pub struct StorageKey {
    handle: KeyHandle,
    /// A primary key made for the occasion: it must be flushed.
    made: bool,
}

impl Connection {
    /// Connects to the TPM that `tcti` names, and waits up to `patience` where another program
    /// holds the device.
    ///
    /// # Errors
    /// [`VaultError::Missing`]: there is none; [`VaultError::Busy`]: it is held until then;
    /// [`VaultError::Failed`] for a name that cannot be.
    pub fn open(tcti: &str, patience: Duration) -> Result<Self, VaultError> {
        let until = Instant::now() + patience;
        loop {
            match Self::open_once(tcti) {
                Err(VaultError::Busy(_)) if Instant::now() + HELD_RETRY < until => {
                    std::thread::sleep(HELD_RETRY);
                }
                ended => return ended,
            }
        }
    }

    fn open_once(tcti: &str) -> Result<Self, VaultError> {
        if let Some(path) = tcti.strip_prefix("device:") {
            may_open(path)?;
        }
        let failed = |error: Error| VaultError::Failed(format!("{tcti}: {error}"));
        let name = TctiNameConf::from_str(tcti).map_err(failed)?;
        // A device that is there and does not work is not a machine without a TPM: nothing weaker
        // takes its place.
        let context = Context::new(name).map_err(|error| match tcti.strip_prefix("device:") {
            Some(path) => held(path).unwrap_or_else(|| failed(error)),
            None => VaultError::Missing(format!("{tcti}: {error}")),
        })?;
        Ok(Self { context })
    }

    /// Flushes what a lost connection, or an instance that was killed, left loaded. A resource
    /// manager has done so already, and shows nothing of other programs; without one a TPM serves
    /// one program at a time, and between two tries nothing here is ours.
    pub fn sweep(&mut self) {
        for first in LOADED {
            let handles = self
                .context
                .get_capability(CapabilityType::Handles, first, HANDLES);
            let Ok((CapabilityData::Handles(handles), _)) = handles else {
                continue;
            };
            for handle in handles.into_inner() {
                if let Ok(object) = self.context.tr_from_tpm_public(handle) {
                    self.flush(object);
                }
            }
        }
    }

    /// The key at the place for a provisioned SRK. No key is `None`; so is one that cannot be read.
    pub fn provisioned(&mut self) -> Result<Option<StorageKey>, Fault> {
        let place = PersistentTpmHandle::new(PROVISIONED_SRK).map_err(local)?;
        let found = self
            .context
            .tr_from_tpm_public(TpmHandle::Persistent(place))
            .map_err(at(FIND));
        match found {
            Ok(object) => Ok(Some(StorageKey {
                handle: object.into(),
                made: false,
            })),
            Err(fault) if fault.may_pass() => Err(fault),
            Err(_) => Ok(None),
        }
    }

    /// A password session of the empty password: there is no secret in it, and what goes through
    /// it is public or sealed already.
    pub fn make(&mut self, primary: Primary) -> Result<StorageKey, Fault> {
        let template = primary.template()?;
        let make = |context: &mut Context| {
            context.create_primary(primary.hierarchy, template, None, None, None, None)
        };
        let made = self
            .context
            .execute_with_session(Some(AuthSession::Password), make)
            .map_err(at(MAKE))?;
        Ok(StorageKey {
            handle: made.key_handle,
            made: true,
        })
    }

    /// Runs `work` with the key, and lets go of it.
    pub fn with_key<T>(
        &mut self,
        key: StorageKey,
        work: impl FnOnce(&mut Self, KeyHandle) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let result = work(self, key.handle);
        let mut object = ObjectHandle::from(key.handle);
        if key.made {
            self.flush(object);
        } else {
            let _ = self.context.tr_close(&mut object);
        }
        result
    }

    /// Whether a key that was found may be sealed under.
    pub fn require_fit(&mut self, key: KeyHandle) -> Result<(), Fault> {
        match self.context.read_public(key).map_err(at("read the key")) {
            Ok((public, _, _)) => match unfit(&public) {
                Some(why) => Err(VaultError::Refused(why).into()),
                None => Ok(()),
            },
            Err(fault) if fault.may_pass() => Err(fault),
            Err(_) => Err(VaultError::Refused("it is of an unknown kind").into()),
        }
    }

    pub fn name(&mut self, key: KeyHandle) -> Result<Vec<u8>, Fault> {
        let name = self.context.tr_get_name(key.into()).map_err(local)?;
        Ok(name.value().to_vec())
    }

    /// Runs `work` in a salted session that encrypts parameters both ways, and flushes the session.
    pub fn with_session<T>(
        &mut self,
        srk: KeyHandle,
        kind: SessionType,
        work: impl FnOnce(&mut Self, AuthSession) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let session = self
            .context
            .start_auth_session(
                Some(srk),
                None,
                None,
                kind,
                SymmetricDefinition::AES_128_CFB,
                HashingAlgorithm::Sha256,
            )
            .map_err(at("start a session"))?
            .ok_or_else(|| VaultError::Failed("the TPM started no session".into()))?;
        let (attributes, mask) = SessionAttributesBuilder::new()
            .with_decrypt(true)
            .with_encrypt(true)
            .build();
        let result = match self
            .context
            .tr_sess_set_attributes(session, attributes, mask)
        {
            Ok(()) => work(self, session),
            Err(error) => Err(local(error)),
        };
        self.flush(SessionHandle::from(session).into());
        result
    }

    pub fn policy(&mut self, session: AuthSession, pcrs: &[u8]) -> Result<PolicySession, Fault> {
        let session = PolicySession::try_from(session).map_err(local)?;
        self.context
            .policy_pcr(session, Digest::default(), selection(pcrs)?)
            .map_err(at("check the registers"))?;
        Ok(session)
    }

    /// Whether the TPM keeps every selected register (part 3, §30.2, TPM_CAP_PCRS). Once sealed, a
    /// policy that held them cannot be met without them, so sealing is where this must be known.
    pub fn require_registers(&mut self, pcrs: &[u8]) -> Result<(), Fault> {
        let (capability, _) = self
            .context
            .get_capability(CapabilityType::AssignedPcr, 0, ASSIGNMENTS)
            .map_err(at("list the registers"))?;
        let CapabilityData::AssignedPcr(assigned) = capability else {
            return Err(VaultError::Failed("the TPM does not tell its PCRs".into()).into());
        };
        let banks = assigned.get_selections().iter();
        let there = |slot| {
            let mut sha256 = banks
                .clone()
                .filter(|bank| bank.hashing_algorithm() == HashingAlgorithm::Sha256);
            sha256.any(|bank| bank.is_selected(slot))
        };
        if slots(pcrs)?.into_iter().all(there) {
            Ok(())
        } else {
            let why = "the TPM's SHA-256 bank is off or lacks a selected PCR; switch it on in the firmware";
            Err(VaultError::Failed(why.into()).into())
        }
    }

    /// A handle that cannot be flushed is gone already, or goes with the connection.
    pub fn flush(&mut self, handle: ObjectHandle) {
        let _ = self.context.flush_context(handle);
    }
}

/// Whether the device is there, and open to this process.
fn may_open(path: &str) -> Result<(), VaultError> {
    use rustix::fs::{Access, access};
    match access(path, Access::READ_OK | Access::WRITE_OK) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::NOENT) => Err(VaultError::Missing(path.into())),
        Err(rustix::io::Errno::ACCESS) => Err(VaultError::Failed(format!(
            "{path}: it may not be opened; is user facelock in group tss?"
        ))),
        Err(error) => Err(VaultError::Failed(format!("{path}: {error}"))),
    }
}

/// Whether another program holds the device: `/dev/tpm0` serves one at a time. The library does not
/// say why it could not open it.
fn held(path: &str) -> Option<VaultError> {
    use std::io::ErrorKind;
    let opened = std::fs::File::options().read(true).write(true).open(path);
    let passes = [
        ErrorKind::ResourceBusy,
        ErrorKind::WouldBlock,
        ErrorKind::Interrupted,
    ];
    opened.err().filter(|why| passes.contains(&why.kind()))?;
    Some(VaultError::Busy(format!(
        "another program holds {path}; tcti = \"device:/dev/tpmrm0\" lets several use it"
    )))
}

fn selection(pcrs: &[u8]) -> Result<PcrSelectionList, Fault> {
    PcrSelectionList::builder()
        .with_selection(HashingAlgorithm::Sha256, &slots(pcrs)?)
        .build()
        .map_err(local)
}

fn slots(pcrs: &[u8]) -> Result<Vec<PcrSlot>, Fault> {
    pcrs.iter()
        .map(|pcr| PcrSlot::try_from(1_u32 << pcr).map_err(local))
        .collect()
}
