//! Files for services that exist for a face alone: the desktop runs them beside the password.

use super::chain::Stacks;
use super::rule::{Kind, Statement, statements};

/// The first line of a file that is facelockctl's own.
pub const MARK: &str =
    "# Written by facelockctl pam enable; facelockctl pam disable takes it away.";

/// What a slot of Plasma's lock screen needs: kde-fingerprint and kde-smartcard are started once a
/// lock, so the module looks again by itself; kde-face is given up for the whole lock after one
/// "unavailable".
fn kde(arguments: &str) -> String {
    format!(
        "auth     requisite   pam_nologin.so
auth     sufficient  pam_facelock.so {arguments}
auth     required    pam_deny.so
account  required    pam_permit.so
"
    )
}

const GDM: &str = "auth     requisite   pam_nologin.so
auth     required    pam_succeed_if.so user != root quiet_success
auth     required    pam_facelock.so keyring
auth     optional    pam_gnome_keyring.so
";

/// The whole file of a hands-free service; none where `service` is no such one, or what it is made
/// from is not there.
pub fn text(stacks: &dyn Stacks, service: &str) -> Option<String> {
    let body = match service {
        "kde-fingerprint" | "kde-smartcard" => kde("wait=60"),
        "kde-face" => kde("unseen=auth_err"),
        "gdm-face" => GDM.to_owned() + &rest_of_gdm(stacks)?,
        _ => return None,
    };
    Some(format!("#%PAM-1.0\n{MARK}\n{body}"))
}

/// Account, password and session as GDM's other services have them.
fn rest_of_gdm(stacks: &dyn Stacks) -> Option<String> {
    let text = ["gdm-fingerprint", "gdm-password"]
        .into_iter()
        .find_map(|service| stacks.text(service))?;
    let lines: Vec<&str> = text.lines().collect();
    let starts: Vec<(usize, Statement)> = statements(&text);
    let ends = starts.iter().skip(1).map(|(line, _)| *line);
    let ends = ends.chain([lines.len()]);
    let mut rest = String::new();
    for ((start, statement), end) in starts.iter().zip(ends) {
        let kept = match statement {
            Statement::Nothing => false,
            Statement::Rule(kind, _) | Statement::Substack(kind, _) => *kind != Kind::Auth,
            Statement::Include(kind, name) => {
                *kind != Some(Kind::Auth) && !(kind.is_none() && name.contains("auth"))
            }
        };
        if kept {
            rest += &lines[*start..end].join("\n");
            rest.push('\n');
        }
    }
    Some(rest)
}
