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

use std::str::FromStr as _;

use tss_esapi::attributes::{ObjectAttributesBuilder, SessionAttributesBuilder};
use tss_esapi::constants::{CapabilityType, SessionType, Tss2ResponseCodeKind};
use tss_esapi::handles::{KeyHandle, ObjectHandle, PersistentTpmHandle, SessionHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::{AuthSession, PolicySession};
use tss_esapi::structures::{
    CapabilityData, Digest, EccPoint, KeyedHashScheme, PcrSelectionList, PcrSlot, Public,
    PublicBuilder, PublicEccParametersBuilder, PublicKeyedHashParameters, SensitiveData,
    SymmetricDefinition, SymmetricDefinitionObject,
};
use tss_esapi::traits::Marshall as _;
use tss_esapi::{Context, Error, TctiNameConf};

use super::blob::Blob;
use super::{KeyProtector, ProtectorKind, SealedKey, TemplateKey, VaultError};

/// Where a provisioned SRK lives (TCG TPM 2.0 Provisioning Guidance, table 2).
const PROVISIONED_SRK: u32 = 0x8100_0001;
/// Banks asked for at once; a TPM has a handful.
const ASSIGNMENTS: u32 = 16;

pub struct TpmProtector {
    context: Context,
    pcrs: Vec<u8>,
}

impl TpmProtector {
    /// Connects to the TPM that `tcti` names.
    ///
    /// # Errors
    /// [`VaultError::Missing`]: there is none; [`VaultError::Failed`] for a name or PCRs that
    /// cannot be.
    pub fn open(tcti: &str, pcrs: &[u8]) -> Result<Self, VaultError> {
        if pcrs.is_empty() || pcrs.iter().any(|pcr| *pcr > 23) {
            return Err(VaultError::Failed(
                "PCRs are numbers from 0 to 23, at least one".into(),
            ));
        }
        if let Some(path) = tcti.strip_prefix("device:") {
            match rustix::fs::access(
                path,
                rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK,
            ) {
                Ok(()) => {}
                Err(rustix::io::Errno::NOENT) => return Err(VaultError::Missing(path.into())),
                Err(error) => return Err(VaultError::Failed(format!("{path}: {error}"))),
            }
        }
        let failed = |error: Error| VaultError::Failed(format!("{tcti}: {error}"));
        let name = TctiNameConf::from_str(tcti).map_err(failed)?;
        // A device that is there and does not work is not a machine without a TPM: nothing weaker
        // takes its place.
        let context = Context::new(name).map_err(|error| match tcti.starts_with("device:") {
            true => failed(error),
            false => VaultError::Missing(format!("{tcti}: {error}")),
        })?;
        let mut pcrs = pcrs.to_vec();
        pcrs.sort_unstable();
        pcrs.dedup();
        Ok(Self { context, pcrs })
    }

    /// Runs `work` with the SRK, and flushes it if it had to be made.
    fn with_srk<T>(
        &mut self,
        wanted: Option<&[u8]>,
        work: impl FnOnce(&mut Self, KeyHandle) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        if let Some(srk) = self.provisioned()
            && self.is_named(srk, wanted)?
        {
            return work(self, srk);
        }
        let template = srk_template()?;
        let made = self.context.execute_with_nullauth_session(|context| {
            context.create_primary(Hierarchy::Owner, template, None, None, None, None)
        });
        let srk = made.map_err(failed)?.key_handle;
        let result = match self.is_named(srk, wanted) {
            Ok(true) => work(self, srk),
            Ok(false) => Err(VaultError::Refused(
                "its storage root key is another one: the TPM was cleared or replaced",
            )),
            Err(error) => Err(error),
        };
        self.flush(srk.into());
        result
    }

    fn provisioned(&mut self) -> Option<KeyHandle> {
        let handle = PersistentTpmHandle::new(PROVISIONED_SRK).ok()?;
        let object = self
            .context
            .tr_from_tpm_public(TpmHandle::Persistent(handle))
            .ok()?;
        Some(object.into())
    }

    fn is_named(&mut self, key: KeyHandle, wanted: Option<&[u8]>) -> Result<bool, VaultError> {
        let Some(wanted) = wanted else {
            return Ok(true);
        };
        Ok(self.name(key)? == wanted)
    }

    fn name(&mut self, key: KeyHandle) -> Result<Vec<u8>, VaultError> {
        Ok(self
            .context
            .tr_get_name(key.into())
            .map_err(failed)?
            .value()
            .to_vec())
    }

    /// Runs `work` in a salted session that encrypts parameters both ways, and flushes the session.
    fn with_session<T>(
        &mut self,
        srk: KeyHandle,
        kind: SessionType,
        work: impl FnOnce(&mut Self, AuthSession) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
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
            .map_err(failed)?
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
            Err(error) => Err(failed(error)),
        };
        self.flush(SessionHandle::from(session).into());
        result
    }

    fn policy(&mut self, session: AuthSession) -> Result<PolicySession, VaultError> {
        let session = PolicySession::try_from(session).map_err(failed)?;
        let selection = selection(&self.pcrs)?;
        self.context
            .policy_pcr(session, Digest::default(), selection)
            .map_err(failed)?;
        Ok(session)
    }

    /// Whether the TPM keeps every selected register (part 3, §30.2, TPM_CAP_PCRS). Once sealed, a
    /// policy that held them cannot be met without them, so sealing is where this must be known.
    fn require_registers(&mut self) -> Result<(), VaultError> {
        let (capability, _) = self
            .context
            .get_capability(CapabilityType::AssignedPcr, 0, ASSIGNMENTS)
            .map_err(failed)?;
        let CapabilityData::AssignedPcr(assigned) = capability else {
            return Err(VaultError::Failed("the TPM does not tell its PCRs".into()));
        };
        let banks = assigned.get_selections().iter();
        let there = |slot| {
            let mut sha256 = banks
                .clone()
                .filter(|bank| bank.hashing_algorithm() == HashingAlgorithm::Sha256);
            sha256.any(|bank| bank.is_selected(slot))
        };
        if slots(&self.pcrs)?.into_iter().all(there) {
            Ok(())
        } else {
            Err(VaultError::Failed(
                "the TPM's SHA-256 bank is off or lacks a selected PCR; switch it on in the firmware".into(),
            ))
        }
    }

    /// A handle that cannot be flushed is gone already, or goes with the connection.
    fn flush(&mut self, handle: ObjectHandle) {
        let _ = self.context.flush_context(handle);
    }
}

