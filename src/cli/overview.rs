//! The verbs at a glance, for who types the program's name alone: one screen of an ordinary
//! terminal.
#![forbid(unsafe_code)]

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::words::said;

/// Every verb, by what it is wanted for.
const GROUPS: [(&str, &[&str]); 5] = [
    (BEGIN, &["setup", "enroll", "test", "doctor"]),
    (LOOK, &["status", "history", "list", "devices", "preview"]),
    (
        CHANGE,
        &["remove", "rename", "clear", "unlock", "config", "pam"],
    ),
    (
        SWITCH,
        &["disable", "enable", "notify", "keyring", "uninstall"],
    ),
    (
        REPAIR,
        &["models", "camera", "emitter", "tpm", "man", "completions"],
    ),
];
const BEGIN: &str = "Begin";
const LOOK: &str = "Look";
const CHANGE: &str = "Change";
const SWITCH: &str = "Switch";
const REPAIR: &str = "Repair";

/// Whether no verb was named at all.
pub fn is_wanted(error: &clap::Error) -> bool {
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => std::env::args_os().len() == 1,
        ErrorKind::MissingSubcommand => {
            let command = error.get(ContextKind::InvalidSubcommand);
            command == Some(&ContextValue::String("facelockctl".into()))
        }
        _ => false,
    }
}

pub fn text() -> String {
    let head = said("Face login, set up and looked after. What changes something needs sudo.");
    let usage = said("Usage: facelockctl COMMAND [OPTIONS]");
    let groups = GROUPS.map(|(name, verbs)| (said(name), verbs.join("  ")));
    let commands = [
        (
            "facelockctl setup",
            said("from nothing to a screen lock that asks for your face"),
        ),
        ("facelockctl COMMAND -h", said("what a command takes")),
        (
            "facelockctl --help",
            said("every command in a line, and the exit statuses"),
        ),
    ];
    let commands = commands.map(|(command, what)| (command.to_owned(), what));
    let tail = said("Options of every command: --json for a script, --socket PATH");
    let (groups, commands) = (columns(&groups), columns(&commands));
    format!("{head}\n\n{usage}\n\n{groups}\n{commands}{tail}\n")
}

/// Two columns, two spaces between them.
fn columns(rows: &[(String, String)]) -> String {
    let widths = rows.iter().map(|(left, _)| left.chars().count());
    let width = widths.max().unwrap_or(0);
    let line = |(left, right): &(String, String)| format!("{left:<width$}  {right}\n");
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::*;
    use crate::cli::args::Args;

    fn fits(text: &str) -> bool {
        // One line is the prompt's.
        text.lines().count() <= 23 && text.lines().all(|line| line.chars().count() <= 80)
    }

    #[test]
    fn every_verb_is_in_it_once_and_it_fits_a_terminal() {
        let mut told: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, verbs)| verbs.to_vec())
            .collect();
        told.sort_unstable();
        let command = Args::command();
        let mut verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        verbs.sort_unstable();
        assert_eq!(told, verbs);
        assert!(fits(&text()), "{}", text());
    }

    fn misfits(command: &mut Command, wrong: &mut Vec<String>) {
        let help = command.render_help().to_string();
        if !fits(&help) {
            wrong.push(help);
        }
        for verb in command.get_subcommands_mut() {
            misfits(verb, wrong);
        }
    }

    #[test]
    fn the_short_help_of_every_verb_fits_a_terminal() {
        let mut wrong = Vec::new();
        let mut command = Args::command();
        command.build();
        for verb in command.get_subcommands_mut() {
            if verb.get_name() != "help" {
                misfits(verb, &mut wrong);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
