//! `facelockctl keyring`: the login password, kept so that a login by face opens the keyring or
//! wallet, too.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use facelock_protocol::{Password, Reply, Request, Subject, Unavailable};
use serde_json::json;
use zeroize::Zeroizing;

use super::args::{Args, KeyringCommand};
use super::failure::{Answer, Failure, require_root};
use super::print::{print_json, printed};
use super::terminal::Terminal;
use super::words::{self, filled, said};
use super::{client, outcome, pam, prompt, subject};
use crate::config::{self, Config};
use crate::decision::keyring::{SERVICES, may_be_kept};
use crate::decision::services::Mode;
use crate::sandbox;

/// pam_unix's own helper, which says whether a password is a user's of this machine.
const CHECKERS: [&str; 3] = [
    "/usr/sbin/unix_chkpwd",
    "/sbin/unix_chkpwd",
    "/usr/bin/unix_chkpwd",
];

/// # Errors
/// Nothing was changed, and why.
pub fn run(args: &Args, command: &KeyringCommand) -> Answer {
    sandbox::keep_memory_private();
    let (KeyringCommand::Enable { user }
    | KeyringCommand::Disable { user }
    | KeyringCommand::Status { user }) = command;
    let named = user.name.as_deref();
    let (subject, request) = match command {
        KeyringCommand::Enable { .. } => {
            require_root()?;
            let subject = subject::resolve(named)?;
            let password = checked_password(args, &subject)?;
            (subject.clone(), Request::KeyringStore { subject, password })
        }
        KeyringCommand::Disable { .. } => {
            let subject = subject::resolve(named)?;
            (subject.clone(), Request::KeyringForget { subject })
        }
        KeyringCommand::Status { .. } => {
            let subject = subject::resolve(named)?;
            (subject.clone(), Request::KeyringStatus { subject })
        }
    };
    let reply = ask(args, &request)?;
    let (kept, changed) = match (&reply, command) {
        (Reply::Keyring { kept }, _) => (*kept, None),
        (Reply::Done { changed }, KeyringCommand::Enable { .. }) => (true, Some(*changed)),
        (Reply::Done { changed }, _) => (false, Some(*changed)),
        _ => return Err(Failure::broken()),
    };
    tell(args, &subject, kept, changed)
}

fn ask(args: &Args, request: &Request) -> Result<Reply, Failure> {
    let reply = client::ask(&args.socket, request, drop)?;
    match outcome::failure(request, &reply) {
        Some(failure) => Err(failure),
        None => Ok(reply),
    }
}

/// The password, of a user who may have one kept, asked for and tried.
fn checked_password(args: &Args, subject: &Subject) -> Result<Password, Failure> {
    let list = Request::List {
        subject: subject.clone(),
    };
    let name = subject.name.as_str();
    let enroll = format!("sudo facelockctl enroll --user {name}");
    let spectra: Vec<_> = match ask(args, &list)? {
        Reply::Templates(templates) => templates.iter().map(|t| t.spectrum).collect(),
        _ => Vec::new(),
    };
    if spectra.is_empty() {
        return Err(Failure::unavailable(Unavailable::NotEnrolled).help(enroll));
    }
    if !may_be_kept(&spectra) {
        let why = said(
            "infrared required: a picture could pass for this enrollment, and no password is kept for it",
        );
        return Err(Failure::unavailable(Unavailable::InfraredRequired)
            .because(&why)
            .help(enroll));
    }
    let typed = prompt::password(&words::of_user(words::LOGIN_PASSWORD, name))?;
    let password = Password::new(&typed).ok_or_else(|| wrong(name))?;
    if is_password(name, &password)? {
        Ok(password)
    } else {
        Err(wrong(name))
    }
}

fn wrong(name: &str) -> Failure {
    Failure::new(
        "wrong_password",
        words::of_user(words::WRONG_PASSWORD, name),
    )
}

/// Whether it is the password that /etc/shadow has for the user.
fn is_password(name: &str, password: &Password) -> Result<bool, Failure> {
    let checker = CHECKERS.iter().find(|path| Path::new(path).exists());
    let checker = checker.ok_or_else(|| {
        Failure::new(
            "no_checker",
            said("unix_chkpwd, a part of PAM, is not there"),
        )
    })?;
    let mut child = Command::new(checker)
        .args([name, "nonull"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let line = Zeroizing::new([password.as_bytes(), &[0]].concat());
        // One that reads nothing says no by its status.
        let _ = stdin.write_all(&line);
    }
    Ok(child.wait()?.success())
}

/// Services that are given the password with a match: the table's, where they are on and their PAM
/// line says `keyring`.
pub fn services() -> Vec<&'static str> {
    let config = Config::load(Path::new(config::PATH)).ok();
    let is_on = |name: &&str| {
        let service = config.as_ref().and_then(|config| config.service(name));
        service.is_some_and(|service| service.mode != Mode::Off) && pam::takes_password(name)
    };
    SERVICES.into_iter().filter(is_on).collect()
}

fn tell(args: &Args, subject: &Subject, kept: bool, changed: Option<bool>) -> Answer {
    let (name, services) = (subject.name.as_str(), services());
    if args.json {
        let keyring = if kept { "on" } else { "off" };
        let mut value = json!({
            "outcome": "done", "user": name, "keyring": keyring, "services": services,
        });
        if let Some(changed) = changed {
            value["changed"] = json!(changed);
        }
        return print_json(&value);
    }
    let text = if kept { words::KEPT } else { words::NOT_KEPT };
    let mut text = words::of_user(text, name) + "\n";
    if kept && services.is_empty() {
        text += &said("No login program would be given it:");
        text += &format!(" {}\n", said(words::ENABLE_LOGIN));
    } else if kept {
        let values: &[(&str, &dyn Display)] = &[("services", &services.join(" "))];
        text += &filled("Given with a match by infrared to: {services}", values);
        text += "\n";
    }
    printed(&Terminal::stdout().wrap(&text, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_and_an_unknown_user_are_told_from_a_right_one() {
        let password = Password::new(b"certainly not this").unwrap();
        for name in ["root", "no-such-user-here"] {
            assert!(!is_password(name, &password).unwrap(), "{name}");
        }
    }
}
