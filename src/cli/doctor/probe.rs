//! Finds the facts out: the only part of the doctor that touches the machine.

use std::path::Path;
use std::process::Command;

use facelock_protocol::{Reply, Request, Subject};

use super::facts::{Facts, Model, Session};
use crate::cli::args::Args;
use crate::cli::{client, failure, keyring, names, pam, words};
use crate::config::{self, Config};
use crate::onnx::Manifest;
use crate::types::Digest;

/// Largest model file that is read, in bytes.
const LARGEST_MODEL: u64 = 1 << 30;

pub fn facts(args: &Args, subject: &Subject) -> Facts {
    let config = Config::load(Path::new(config::PATH));
    let paths = config.as_ref().map(|config| config.paths.models.clone());
    let models = paths.unwrap_or_else(|_| "/usr/share/facelock/models".into());
    let ask = |request| client::ask(&args.socket, &request, drop);
    let of = || subject.clone();
    Facts {
        config: config.map(drop).map_err(|error| error.to_string()),
        socket_unit: socket_unit(),
        exposure: exposure(),
        groups: groups(),
        models: installed(&models),
        tpm_device: Path::new("/dev/tpmrm0").exists(),
        secure_boot: secure_boot(),
        measured: measured(),
        lockout_authorisation: lockout_authorisation(),
        status: match ask(Request::Status { subject: of() }) {
            Ok(Reply::Status(report)) => Ok(report),
            Ok(Reply::Unavailable(reason)) => Err(words::unavailable(reason)),
            Ok(Reply::Denied(denied)) => Err(failure::Failure::denied(denied).text()),
            Ok(_) => Err(failure::Failure::broken().text()),
            Err(failure) => Err(failure.message),
        },
        templates: match ask(Request::List { subject: of() }) {
            Ok(Reply::Templates(templates)) => Some(templates),
            _ => None,
        },
        cameras: match failure::is_root().then(|| ask(Request::Devices)) {
            Some(Ok(Reply::Devices(cameras))) => Some(cameras),
            _ => None,
        },
        services: pam::wired_here(),
        keyring: match ask(Request::KeyringStatus { subject: of() }) {
            Ok(Reply::Keyring { kept }) => Some(kept),
            _ => None,
        },
        keyring_services: keyring::services(),
        session: session(),
        logind: Path::new("/run/systemd/seats").exists(),
        lid_closed: lid_closed(),
    }
}

/// What a program says on standard output, one line, whatever its status; none where it is not
/// there.
fn heard(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn socket_unit() -> Option<(String, String)> {
    let ask = |verb| heard("systemctl", &[verb, "facelock.socket"]);
    Some((
        ask("is-enabled").unwrap_or_else(|| "not installed".into()),
        ask("is-active")?,
    ))
}

/// `0.2 OK`, of the unit as it is installed.
fn exposure() -> Option<String> {
    let text = heard(
        "systemd-analyze",
        &["security", "--no-pager", "facelock@check.service"],
    )?;
    let line = text
        .lines()
        .find(|line| line.contains("Overall exposure level"))?;
    let mut words = line.rsplit(": ").next()?.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

fn groups() -> Option<Vec<String>> {
    names::by_name("facelock").ok().flatten()?;
    let text = heard("timeout", &["5", "id", "-nG", "facelock"])?;
    Some(text.split_whitespace().map(str::to_owned).collect())
}

fn installed(folder: &Path) -> Result<Vec<Model>, String> {
    let manifest =
        Manifest::load(&folder.join("manifest.toml")).map_err(|error| error.to_string())?;
    let model = |entry: &crate::onnx::ModelEntry| {
        let path = folder.join(&entry.file);
        let there = std::fs::metadata(&path).is_ok_and(|file| file.len() < LARGEST_MODEL);
        let pinned = there
            .then(|| std::fs::read(&path).is_ok_and(|bytes| Digest::of(&bytes) == entry.sha256.0));
        Model {
            name: entry.name.clone(),
            optional: entry.optional,
            pinned,
        }
    };
    Ok(manifest.model.iter().map(model).collect())
}

/// Whether every model that a login needs is there, and is the pinned one.
pub fn models_are_there() -> bool {
    let config = Config::load(Path::new(config::PATH)).unwrap_or_default();
    installed(&config.paths.models).is_ok_and(|models| {
        let fit = |model: &Model| model.pinned.unwrap_or(model.optional);
        models.iter().all(fit)
    })
}

/// Whether Secure Boot is on, where the firmware says. The UEFI variable holds four bytes of
/// attributes, then 0 or 1.
pub fn secure_boot() -> Option<bool> {
    let path = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let bytes = std::fs::read(path).ok()?;
    bytes.get(4).map(|value| *value == 1)
}

fn measured() -> Option<bool> {
    let text = std::fs::read_to_string("/sys/class/tpm/tpm0/pcr-sha256/7").ok()?;
    Some(!text.trim().chars().all(|digit| digit == '0'))
}

fn lockout_authorisation() -> Option<bool> {
    let text = heard("tpm2_getcap", &["properties-variable"])?;
    let line = text.lines().find(|line| line.contains("lockoutAuthSet"))?;
    Some(line.trim_end().ends_with('1'))
}

fn session() -> Option<Session> {
    let id = std::env::var("XDG_SESSION_ID")
        .ok()
        .filter(|id| !id.is_empty());
    let id = id.unwrap_or_else(|| "auto".into());
    let text = heard(
        "loginctl",
        &["show-session", &id, "-p", "Remote", "-p", "Active"],
    )?;
    let is = |line: &str| text.lines().any(|found| found == line);
    (is("Remote=yes") || is("Remote=no")).then(|| Session {
        remote: is("Remote=yes"),
        active: is("Active=yes"),
    })
}

fn lid_closed() -> bool {
    let lids = std::fs::read_dir("/proc/acpi/button/lid")
        .into_iter()
        .flatten()
        .flatten();
    let states = lids.filter_map(|lid| std::fs::read_to_string(lid.path().join("state")).ok());
    states.into_iter().any(|state| state.contains("closed"))
}
