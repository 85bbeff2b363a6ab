//! The TPM 2.0 protector: a sealed data object under the storage root key, released by PolicyPCR
//! (TCG TPM 2.0 Library, part 1 §19.7 and part 3 §12, §23.7).
//!
//! What MUST hold:
//! 1. Every session is salted with the SRK, and what travels in it is encrypted: who listens on the
//!    bus learns nothing.
//! 2. The SRK is the one the key was sealed under: its Name is in the blob and is compared before
//!    anything is sent.
//! 3. The sealed object opens by policy alone (no password), only in this TPM, only with the
//!    selected PCRs as they were, and only with the PCRs the configuration selects: a blob cannot
//!    choose weaker ones.
//! 4. Every selected PCR exists: a TPM leaves those of a bank that is off out of the policy, and
//!    says nothing.
//! 5. Whatever is loaded or started is flushed, on every way out.
//! 6. What may pass is tried again, in a new session, for a while; only a failed policy is called a
//!    changed state.

mod code;
mod connection;
mod fault;
mod storage_key;
mod tried;

use std::time::{Duration, Instant};

use tss_esapi::Context;
use tss_esapi::attributes::ObjectAttributesBuilder;
use tss_esapi::constants::SessionType;
use tss_esapi::handles::KeyHandle;
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{
    Digest, KeyedHashScheme, Private, Public, PublicBuilder, PublicKeyedHashParameters,
    SensitiveData,
};
use tss_esapi::traits::Marshall as _;

use super::blob::{Blob, Parent};
use super::{KeyProtector, ProtectorKind, SealedKey, TemplateKey, VaultError};
use code::Meaning;
use connection::Connection;
use fault::{Fault, LOAD, at, local};
use storage_key::{Primary, Shape};
use tried::Tried;

/// How long what may pass is tried again.
const PATIENCE: Duration = Duration::from_secs(2);
/// The first pause between two tries; each is twice as long as the one before, up to the longest.
const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);
/// A connection that breaks again and again is not busy.
const RECONNECTS: u32 = 2;

pub struct TpmProtector {
    tpm: Connection,
    pcrs: Vec<u8>,
    patience: Duration,
}

impl TpmProtector {
    /// Connects to the TPM that `tcti` names.
    ///
    /// # Errors
    /// [`VaultError::Missing`]: there is none; [`VaultError::Busy`]: another program holds it;
    /// [`VaultError::Failed`] for a name or PCRs that cannot be.
    pub fn open(tcti: &str, pcrs: &[u8]) -> Result<Self, VaultError> {
        Self::open_within(tcti, pcrs, PATIENCE)
    }

    /// [`TpmProtector::open`], for as long as `patience` lasts; what is left of it is for a busy
    /// TPM.
    ///
    /// # Errors
    /// As [`TpmProtector::open`].
    pub fn open_within(tcti: &str, pcrs: &[u8], patience: Duration) -> Result<Self, VaultError> {
        let begun = Instant::now();
        if pcrs.is_empty() || pcrs.iter().any(|pcr| *pcr > 23) {
            return Err(VaultError::Failed(
                "PCRs are numbers from 0 to 23, at least one".into(),
            ));
        }
        let mut pcrs = pcrs.to_vec();
        pcrs.sort_unstable();
        pcrs.dedup();
        Ok(Self {
            tpm: Connection::open(tcti, patience)?,
            pcrs,
            patience: patience.saturating_sub(begun.elapsed()),
        })
    }

    /// For how long a busy TPM is asked again.
    pub fn patient_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Runs `work`, and runs it again for as long as what stands in its way may pass.
    fn patiently<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, VaultError> {
        let until = Instant::now() + self.patience;
        let (mut pause, mut reconnects) = (PAUSE, 0);
        loop {
            let fault = match work(self) {
                Ok(done) => return Ok(done),
                Err(fault) => fault,
            };
            let (broken, full) = match fault.meaning() {
                Meaning::Connection => (true, false),
                Meaning::Full => (false, true),
                _ => (false, false),
            };
            if !fault.may_pass()
                || broken && reconnects == RECONNECTS
                || Instant::now() + pause >= until
            {
                return Err(fault.into());
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            if broken {
                reconnects += 1;
                self.tpm.reconnect();
            } else if full {
                self.tpm.sweep();
            }
        }
    }

    /// Seals under the first storage key that takes it.
    fn seal_once(&mut self, key: &TemplateKey) -> Result<SealedKey, Fault> {
        self.tpm.require_registers(&self.pcrs)?;
        let mut tried = Tried::default();
        if let Some(srk) = self.tpm.provisioned()? {
            let sealed = self.tpm.with_key(srk, |tpm, srk| {
                tpm.require_fit(srk)?;
                seal_under(tpm, srk, Parent::Common, &self.pcrs, key)
            });
            match sealed {
                Err(fault) if !fault.may_pass() => tried.provisioned = Some(fault),
                result => return result,
            }
        }
        for primary in Primary::ALL {
            if primary.shape == Shape::Rsa && !tried.shape_matters() {
                continue;
            }
            let sealed = self.tpm.make(primary).and_then(|srk| {
                self.tpm.with_key(srk, |tpm, srk| {
                    seal_under(tpm, srk, primary.parent(), &self.pcrs, key)
                })
            });
            match sealed {
                Err(fault) if !fault.may_pass() => tried.primaries.push(fault),
                result => return result,
            }
        }
        Err(tried.into_fault())
    }

    /// Unseals under the storage key that the blob names.
    fn unseal_once(&mut self, blob: &Blob, object: &Object) -> Result<TemplateKey, Fault> {
        let pcrs = &self.pcrs;
        if blob.parent == Parent::Common
            && let Some(srk) = self.tpm.provisioned()?
        {
            let key = self.tpm.with_key(srk, |tpm, srk| {
                if tpm.name(srk)? != blob.srk_name {
                    return Ok(None);
                }
                tpm.require_fit(srk)?;
                match unseal_under(tpm, srk, pcrs, object) {
                    // A password is no part of a name: the key that can be made may be the same.
                    Err(fault) if fault.meaning() == Meaning::Password => Ok(None),
                    key => key.map(Some),
                }
            })?;
            if let Some(key) = key {
                return Ok(key);
            }
        }
        let made = self.tpm.make(Primary::of(blob.parent));
        let srk = made.map_err(|fault| match fault.meaning() {
            Meaning::Password => {
                VaultError::Refused("the hierarchy of its storage key has a password now").into()
            }
            _ => fault,
        })?;
        self.tpm.with_key(srk, |tpm, srk| {
            if tpm.name(srk)? == blob.srk_name {
                unseal_under(tpm, srk, pcrs, object)
            } else {
                let why = "its storage root key is another one: the TPM was cleared or replaced";
                Err(VaultError::Refused(why).into())
            }
        })
    }
}

impl KeyProtector for TpmProtector {
    fn kind(&self) -> ProtectorKind {
        ProtectorKind::Tpm
    }

