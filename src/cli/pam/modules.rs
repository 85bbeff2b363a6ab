//! What a rule does for a login, by its module: which rules a face may stand in for.

use super::rule::{Control, Rule};

/// The part a rule plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Stands before the question, and is asked of a face too.
    Gate,
    /// Another way in that wants no answer, as root's own `su`.
    Early,
    /// Asks, or refuses: what a face stands in for.
    Question,
    /// Face login itself.
    Face,
    /// Wanted beside the password; a face does not stand in for it.
    Factor,
    /// Comes after the question, whatever its answer was.
    After,
}

/// Modules that refuse, or set something up, before anything is asked.
const GATES: [&str; 17] = [
    "pam_access.so",
    "pam_echo.so",
    "pam_env.so",
    "pam_faildelay.so",
    "pam_issue.so",
    "pam_keyinit.so",
    "pam_lastlog.so",
    "pam_listfile.so",
    "pam_localuser.so",
    "pam_nologin.so",
    "pam_securetty.so",
    "pam_shells.so",
    "pam_succeed_if.so",
    "pam_tally2.so",
    "pam_time.so",
    "pam_usertype.so",
    "pam_warn.so",
];

const EARLY: [&str; 6] = [
    "pam_gdm.so",
    "pam_rootok.so",
    "pam_selinux_permit.so",
    "pam_sepermit.so",
    "pam_timestamp.so",
    "pam_wheel.so",
];

/// Modules that ask for the one thing that a login asks for, or refuse without it.
const QUESTIONS: [&str; 16] = [
    "pam_deny.so",
    "pam_fprintd.so",
    "pam_fprintd_grosshack.so",
    "pam_himmelblau.so",
    "pam_kanidm.so",
    "pam_krb5.so",
    "pam_ldap.so",
    "pam_lsass.so",
    "pam_pwdfile.so",
    "pam_sss.so",
    "pam_systemd_home.so",
    "pam_tcb.so",
    "pam_unix.so",
    "pam_unix2.so",
    "pam_userdb.so",
    "pam_winbind.so",
];

/// Modules that open something with the password that was typed.
pub const KEYRINGS: [&str; 3] = ["pam_gnome_keyring.so", "pam_kwallet.so", "pam_kwallet5.so"];
/// Modules without which a home folder stays closed.
pub const HOMES: [&str; 3] = ["pam_ecryptfs.so", "pam_mount.so", "pam_zfs_key.so"];

const AFTER: [&str; 6] = [
    "pam_cap.so",
    "pam_group.so",
    "pam_permit.so",
    "pam_script.so",
    "pam_systemd_loadkey.so",
    "pam_xauth.so",
];

/// The part of each rule of a chain. A second question that is held against the person is a factor
/// of its own.
pub fn parts<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<Part> {
    let mut asked = false;
    let mut parts = Vec::new();
    for rule in rules {
        let mut part = part(rule);
        let refuses = ["pam_deny.so", "pam_faillock.so"].contains(&rule.module.as_str());
        let strict = rule.control.is_strict() && !rule.control.is_alternative();
        if part == Part::Question && strict && !refuses {
            if asked {
                part = Part::Factor;
            }
            asked = true;
        }
        parts.push(part);
    }
    parts
}

fn part(rule: &Rule) -> Part {
    let module = rule.module.as_str();
    let has = |argument: &str| rule.arguments.iter().any(|given| given == argument);
    match module {
        "pam_facelock.so" if has("record") => Part::After,
        "pam_facelock.so" => Part::Face,
        "pam_faillock.so" if has("authfail") => Part::Question,
        "pam_faillock.so" if has("authsucc") => Part::After,
        "pam_faillock.so" => Part::Gate,
        _ if QUESTIONS.contains(&module) => Part::Question,
        _ if EARLY.contains(&module) => Part::Early,
        _ if GATES.contains(&module) => Part::Gate,
        _ if AFTER.contains(&module) || KEYRINGS.contains(&module) || HOMES.contains(&module) => {
            Part::After
        }
        _ if rule.control.is_alternative() => Part::Question,
        _ if rule.control.is_strict() => Part::Factor,
        _ => Part::After,
    }
}

/// Whether a gate can be asked once more, for the face: it is no way in, and jumps nowhere.
pub fn is_plain(rule: &Rule) -> bool {
    matches!(
        rule.control,
        Control::Required | Control::Requisite | Control::Optional
    )
}
