//! `facelockctl config`: reads, checks and changes /etc/facelock/config.toml, comments kept.

use std::fmt::Display;
use std::path::Path;

use serde_json::json;
use toml::{Table, Value};
use toml_edit::{DocumentMut, InlineTable, Item, TableLike};

use super::args::{ConfigCommand, ConfigFile};
use super::failure::{Answer, Failure};
use super::print::{print_json, printed, wrapped};
use super::replace;
use super::words::{filled, said};
use crate::config::Config;

/// Every key with its default.
const DEFAULTS: &str = include_str!("../../config/config.toml");

/// # Errors
/// The file cannot be used, the key is none, or nothing was changed.
pub fn run(command: &ConfigCommand, json: bool) -> Answer {
    match command {
        ConfigCommand::Check { at } => check(&at.file, json),
        ConfigCommand::Show { at } => show(&at.file, json),
        ConfigCommand::Get { key, at } => get(key, &at.file, json),
        ConfigCommand::Set { key, value, at } => set(key, value, at, json),
    }
}

fn check(file: &Path, json: bool) -> Answer {
    Config::load(file).map_err(|error| unusable(&error.to_string()))?;
    if json {
        return print_json(&json!({ "outcome": "done", "file": file }));
    }
    let text = filled(
        if file.exists() {
            "{path} is understood."
        } else {
            "{path} is not there: every key has its default."
        },
        &[("path", &file.display())],
    );
    wrapped(&text)
}

fn unusable(error: &str) -> Failure {
    let values: &[(&str, &dyn Display)] = &[("error", &error.trim_end())];
    Failure::new(
        "config_rejected",
        filled("the configuration cannot be used: {error}", values),
    )
    .help(said(
        "until it is mended, face login is off and passwords work",
    ))
}

/// The defaults with what the file says over them.
fn effective(file: &Path) -> Result<Table, Failure> {
    Config::load(file).map_err(|error| unusable(&error.to_string()))?;
    let parsed = |text: &str| {
        let table: Result<Table, toml::de::Error> = toml::from_str(text);
        table.map_err(|error| unusable(&error.to_string()))
    };
    let mut table = parsed(DEFAULTS)?;
    merge(&mut table, parsed(&text_of(file)?)?);
    Ok(table)
}

fn text_of(file: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        other => Ok(other?),
    }
}

fn merge(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            // A service may be written as its mode alone.
            (Some(Value::Table(inner)), mode @ Value::String(_)) => {
                inner.insert("mode".into(), mode);
            }
            (_, value) => drop(table.insert(key, value)),
        }
    }
}

fn show(file: &Path, json: bool) -> Answer {
    let table = effective(file)?;
    if json {
        return print_json(&json!({ "outcome": "done", "config": table }));
    }
    printed(&toml::to_string(&table).map_err(|error| unusable(&error.to_string()))?)
}

fn get(key: &str, file: &Path, json: bool) -> Answer {
    let table = effective(file)?;
    let mut parts = key.split('.');
    let first = parts.next().and_then(|part| table.get(part));
    let found = parts.try_fold(first, |at, part| Some(at?.get(part)));
    let value = found.flatten().ok_or_else(|| no_such_key(key))?;
    if json {
        return print_json(&json!({ "outcome": "done", "key": key, "value": value }));
    }
    printed(&match value {
        Value::String(text) => format!("{text}\n"),
        other => format!("{other}\n"),
    })
}

fn no_such_key(key: &str) -> Failure {
    let message = filled("there is no key {key}", &[("key", &key)]);
    Failure::new("no_such_key", message).help(said("facelockctl config show lists every key"))
}

fn set(key: &str, value: &str, at: &ConfigFile, json: bool) -> Answer {
    let text = text_of(&at.file)?;
    let changed = edited(&text, key, value)?;
    if changed != text {
        let file = std::path::absolute(&at.file)?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        replace::write(&file, changed.as_bytes())?;
    }
    if json {
        return print_json(&json!({ "outcome": "done", "key": key, "changed": changed != text }));
    }
    let values: &[(&str, &dyn Display)] = &[("key", &key), ("value", &value)];
    wrapped(&filled("{key} = {value}, from the next login on.", values))
}

