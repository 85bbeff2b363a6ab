//! One try at sealing and at unsealing, each from its storage key to its last flush.
#![forbid(unsafe_code)]

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

use super::code::Meaning;
use super::connection::Connection;
use super::fault::{Fault, LOAD, at, local};
use super::storage_key::{Primary, Shape};
use super::tried::Tried;
use crate::vault::blob::{Blob, Parent};
use crate::vault::{ProtectorKind, SealedKey, TemplateKey, VaultError};

type Object = (Public, Private);

/// Seals under the first storage key that takes it.
pub fn seal_once(tpm: &mut Connection, pcrs: &[u8], key: &TemplateKey) -> Result<SealedKey, Fault> {
    tpm.require_registers(pcrs)?;
    let mut tried = Tried::default();
    if let Some(srk) = tpm.provisioned()? {
        let sealed = tpm.with_key(srk, |tpm, srk| {
            tpm.require_fit(srk)?;
            seal_under(tpm, srk, Parent::Common, pcrs, key)
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
        let sealed = tpm.make(primary).and_then(|srk| {
            tpm.with_key(srk, |tpm, srk| {
                seal_under(tpm, srk, primary.parent(), pcrs, key)
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
pub fn unseal_once(
    tpm: &mut Connection,
    pcrs: &[u8],
    blob: &Blob,
    object: &Object,
) -> Result<TemplateKey, Fault> {
    if blob.parent == Parent::Common
        && let Some(srk) = tpm.provisioned()?
    {
        let key = tpm.with_key(srk, |tpm, srk| {
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
    let made = tpm.make(Primary::of(blob.parent));
    let srk = made.map_err(|fault| match fault.meaning() {
        Meaning::Password => {
            VaultError::Refused("the hierarchy of its storage key has a password now").into()
        }
        _ => fault,
    })?;
    tpm.with_key(srk, |tpm, srk| {
        if tpm.name(srk)? == blob.srk_name {
            unseal_under(tpm, srk, pcrs, object)
        } else {
            let why = "its storage root key is another one: the TPM was cleared or replaced";
            Err(VaultError::Refused(why).into())
        }
    })
}

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
