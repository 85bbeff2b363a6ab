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
mod sealing;
mod storage_key;
mod tried;

use std::time::{Duration, Instant};

use super::blob::Blob;
use super::{KeyProtector, ProtectorKind, SealedKey, TemplateKey, VaultError};
use code::Meaning;
use connection::Connection;
use fault::Fault;
use sealing::{seal_once, unseal_once};

/// How long what may pass is tried again.
const PATIENCE: Duration = Duration::from_secs(2);
/// The first pause between two tries; each is twice as long as the one before, up to the longest.
const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);
/// A connection that breaks again and again is not busy.
const RECONNECTS: u32 = 2;

pub struct TpmProtector {
    tcti: String,
    /// None between a connection that broke and the next one.
    tpm: Option<Connection>,
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
            tcti: tcti.to_owned(),
            tpm: Some(Connection::open(tcti, patience)?),
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
        mut work: impl FnMut(&mut Connection, &[u8]) -> Result<T, Fault>,
    ) -> Result<T, VaultError> {
        let until = Instant::now() + self.patience;
        let (mut pause, mut reconnects) = (PAUSE, 0);
        let pcrs = self.pcrs.clone();
        loop {
            let tpm = self.connected(until)?;
            let fault = match work(tpm, &pcrs) {
                Ok(done) => return Ok(done),
                Err(fault) => fault,
            };
            let broken = fault.meaning() == Meaning::Connection;
            if !fault.may_pass()
                || broken && reconnects == RECONNECTS
                || Instant::now() + pause >= until
            {
                return Err(fault.into());
            }
            if broken {
                reconnects += 1;
                // A device without a resource manager has room for one connection: this one goes
                // before the next one comes.
                self.tpm = None;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            if fault.meaning() == Meaning::Full {
                self.connected(until)?.sweep();
            }
        }
    }

    /// The connection. A new one in place of one that broke begins with what that left loaded.
    fn connected(&mut self, until: Instant) -> Result<&mut Connection, VaultError> {
        let tpm = match self.tpm.take() {
            Some(tpm) => tpm,
            None => {
                let left = until.saturating_duration_since(Instant::now());
                let mut tpm = Connection::open(&self.tcti, left)?;
                tpm.sweep();
                tpm
            }
        };
        Ok(self.tpm.insert(tpm))
    }
}

impl KeyProtector for TpmProtector {
    fn kind(&self) -> ProtectorKind {
        ProtectorKind::Tpm
    }

    fn seal(&mut self, key: &TemplateKey) -> Result<SealedKey, VaultError> {
        self.patiently(|tpm, pcrs| seal_once(tpm, pcrs, key))
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
        self.patiently(|tpm, pcrs| unseal_once(tpm, pcrs, &blob, &object))
    }
}
