//! `facelockctl disable` and `enable`: the switch for everything.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::failure::{Answer, require_root};
use super::print::{print_json, wrapped};
use super::words::{filled, said};
use super::{date, replace};
use crate::config;

/// # Errors
/// The switch cannot be written.
pub fn disable(hours: Option<u32>, json: bool) -> Answer {
    require_root()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let until = hours.map(|hours| now + u64::from(hours) * 3600);
    let text = until.map_or(String::new(), |until| format!("{until}\n"));
    let path = Path::new(config::PATH).with_file_name(config::SWITCH);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    replace::write(&path, text.as_bytes())?;
    if json {
        return print_json(&json!({ "outcome": "done", "changed": true, "until": until }));
    }
    let text = match until {
        Some(until) => filled(
            "Face login is off until {time}: nothing looks, and passwords work. facelockctl enable switches it on again.",
            &[("time", &date::time(until))],
        ),
        None => said(
            "Face login is off: nothing looks, and passwords work. facelockctl enable switches it on again.",
        ),
    };
    wrapped(&text)
}

/// # Errors
/// The switch cannot be taken away.
pub fn enable(json: bool) -> Answer {
    require_root()?;
    let path = Path::new(config::PATH).with_file_name(config::SWITCH);
    let changed = match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        other => {
            other?;
            true
        }
    };
    if json {
        return print_json(&json!({ "outcome": "done", "changed": changed, "until": null }));
    }
    let text = said(if changed {
        "Face login is on again, for the services that ask (facelockctl pam status)."
    } else {
        "Face login was not switched off."
    });
    wrapped(&text)
}