    fn seal(&mut self, key: &TemplateKey) -> Result<SealedKey, VaultError> {
        self.patiently(|protector| protector.seal_once(key))
    }

    fn unseal(&mut self, sealed: &SealedKey) -> Result<TemplateKey, VaultError> {
        if sealed.kind != ProtectorKind::Tpm {
            return Err(VaultError::Refused("not sealed by a TPM"));
        }
        let blob = Blob::decode(&sealed.bytes).ok_or(if Blob::is_newer(&sealed.bytes) {
            VaultError::Newer
        } else {
            VaultError::Damaged
        })?;
        if blob.pcrs != self.pcrs {
            return Err(VaultError::Refused(
                "sealed to other PCRs than the configuration selects",
            ));
        }
        let object = blob.object().ok_or(VaultError::Damaged)?;
        self.patiently(|protector| protector.unseal_once(&blob, &object))
    }
}

type Object = (Public, Private);

fn seal_under(
    tpm: &mut Connection,
    srk: KeyHandle,
    parent: Parent,
    pcrs: &[u8],
    key: &TemplateKey,
) -> Result<SealedKey, Fault> {
    let policy = tpm.with_session(srk, SessionType::Trial, |tpm, session| {
        let session = tpm.policy(session, pcrs)?;
        let digest = tpm.context.policy_get_digest(session);
        digest.map_err(at("read the policy"))
    })?;
    let data = SensitiveData::try_from(key.bytes().to_vec()).map_err(local)?;
    let public = sealed_template(policy)?;
    let created = tpm.with_session(srk, SessionType::Hmac, |tpm, session| {
        let create =
            |context: &mut Context| context.create(srk, public, None, Some(data), None, None);
        let created = tpm.context.execute_with_session(Some(session), create);
        created.map_err(at("seal"))
    })?;
    let blob = Blob {
        parent,
        srk_name: tpm.name(srk)?,
        pcrs: pcrs.to_vec(),
        public: created.out_public.marshall().map_err(local)?,
        private: created.out_private.value().to_vec(),
    };
    Ok(SealedKey {
        kind: ProtectorKind::Tpm,
        bytes: blob.encode(),
    })
}

fn unseal_under(
    tpm: &mut Connection,
    srk: KeyHandle,
    pcrs: &[u8],
    (public, private): &Object,
) -> Result<TemplateKey, Fault> {
    // The storage key's password is empty, and what is loaded is sealed: a session would hide
    // nothing, and costs two commands.
    let load = |context: &mut Context| context.load(srk, private.clone(), public.clone());
    let object = tpm
        .context
        .execute_with_session(Some(AuthSession::Password), load)
        .map_err(at(LOAD))?;
    let result = tpm.with_session(srk, SessionType::Policy, |tpm, session| {
        tpm.policy(session, pcrs)?;
        let unseal = |context: &mut Context| context.unseal(object.into());
        let unsealed = tpm.context.execute_with_session(Some(session), unseal);
        unsealed.map_err(at("unseal"))
    });
    tpm.flush(object.into());
    TemplateKey::from_bytes(result?.value()).ok_or_else(|| VaultError::Damaged.into())
}

/// A sealed object that opens by policy alone and does not count towards the dictionary attack
/// lockout: it has no password.
fn sealed_template(policy: Digest) -> Result<Public, Fault> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_no_da(true)
        .with_admin_with_policy(true)
        .build()
        .map_err(local)?;
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::KeyedHash)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_auth_policy(policy)
        .with_keyed_hash_parameters(PublicKeyedHashParameters::new(KeyedHashScheme::Null))
        .with_keyed_hash_unique_identifier(Digest::default())
        .build()
        .map_err(local)
}
