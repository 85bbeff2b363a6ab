//! Logins on a machine whose TPM is slow, busy, or measured meanwhile.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

#[path = "support/instance.rs"]
mod instance;
mod support;
#[allow(dead_code)]
#[path = "support/swtpm.rs"]
mod swtpm;
#[allow(dead_code)]
#[path = "support/tpm_proxy.rs"]
mod tpm_proxy;

use std::time::{Duration, Instant};

use facelock_protocol::Unavailable;
use instance::{MATCH, Machine, enrolled_with, unavailable};
use swtpm::Swtpm;
use tpm_proxy::{Fate, TpmProxy, command, pcr_extend};

fn machine(proxy: &TpmProxy) -> Machine {
    let machine = enrolled_with(&format!(
        "[vault]\ntcti = {:?}\n[deadline]\nattempt_ms = 4000\n",
        proxy.tcti()
    ));
    machine.show_with("astronaut-later", "");
    machine
}

#[test]
fn a_measurement_in_mid_login_is_not_a_changed_machine() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    let machine = machine(&proxy);
    proxy.next(command::UNSEAL, 2, Fate::After(pcr_extend(10)));
    assert_eq!(machine.verify(), MATCH);
}

#[test]
fn a_tpm_that_is_busy_or_slow_is_not_a_missing_face() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    let machine = machine(&proxy);
    let counted = tpm.failures_counted();
    proxy.next(command::LOAD, usize::MAX, Fate::Refuse(0x902));
    assert_eq!(machine.verify(), unavailable(Unavailable::VaultFailed));
    proxy.forget_rules();
    assert_eq!(machine.verify(), MATCH);
    proxy.next(command::LOAD, 1, Fate::Delay(Duration::from_secs(30)));
    let begun = Instant::now();
    assert_eq!(machine.verify(), unavailable(Unavailable::VaultSlow));
    assert!(begun.elapsed() < Duration::from_secs(20), "by its deadline");
    assert_eq!(tpm.failures_counted(), counted);
}
