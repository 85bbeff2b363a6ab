//! The protectors against a software TPM and a file system.
#![allow(clippy::unwrap_used, clippy::panic)]

// Other tests restart it.
#[allow(dead_code)]
#[path = "support/swtpm.rs"]
mod swtpm;

use std::os::unix::fs::PermissionsExt as _;

use facelock::vault::{
    self, FileProtector, KeyProtector, ProtectorChoice, ProtectorKind, SealedKey, TemplateKey,
    TpmProtector, VaultError, VaultOptions,
};
use swtpm::Swtpm;

fn open(tpm: &Swtpm) -> TpmProtector {
    TpmProtector::open(&tpm.tcti(), &[7]).unwrap()
}

fn refused<T>(result: Result<T, VaultError>) -> bool {
    matches!(result, Err(VaultError::Refused(_)))
}

#[test]
fn a_sealed_key_comes_back_and_nothing_is_left_loaded() {
    let tpm = Swtpm::start();
    let key = TemplateKey::generate().unwrap();
    let mut protector = open(&tpm);
    // A TPM holds three transient objects and three sessions: whatever is not flushed shows soon.
    let mut sealed = protector.seal(&key).unwrap();
    for _ in 0..12 {
        assert_eq!(protector.unseal(&sealed).unwrap().bytes(), key.bytes());
        sealed = protector.seal(&key).unwrap();
        let nonsense = SealedKey {
            bytes: vec![1, 2, 3],
            ..sealed.clone()
        };
        assert!(protector.unseal(&nonsense).is_err());
    }
    drop(protector);
    assert_eq!(
        open(&tpm).unseal(&sealed).unwrap().bytes(),
        key.bytes(),
        "for another connection too"
    );
}

#[test]
fn registers_that_are_off_protect_nothing_and_nothing_is_sealed_to_them() {
    let mut tpm = Swtpm::start();
    let key = TemplateKey::generate().unwrap();
    let sealed = open(&tpm).seal(&key).unwrap();
    tpm.allocate("sha1:all+sha256:none");
    let result = open(&tpm).seal(&key);
    assert!(
        matches!(&result, Err(VaultError::Failed(why)) if why.contains("SHA-256")),
        "{:?}",
        result.err()
    );
    assert!(
        refused(open(&tpm).unseal(&sealed)),
        "switching them off opens nothing"
    );
    tpm.allocate("sha1:all+sha256:all");
    assert_eq!(
        open(&tpm).unseal(&sealed).unwrap().bytes(),
        key.bytes(),
        "and back on"
    );
}

#[test]
fn only_this_tpm_in_this_state_gives_it_back() {
    let tpm = Swtpm::start();
    let other = Swtpm::start();
    let key = TemplateKey::generate().unwrap();
    let sealed = open(&tpm).seal(&key).unwrap();
    assert!(refused(open(&other).unseal(&sealed)), "another TPM");
    tpm.extend(3);
    assert!(
        open(&tpm).unseal(&sealed).is_ok(),
        "a register that is not selected may change"
    );
    tpm.extend(7);
    // Refusals leave nothing loaded either.
    let mut protector = open(&tpm);
    for _ in 0..8 {
        assert!(
            refused(protector.unseal(&sealed)),
            "the selected register changed"
        );
    }
    assert!(protector.seal(&key).is_ok(), "and it can be sealed anew");
}

#[test]
fn a_blob_cannot_choose_other_registers() {
    let tpm = Swtpm::start();
    let key = TemplateKey::generate().unwrap();
    let weaker = TpmProtector::open(&tpm.tcti(), &[16])
        .unwrap()
        .seal(&key)
        .unwrap();
    assert!(refused(open(&tpm).unseal(&weaker)));
    assert!(TpmProtector::open(&tpm.tcti(), &[]).is_err());
    assert!(TpmProtector::open(&tpm.tcti(), &[24]).is_err());
}

#[test]
fn no_changed_byte_opens_and_none_hangs() {
    let tpm = Swtpm::start();
    let key = TemplateKey::generate().unwrap();
    let mut protector = open(&tpm);
    let sealed = protector.seal(&key).unwrap();
    for at in 0..sealed.bytes.len() {
        let mut changed = sealed.clone();
        changed.bytes[at] ^= 0x40;
        assert!(protector.unseal(&changed).is_err(), "byte {at}");
    }
    for n in (0..sealed.bytes.len()).step_by(7) {
        let cut = SealedKey {
            bytes: sealed.bytes[..n].to_vec(),
            ..sealed.clone()
        };
        assert!(protector.unseal(&cut).is_err(), "cut to {n}");
    }
    assert!(protector.unseal(&sealed).is_ok());
}

#[test]
fn without_the_tpm_that_was_asked_for_there_is_no_way_down() {
    let folder = tempfile::tempdir().unwrap();
    let options = |choice| VaultOptions {
        choice,
        tcti: format!("device:{}", folder.path().join("no-tpm").display()),
        pcrs: vec![7],
        key_file: folder.path().join("key"),
        patience: std::time::Duration::from_secs(1),
    };
    assert!(matches!(
        vault::open(&options(ProtectorChoice::Tpm)),
        Err(VaultError::Missing(_))
    ));
    assert!(!folder.path().join("key").exists());
    assert_eq!(
        vault::open(&options(ProtectorChoice::TpmOrFile))
            .unwrap()
            .kind(),
        ProtectorKind::File
    );
    for (kind, choice) in [
        (ProtectorKind::File, ProtectorChoice::Tpm),
        (ProtectorKind::Tpm, ProtectorChoice::File),
    ] {
        assert!(
            refused(vault::open_for(kind, &options(choice))),
            "{kind:?} under {choice:?}"
        );
    }
    let tpm = Swtpm::start();
    let with_tpm = VaultOptions {
        tcti: tpm.tcti(),
        ..options(ProtectorChoice::TpmOrFile)
    };
    assert_eq!(vault::open(&with_tpm).unwrap().kind(), ProtectorKind::Tpm);
    assert!(
        refused(vault::open_for(ProtectorKind::File, &with_tpm)),
        "a machine that has a TPM opens no key file"
    );
}

#[test]
fn a_key_file_is_private_or_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = TemplateKey::generate().unwrap();
    let sealed = FileProtector::open(&path).unwrap().seal(&key).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        FileProtector::open(&path)
            .unwrap()
            .unseal(&sealed)
            .unwrap()
            .bytes(),
        key.bytes()
    );

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(FileProtector::open(&path).is_err(), "readable by others");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::hard_link(&path, folder.path().join("second")).unwrap();
    assert!(FileProtector::open(&path).is_err(), "a second name");
    std::fs::remove_file(folder.path().join("second")).unwrap();
    std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
    assert!(
        FileProtector::open(&folder.path().join("link")).is_err(),
        "a symbolic link"
    );
    std::fs::write(&path, [7; 31]).unwrap();
    assert!(FileProtector::open(&path).is_err(), "of another length");
    std::fs::remove_file(&path).unwrap();
    let other = FileProtector::open(&path).unwrap().unseal(&sealed);
    assert!(matches!(other, Err(VaultError::Damaged)), "another key");
}
