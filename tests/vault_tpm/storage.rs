//! The storage key, and what stands in its way.

use super::*;

/// What lies at the place of the provisioned key is used where it is a storage key, and passed by
/// where it is not; what was sealed opens again either way.
#[test]
fn what_lies_at_the_storage_key_s_place_is_looked_at() {
    let signing = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign";
    let counting = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt";
    let by_policy =
        "fixedtpm|fixedparent|sensitivedataorigin|adminwithpolicy|noda|restricted|decrypt";
    let keys: [(&str, bool, &[&str]); 10] = [
        ("ours", true, &["-G", "ecc256", "-a", STORAGE_KEY]),
        ("RSA", true, &["-G", "rsa2048", "-a", STORAGE_KEY]),
        (
            "SHA-384",
            true,
            &["-g", "sha384", "-G", "ecc384:aes256cfb", "-a", STORAGE_KEY],
        ),
        (
            "signing",
            false,
            &["-G", "ecc256:ecdsa-sha256", "-a", signing],
        ),
        (
            "RSA signing",
            false,
            &["-G", "rsa2048:rsassa-sha256", "-a", signing],
        ),
        ("counting", false, &["-G", "ecc256", "-a", counting]),
        (
            "counting, password",
            false,
            &["-G", "ecc256", "-p", "secret", "-a", counting],
        ),
        ("by policy", false, &["-G", "ecc256", "-a", by_policy]),
        (
            "with a password",
            false,
            &["-G", "ecc384", "-p", "secret", "-a", STORAGE_KEY],
        ),
        // Its name is that of the primary key we make, for a password is no part of a name.
        (
            "ours, with a password",
            true,
            &["-G", "ecc256", "-p", "secret", "-a", STORAGE_KEY],
        ),
    ];
    for (what, used, options) in keys {
        let tpm = Swtpm::start();
        provision(&tpm, options);
        let key = key();
        let before = tpm.failures_counted();
        let sealed = open(&tpm.tcti()).seal(&key).unwrap();
        for _ in 0..3 {
            let opened = open(&tpm.tcti()).unseal(&sealed);
            assert_eq!(opened.unwrap().bytes(), key.bytes(), "{what}");
        }
        tpm.extend(7);
        assert!(open(&tpm.tcti()).unseal(&sealed).is_err());
        assert_eq!(tpm.failures_counted(), before, "{what}: failures counted");
        let name = tpm.tool("tpm2_readpublic", &["-c", PLACE]);
        let hex = hex::encode(&Blob::decode(&sealed.bytes).unwrap().srk_name);
        assert_eq!(name.contains(&hex), used, "{what} is used");
        assert_eq!(tpm.loaded(), 0, "{what}");
    }
}

#[test]
fn a_password_on_the_owner_s_hierarchy_leaves_a_way() {
    let tpm = Swtpm::start();
    let key = key();
    let before = open(&tpm.tcti()).seal(&key).unwrap();
    tpm.tool("tpm2_changeauth", &["-c", "o", "secret"]);
    let gone = open(&tpm.tcti()).unseal(&before);
    assert!(
        matches!(gone, Err(VaultError::Refused(why)) if why.contains("password")),
        "sealed before: to be sealed anew"
    );
    let sealed = open(&tpm.tcti()).seal(&key).unwrap();
    assert_eq!(parent(&sealed), Parent::EndorsementEcc);
    let opened = open(&tpm.tcti()).unseal(&sealed);
    assert_eq!(opened.unwrap().bytes(), key.bytes());
    tpm.tool("tpm2_changeauth", &["-c", "o", "-p", "secret"]);
    let opened = open(&tpm.tcti()).unseal(&sealed);
    assert_eq!(opened.unwrap().bytes(), key.bytes(), "without it again");
    assert_eq!(tpm.failures_counted(), 0);
}

/// Both hierarchies closed: what the error says is what helps.
#[test]
fn where_there_is_no_way_the_error_says_the_one_thing_that_helps() {
    let tpm = Swtpm::start();
    for hierarchy in ["o", "e"] {
        tpm.tool("tpm2_changeauth", &["-c", hierarchy, "secret"]);
    }
    let Err(VaultError::Failed(why)) = open(&tpm.tcti()).seal(&key()) else {
        panic!("nothing can be sealed");
    };
    let command = why.split("root can put one there: ").nth(1).unwrap();
    let command = command.replace("PASSWORD", "secret");
    tpm.tool("sh", &["-c", &format!("{command} && tpm2_flushcontext -t")]);
    let sealed = open(&tpm.tcti()).seal(&key()).unwrap();
    assert!(open(&tpm.tcti()).unseal(&sealed).is_ok());
    assert_eq!(tpm.failures_counted(), 0);
}

/// As some firmware TPMs do with a template that they do not like.
#[test]
fn a_shape_that_is_refused_is_followed_by_another() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    for (refusals, wanted) in [
        (1, Parent::OwnerRsa),
        (2, Parent::EndorsementEcc),
        (3, Parent::EndorsementRsa),
    ] {
        let key = key();
        proxy.next(command::CREATE_PRIMARY, refusals, Fate::Refuse(0x2C4));
        let sealed = open(&proxy.tcti()).seal(&key).unwrap();
        assert_eq!(parent(&sealed), wanted);
        let opened = open(&proxy.tcti()).unseal(&sealed);
        assert_eq!(opened.unwrap().bytes(), key.bytes());
    }
    assert_eq!(tpm.loaded(), 0);
    proxy.next(command::CREATE_PRIMARY, usize::MAX, Fate::Refuse(0x2C4));
    assert!(open(&proxy.tcti()).seal(&key()).is_err());
}

#[test]
fn a_slow_tpm_is_waited_for() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    let key = key();
    let sealed = open(&proxy.tcti()).seal(&key).unwrap();
    proxy.next(command::UNSEAL, 1, Fate::Delay(Duration::from_millis(700)));
    let opened = open(&proxy.tcti()).unseal(&sealed);
    assert_eq!(opened.unwrap().bytes(), key.bytes());
}

/// As after a firmware's menu or update, when something was sealed before.
#[test]
fn a_hierarchy_that_was_switched_off_is_said_to_be_off() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    let sealed = open(&proxy.tcti()).seal(&key()).unwrap();
    proxy.next(command::CREATE_PRIMARY, usize::MAX, Fate::Refuse(0x185));
    let off = open(&proxy.tcti()).unseal(&sealed).map(drop).unwrap_err();
    let text = off.to_string();
    assert!(text.contains("switched off in the firmware"), "{text}");
}