/// `text` with the mode of one PAM service changed.
///
/// # Errors
/// The text is no configuration.
pub fn with_mode(text: &str, service: &str, mode: &str) -> Result<String, Failure> {
    let table: Table = toml::from_str(text).map_err(|error| unusable(&error.to_string()))?;
    let listed = table
        .get("services")
        .and_then(|services| services.get(service));
    if listed.is_some_and(Value::is_table) {
        edited(text, &format!("services.{service}.mode"), mode)
    } else {
        edited(text, &format!("services.{service}"), mode)
    }
}

/// `text` with one value changed, everything else as it was.
pub fn edited(text: &str, key: &str, value: &str) -> Result<String, Failure> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| unusable(&error.to_string()))?;
    let (sections, last) = match key.rsplit_once('.') {
        Some((sections, last)) => (sections.split('.').collect(), last),
        None => (Vec::new(), key),
    };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for section in sections {
        let item = table.entry(section).or_insert(toml_edit::table());
        // A service may be written as its mode alone.
        if let Some(mode) = item.as_str() {
            let mut alone = InlineTable::new();
            alone.insert("mode", mode.into());
            *item = Item::Value(alone.into());
        }
        table = item.as_table_like_mut().ok_or_else(|| no_such_key(key))?;
    }
    // What is no TOML value is a string.
    let mut new: toml_edit::Value = value.parse().unwrap_or_else(|_| value.into());
    if let Some(Item::Value(old)) = table.get(last) {
        *new.decor_mut() = old.decor().clone();
    }
    table.insert(last, Item::Value(new));
    let text = document.to_string();
    match Config::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let why = error.to_string();
            let why = why.trim_start_matches(": ").trim_end();
            let message = filled(
                "{key} = {value} is refused, nothing was changed: {why}",
                &[("key", &key), ("value", &value), ("why", &why)],
            );
            Err(Failure::new("refused", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_changes_and_comments_stay() {
        let text = "# mine\n[camera]\nrotation = 0   # degrees\n\n[tally]\nmisses = 5\n";
        assert_eq!(
            edited(text, "camera.rotation", "90").unwrap(),
            text.replace("rotation = 0 ", "rotation = 90 ")
        );
        assert_eq!(
            edited("", "vault.protector", "tpm-or-file").unwrap(),
            "[vault]\nprotector = \"tpm-or-file\"\n"
        );
        assert_eq!(
            edited("", "vault.pcrs", "[7, 11]").unwrap(),
            "[vault]\npcrs = [7, 11]\n"
        );
    }

    #[test]
    fn a_value_that_face_login_would_refuse_is_refused_first() {
        for (key, value) in [
            ("camera.rotation", "45"),
            ("camera.nothing", "1"),
            ("tally.misses", "many"),
        ] {
            assert!(edited("", key, value).is_err(), "{key} = {value}");
        }
    }

    #[test]
    fn a_service_s_mode_is_set_however_it_is_written() {
        for (before, after) in [
            ("", "[services]\nsudo = \"ask\"\n"),
            (
                "[services]\nsudo = \"confirm\"\n",
                "[services]\nsudo = \"ask\"\n",
            ),
            (
                "[services]\nsudo = { mode = \"auto\", quiet = true } # mine\n",
                "[services]\nsudo = { mode = \"ask\", quiet = true } # mine\n",
            ),
        ] {
            assert_eq!(with_mode(before, "sudo", "ask").unwrap(), after);
        }
        let quiet = edited(
            "[services]\nsudo = \"ask\"\n",
            "services.sudo.quiet",
            "true",
        );
        assert_eq!(
            quiet.unwrap(),
            "[services]\nsudo = { mode = \"ask\", quiet = true }\n"
        );
    }

    #[test]
    fn every_default_can_be_asked_for() {
        let table = effective(Path::new("/nowhere/config.toml")).unwrap();
        assert_eq!(table["tally"]["misses"], Value::Integer(5));
    }
}
