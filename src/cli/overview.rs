//! The verbs at a glance, for who types the program's name alone: one screen of an ordinary
//! terminal.
#![forbid(unsafe_code)]

use clap::error::{ContextKind, ContextValue, ErrorKind};

const HEAD: &str = "\
Face login, set up and looked after. What changes something needs sudo.

Usage: facelockctl COMMAND [OPTIONS]

";

/// Every verb, by what it is wanted for.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Begin", &["setup", "enroll", "test", "doctor"]),
    ("Look", &["status", "history", "list", "devices", "preview"]),
    (
        "Change",
        &["remove", "rename", "clear", "unlock", "config", "pam"],
    ),
    (
        "Switch",
        &["disable", "enable", "notify", "keyring", "uninstall"],
    ),
    (
        "Repair",
        &["models", "camera", "emitter", "tpm", "man", "completions"],
    ),
];

const TAIL: &str = "
facelockctl setup       from nothing to a screen lock that asks for your face
facelockctl COMMAND -h  what a command takes
facelockctl --help      every command in a line, and the exit statuses
Options of every command: --json for a script, --socket PATH
";

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
    let line = |(name, verbs): &(&str, &[&str])| format!("{name:<8}{}\n", verbs.join("  "));
    HEAD.to_owned() + &GROUPS.iter().map(line).collect::<String>() + TAIL
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