impl KeyProtector for TpmProtector {
    fn kind(&self) -> ProtectorKind {
        ProtectorKind::Tpm
    }

    fn seal(&mut self, key: &TemplateKey) -> Result<SealedKey, VaultError> {
        self.require_registers()?;
        self.with_srk(None, |tpm, srk| {
            let policy = tpm.with_session(srk, SessionType::Trial, |tpm, session| {
                let session = tpm.policy(session)?;
                tpm.context.policy_get_digest(session).map_err(failed)
            })?;
            let data = SensitiveData::try_from(key.bytes().to_vec()).map_err(failed)?;
            let public = sealed_template(policy)?;
            let created = tpm.with_session(srk, SessionType::Hmac, |tpm, session| {
                let create = |context: &mut Context| {
                    context.create(srk, public, None, Some(data), None, None)
                };
                tpm.context
                    .execute_with_session(Some(session), create)
                    .map_err(failed)
            })?;
            let blob = Blob {
                srk_name: tpm.name(srk)?,
                pcrs: tpm.pcrs.clone(),
                public: created.out_public.marshall().map_err(failed)?,
                private: created.out_private.value().to_vec(),
            };
            Ok(SealedKey {
                kind: ProtectorKind::Tpm,
                bytes: blob.encode(),
            })
        })
    }

