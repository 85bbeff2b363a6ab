//! The authselect profile: rendered with its features as authselect does it, and held against what
//! the same stack does without a face.

use super::*;

/// The stacks that may ask for a face, and by which feature.
const ASKING: [(&str, &str); 2] = [
    ("system-auth", "with-facelock"),
    ("password-auth", "with-facelock-greeter"),
];
/// Further features that change where the lines are.
const BESIDE: [&[&str]; 4] = [
    &[],
    &["with-faillock"],
    &["with-fingerprint"],
    &["with-faillock", "with-fingerprint", "without-nullok"],
];
/// Every code but success that a module may answer an authentication with.
const OTHERS: [&str; 15] = [
    "auth_err",
    "authinfo_unavail",
    "ignore",
    "abort",
    "cred_insufficient",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "perm_denied",
    "module_unknown",
    "system_err",
    "service_err",
    "buf_err",
    "conv_err",
];

fn rendered(stack: &str, features: &[&str]) -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .arg(top.join("tests/e2e/guest/authselect.py"))
        .arg(top.join("packaging/authselect").join(stack))
        .args(features)
        .output()
        .unwrap();
    assert!(output.status.success(), "{stack} {features:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn with(stack: &str, text: &str) -> Machine {
    let machine = Machine::of("fedora");
    fs::write(machine.folder.path().join("etc/pam.d").join(stack), text).unwrap();
    machine
}

fn told(face: &'static str, password: &'static str) -> Told {
    Told { face, password }
}

/// What is wrong with a stack that asks for a face, beside the same one that does not.
fn wrong(stack: &str, plain: &str, asking: &str) -> Option<String> {
    let (plain, asking) = (with(stack, plain), with(stack, asking));
    let (right, reached) = plain.play(stack, told("ignore", "success"));
    let (refused, _) = plain.play(stack, told("ignore", "auth_err"));
    if right != SUCCESS || refused == SUCCESS {
        return Some(format!("without a face: {right}, {refused}"));
    }
    let face = asking.play(stack, told("success", "auth_err"));
    if face != (SUCCESS, reached.clone()) {
        return Some(format!("a face: {face:?}"));
    }
    // The line behind the password notes that it let the user in.
    let mut noted = reached;
    noted.insert("pam_facelock-record".into());
    OTHERS.iter().find_map(|face| {
        let password = asking.play(stack, told(face, "success"));
        let (code, marks) = asking.play(stack, told(face, "auth_err"));
        let wrong = password != (SUCCESS, noted.clone())
            || code != refused
            || marks.contains("pam_facelock-record");
        wrong.then(|| format!("{face}: {password:?}, {code} {marks:?}"))
    })
}

#[test]
fn a_face_reaches_what_a_password_reaches_by_the_authselect_profile() {
    for (stack, feature) in ASKING {
        for beside in BESIDE {
            let plain = rendered(stack, beside);
            assert!(!plain.contains("pam_facelock"), "{stack} {beside:?}");
            let asking = rendered(stack, &[beside, &[feature]].concat());
            let wrong = wrong(stack, &plain, &asking);
            assert_eq!(wrong, None, "{stack} {beside:?} {feature}");
        }
    }
}

#[test]
fn a_jump_of_the_profile_that_lands_elsewhere_is_seen_by_this_test() {
    let plain = rendered("system-auth", &["with-faillock"]);
    let asking = rendered("system-auth", &["with-faillock", "with-facelock"]);
    for (jump, elsewhere) in [
        ("success=done", "success=1"),
        ("success=done", "success=3"),
        ("success=2", "success=1"),
        ("success=2", "success=4"),
        ("success=done default=ignore", "success=done default=die"),
        ("success=done default=ignore", "default=ignore"),
    ] {
        let changed = asking.replace(jump, elsewhere);
        assert_ne!(changed, asking);
        assert!(
            wrong("system-auth", &plain, &changed).is_some(),
            "{jump} → {elsewhere}"
        );
    }
}

/// Whatever the features, no other stack asks, and no line names the module without letting a
/// system boot that has lost it.
#[test]
fn a_face_is_asked_for_where_a_feature_says_so_and_nowhere_else() {
    let every = ["with-facelock", "with-facelock-greeter", "with-faillock"];
    for stack in ["fingerprint-auth", "smartcard-auth", "postlogin"] {
        assert!(!rendered(stack, &every).contains("facelock"), "{stack}");
    }
    for (stack, feature) in ASKING {
        let text = rendered(stack, &[feature]);
        let lines: Vec<&str> = text
            .lines()
            .filter(|l| l.contains("pam_facelock"))
            .collect();
        assert_eq!(lines.len(), 2, "{stack}: {lines:?}");
        assert!(
            lines.iter().all(|line| line.starts_with("-auth")),
            "{lines:?}"
        );
        let other = ASKING.iter().find(|(name, _)| *name != stack).unwrap().1;
        assert!(!rendered(stack, &[other]).contains("facelock"), "{stack}");
    }
}
