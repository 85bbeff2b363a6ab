//! What facelockctl changes, and what it leaves alone.

use super::*;

#[test]
fn disabling_gives_back_every_byte() {
    for (name, services) in STACKS {
        for service in services {
            let machine = Machine::of(name);
            let before = machine.files();
            let shown = machine.done(&["enable", service, "--yes"]);
            assert_ne!(machine.files(), before, "{name}/{service}");
            assert!(shown.contains("+auth"), "{name}/{service}: {shown}");
            let again = machine.done(&["enable", service, "--yes"]);
            assert!(again.contains("already"), "{name}/{service}: {again}");
            machine.done(&["disable", service, "--yes"]);
            assert_eq!(machine.files(), before, "{name}/{service}");
        }
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let machine = Machine::of("debian13");
    let before = machine.files();
    let shown = machine.done(&["enable", "sudo", "--dry-run"]);
    assert!(
        shown.contains("+auth\t[success=3 default=ignore]\tpam_facelock.so report"),
        "{shown}"
    );
    assert_eq!(machine.files(), before);
    assert!(!machine.folder.path().join("etc/facelock").exists());
}

#[test]
fn only_a_login_program_s_line_hands_a_kept_password_on() {
    let machine = Machine::of("debian13");
    for (service, hands_on) in [
        ("lightdm", true),
        ("greetd", true),
        ("gdm-password", true),
        ("login", true),
        ("sudo", false),
        ("su", false),
        ("swaylock", false),
    ] {
        let shown = machine.done(&["enable", service, "--dry-run"]);
        let mut lines = shown.lines();
        let face = lines.find(|line| line.starts_with('+') && line.contains("pam_facelock.so"));
        let face = face.unwrap_or_else(|| panic!("{service}: {shown}"));
        assert_eq!(face.ends_with(" report keyring"), hands_on, "{face}");
        assert!(
            face.contains("[success=") || face.contains("sufficient"),
            "{face}"
        );
    }
}

#[test]
fn what_a_face_would_go_round_is_left_to_a_person() {
    let machine = Machine::of("hard");
    let before = machine.files();
    for service in REFUSED {
        let output = machine.control(&["enable", service, "--yes"]);
        assert_eq!(output.status.code(), Some(3), "{service}");
    }
    for (service, status) in [("sshd", 3), ("not-there-at-all", 3), ("../passwd", 2)] {
        let output = machine.control(&["enable", service, "--yes"]);
        assert_eq!(output.status.code(), Some(status), "{service}");
    }
    assert_eq!(machine.files(), before);
}

#[test]
fn hands_free_services_get_files_of_their_own() {
    let machine = Machine::of("debian13");
    let before = machine.files();
    for service in ["gdm-face", "kde-fingerprint", "kde-face"] {
        machine.done(&["enable", service, "--yes"]);
        for (face, lets_in) in [
            ("success", true),
            ("auth_err", false),
            ("authinfo_unavail", false),
            ("ignore", false),
        ] {
            let (code, _) = machine.play(
                service,
                Told {
                    face,
                    password: "success",
                },
            );
            assert_eq!(code == SUCCESS, lets_in, "{service}: {face}");
        }
    }
    let text = fs::read_to_string(machine.folder.path().join("etc/pam.d/gdm-face")).unwrap();
    assert!(
        text.contains("@include common-account") && text.contains("pam_loginuid.so"),
        "{text}"
    );
    assert!(!text.contains("pam_fprintd"), "{text}");
    for service in ["gdm-face", "kde-fingerprint", "kde-face"] {
        machine.done(&["disable", service, "--yes"]);
    }
    assert_eq!(machine.files(), before);
}

#[test]
fn a_stack_that_changed_behind_a_jump_is_reported() {
    let machine = Machine::of("debian12");
    machine.done(&["enable", "sudo", "--yes"]);
    assert!(!machine.done(&["status"]).contains("WRONG"));
    let common = machine.folder.path().join("etc/pam.d/common-auth");
    let text = fs::read_to_string(&common).unwrap();
    fs::write(&common, format!("auth sufficient pam_fprintd.so\n{text}")).unwrap();
    let status = machine.done(&["status"]);
    assert!(
        status.contains("sudo: asks for a face; WRONG: the files it includes have changed"),
        "{status}"
    );
    // Edited around by a person: the lines are taken out, the edit stays.
    let sudo = machine.folder.path().join("etc/pam.d/sudo");
    let text = fs::read_to_string(&sudo).unwrap();
    fs::write(&sudo, format!("{text}# mine\n")).unwrap();
    machine.done(&["disable", "sudo", "--yes"]);
    let text = fs::read_to_string(&sudo).unwrap();
    assert!(
        text.ends_with("# mine\n") && !text.contains("facelock"),
        "{text}"
    );
}