    fn unseal(&mut self, sealed: &SealedKey) -> Result<TemplateKey, VaultError> {
        if sealed.kind != ProtectorKind::Tpm {
            return Err(VaultError::Refused("not sealed by a TPM"));
        }
        let blob = Blob::decode(&sealed.bytes).ok_or(VaultError::Damaged)?;
        if blob.pcrs != self.pcrs {
            return Err(VaultError::Refused(
                "sealed to other PCRs than the configuration selects",
            ));
        }
        let (public, private) = blob.object().ok_or(VaultError::Damaged)?;
        self.with_srk(Some(&blob.srk_name), |tpm, srk| {
            let load = |context: &mut Context| context.load(srk, private, public);
            let object = tpm
                .context
                .execute_with_nullauth_session(load)
                .map_err(unsealing)?;
            let result = tpm.with_session(srk, SessionType::Policy, |tpm, session| {
                tpm.policy(session)?;
                let unseal = |context: &mut Context| context.unseal(object.into());
                tpm.context
                    .execute_with_session(Some(session), unseal)
                    .map_err(unsealing)
            });
            tpm.flush(object.into());
            TemplateKey::from_bytes(result?.value()).ok_or(VaultError::Damaged)
        })
    }
}

fn failed(error: Error) -> VaultError {
    VaultError::Failed(format!("TPM: {error}"))
}

/// What a refusal to load or to unseal means.
fn unsealing(error: Error) -> VaultError {
    let Error::Tss2Error(code) = error else {
        return failed(error);
    };
    match code.kind() {
        Some(
            Tss2ResponseCodeKind::PolicyFail
            | Tss2ResponseCodeKind::PcrChanged
            | Tss2ResponseCodeKind::Policy,
        ) => VaultError::Refused("the platform's state changed"),
        Some(Tss2ResponseCodeKind::Integrity) => {
            VaultError::Refused("sealed by another TPM, or damaged")
        }
        Some(
            Tss2ResponseCodeKind::Size
            | Tss2ResponseCodeKind::Binding
            | Tss2ResponseCodeKind::Attributes
            | Tss2ResponseCodeKind::Insufficient,
        ) => VaultError::Damaged,
        _ => failed(error),
    }
}

/// The ECC P-256 storage root key (TCG EK Credential Profile's H-2 shape for storage; Provisioning
/// Guidance §7.5.1).
fn srk_template() -> Result<Public, VaultError> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
        .with_no_da(true)
        .with_restricted(true)
        .with_decrypt(true)
        .build()
        .map_err(failed)?;
    let parameters = PublicEccParametersBuilder::new_restricted_decryption_key(
        SymmetricDefinitionObject::AES_128_CFB,
        EccCurve::NistP256,
    )
    .build()
    .map_err(failed)?;
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_ecc_parameters(parameters)
        .with_ecc_unique_identifier(EccPoint::default())
        .build()
        .map_err(failed)
}

/// A sealed object that opens by policy alone and does not count towards the dictionary attack
/// lockout: it has no password.
fn sealed_template(policy: Digest) -> Result<Public, VaultError> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_no_da(true)
        .with_admin_with_policy(true)
        .build()
        .map_err(failed)?;
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::KeyedHash)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_auth_policy(policy)
        .with_keyed_hash_parameters(PublicKeyedHashParameters::new(KeyedHashScheme::Null))
        .with_keyed_hash_unique_identifier(Digest::default())
        .build()
        .map_err(failed)
}

fn selection(pcrs: &[u8]) -> Result<PcrSelectionList, VaultError> {
    PcrSelectionList::builder()
        .with_selection(HashingAlgorithm::Sha256, &slots(pcrs)?)
        .build()
        .map_err(failed)
}

fn slots(pcrs: &[u8]) -> Result<Vec<PcrSlot>, VaultError> {
    pcrs.iter()
        .map(|pcr| PcrSlot::try_from(1_u32 << pcr).map_err(failed))
        .collect()
}
