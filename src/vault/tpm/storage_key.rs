//! The storage keys that a sealed key may lie under, and which of them are fit for it.
//!
//! What MUST hold:
//! 1. A key whose failed authorisations are counted is never authorised against: a login must not
//!    bring the machine's disk key nearer to the dictionary-attack lockout.
//! 2. A key is restricted to decrypting, bound to this TPM, and opens by an empty password; a key
//!    made for signing protects nothing.
//! 3. A primary key comes from a seed that survives a restart: the null hierarchy's does not. A
//!    hierarchy's own password is never counted (part 1, §19.8.1; only the lockout's is).

use tss_esapi::attributes::{ObjectAttributes, ObjectAttributesBuilder};
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::key_bits::RsaKeyBits;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::structures::{
    EccPoint, Public, PublicBuilder, PublicEccParametersBuilder, PublicKeyRsa,
    PublicRsaParametersBuilder, RsaExponent, SymmetricDefinitionObject,
};

use super::fault::{Fault, local};
use crate::vault::blob::Parent;

/// A primary key of a TPM: which hierarchy's, and of which shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Primary {
    pub hierarchy: Hierarchy,
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Ecc,
    /// Some firmware TPMs have no elliptic curves. A key of this shape takes seconds to make.
    Rsa,
}

impl Primary {
    /// In the order they are tried. The endorsement hierarchy is for machines whose owner's
    /// password is not ours to know; its seed outlives even a clear, and the sealed key's own
    /// policy holds as before.
    pub const ALL: [Self; 4] = [
        Self::new(Hierarchy::Owner, Shape::Ecc),
        Self::new(Hierarchy::Owner, Shape::Rsa),
        Self::new(Hierarchy::Endorsement, Shape::Ecc),
        Self::new(Hierarchy::Endorsement, Shape::Rsa),
    ];

    const fn new(hierarchy: Hierarchy, shape: Shape) -> Self {
        Self { hierarchy, shape }
    }

    /// How a blob names it.
    pub fn parent(self) -> Parent {
        match (self.hierarchy, self.shape) {
            (Hierarchy::Endorsement, Shape::Ecc) => Parent::EndorsementEcc,
            (Hierarchy::Endorsement, Shape::Rsa) => Parent::EndorsementRsa,
            (_, Shape::Rsa) => Parent::OwnerRsa,
            (_, Shape::Ecc) => Parent::Common,
        }
    }

    pub fn of(parent: Parent) -> Self {
        let found = Self::ALL
            .into_iter()
            .find(|primary| primary.parent() == parent);
        found.unwrap_or(Self::ALL[0])
    }

    /// TCG Provisioning Guidance, §7.5.1: the storage root key of this shape.
    pub fn template(self) -> Result<Public, Fault> {
        let attributes = ObjectAttributesBuilder::new()
            .with_fixed_tpm(true)
            .with_fixed_parent(true)
            .with_sensitive_data_origin(true)
            .with_user_with_auth(true)
            .with_no_da(true)
            .with_restricted(true)
            .with_decrypt(true)
            .build()
            .map_err(local)?;
        let builder = PublicBuilder::new()
            .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
            .with_object_attributes(attributes);
        match self.shape {
            Shape::Ecc => ecc(builder),
            Shape::Rsa => rsa(builder),
        }
    }
}

fn ecc(builder: PublicBuilder) -> Result<Public, Fault> {
    let parameters = PublicEccParametersBuilder::new_restricted_decryption_key(
        SymmetricDefinitionObject::AES_128_CFB,
        EccCurve::NistP256,
    );
    builder
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_ecc_parameters(parameters.build().map_err(local)?)
        .with_ecc_unique_identifier(EccPoint::default())
        .build()
        .map_err(local)
}

fn rsa(builder: PublicBuilder) -> Result<Public, Fault> {
    let parameters = PublicRsaParametersBuilder::new_restricted_decryption_key(
        SymmetricDefinitionObject::AES_128_CFB,
        RsaKeyBits::Rsa2048,
        RsaExponent::default(),
    );
    builder
        .with_public_algorithm(PublicAlgorithm::Rsa)
        .with_rsa_parameters(parameters.build().map_err(local)?)
        .with_rsa_unique_identifier(PublicKeyRsa::try_from(vec![0; 256]).map_err(local)?)
        .build()
        .map_err(local)
}

/// Why a key that was found is not used.
pub fn unfit(key: &Public) -> Option<&'static str> {
    let is = |attribute: fn(&ObjectAttributes) -> bool| attribute(&key.object_attributes());
    if !matches!(key, Public::Ecc { .. } | Public::Rsa { .. }) {
        return Some("it is no elliptic-curve or RSA key");
    }
    if !is(ObjectAttributes::restricted)
        || !is(ObjectAttributes::decrypt)
        || is(ObjectAttributes::sign_encrypt)
    {
        return Some("it is no storage key");
    }
    if !is(ObjectAttributes::no_da) {
        return Some("its failed authorisations count towards the TPM's lockout");
    }
    if !is(ObjectAttributes::user_with_auth) {
        return Some("it opens by a policy only");
    }
    if !is(ObjectAttributes::fixed_tpm) || !is(ObjectAttributes::fixed_parent) {
        return Some("it can be moved to another TPM");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_primary_has_a_name_of_its_own() {
        for primary in Primary::ALL {
            assert_eq!(Primary::of(primary.parent()), primary);
            assert_eq!(unfit(&primary.template().unwrap()), None);
        }
    }

    #[test]
    fn a_key_that_counts_failures_or_signs_is_unfit() {
        let with = |set: fn(ObjectAttributesBuilder) -> ObjectAttributesBuilder| {
            let fit = ObjectAttributesBuilder::new()
                .with_fixed_tpm(true)
                .with_fixed_parent(true)
                .with_sensitive_data_origin(true)
                .with_user_with_auth(true)
                .with_no_da(true)
                .with_restricted(true)
                .with_decrypt(true);
            let attributes = set(fit).build().unwrap();
            let Public::Ecc {
                name_hashing_algorithm,
                auth_policy,
                parameters,
                unique,
                ..
            } = Primary::ALL[0].template().unwrap()
            else {
                panic!("no elliptic curve");
            };
            unfit(&Public::Ecc {
                object_attributes: attributes,
                name_hashing_algorithm,
                auth_policy,
                parameters,
                unique,
            })
        };
        assert_eq!(with(|key| key), None);
        assert!(with(|key| key.with_no_da(false)).is_some());
        assert!(with(|key| key.with_restricted(false)).is_some());
        assert!(with(|key| key.with_decrypt(false).with_sign_encrypt(true)).is_some());
        assert!(with(|key| key.with_user_with_auth(false)).is_some());
        assert!(with(|key| key.with_fixed_tpm(false).with_fixed_parent(false)).is_some());
    }
}
