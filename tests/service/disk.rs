//! What was changed on disk, or in the TPM.

use super::*;

#[test]
fn what_was_changed_on_disk_is_refused() {
    let machine = enrolled();
    machine.show_with("astronaut-later", "");
    let path = machine.path("state/enrollments/4242");
    let good = std::fs::read(&path).unwrap();
    // Every part of the file: header, label, camera, key, templates, integrity.
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let reply = machine.verify();
        assert!(
            matches!(reply, Reply::Unavailable(_)),
            "byte {at}: {reply:?}"
        );
    }
    std::fs::write(&path, &good).unwrap();
    assert_eq!(machine.verify(), MATCH);
}

#[test]
fn the_tpm_refuses_after_a_boot_change_until_it_is_resealed() {
    let mut tpm = swtpm::Swtpm::start();
    let machine = Machine::with(&format!("[vault]\ntcti = {:?}\n", tpm.tcti()));
    machine.show_with("astronaut", "");
    let Reply::Enrolled(report) = machine.enroll() else {
        panic!("not enrolled")
    };
    assert_eq!(report.protector, "tpm");
    let recovery_key = report.recovery_key.unwrap();
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), MATCH);

    tpm.extend(8);
    assert_eq!(
        machine.verify(),
        MATCH,
        "a register that is not selected may change"
    );
    tpm.extend(7);
    assert_eq!(machine.verify(), unavailable(Unavailable::VaultRefused));

    let reseal = |key: &str| {
        let recovery_key = facelock_protocol::Secret(key.into());
        machine.ask(&Request::Reseal {
            subject: alice(),
            recovery_key,
        })
    };
    assert_eq!(
        reseal("0000-0000"),
        unavailable(Unavailable::WrongRecoveryKey)
    );
    assert_eq!(
        reseal(&recovery_key.0.to_lowercase()),
        Reply::Done { changed: true }
    );
    assert_eq!(machine.verify(), MATCH);

    tpm.restart();
    assert_eq!(
        machine.verify(),
        unavailable(Unavailable::VaultRefused),
        "registers begin anew at a boot"
    );
    tpm.stop();
    assert_eq!(machine.verify(), unavailable(Unavailable::VaultMissing));
    tpm = swtpm::Swtpm::start();
    let config = std::fs::read_to_string(machine.path("config.toml")).unwrap();
    let other: Vec<&str> = config
        .lines()
        .map(|line| if line.starts_with("tcti") { "" } else { line })
        .collect();
    let config = other
        .join("\n")
        .replace("[vault]", &format!("[vault]\ntcti = {:?}", tpm.tcti()));
    std::fs::write(machine.path("config.toml"), config).unwrap();
    assert_eq!(
        machine.verify(),
        unavailable(Unavailable::VaultRefused),
        "another TPM"
    );
}
