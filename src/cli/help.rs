//! `--help` in the person's language: the command line's own texts and what clap writes around
//! them. It is laid out again only where it was asked for; parsing reads the English one.
#![forbid(unsafe_code)]

use clap::builder::{PossibleValue, PossibleValuesParser, Resettable, StyledStr};
use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory as _};

use super::args::Args;

/// How the lines begin that clap writes.
pub const HEADINGS: [&str; 6] = [
    "Usage:",
    "Commands:",
    "Arguments:",
    "Options:",
    "Options of every command:",
    "Possible values:",
];
/// What clap writes within a line, which it then breaks: longer in no language, so that no line is.
pub const MARKS: [&str; 2] = ["[default: ", "[possible values: "];

/// What gives a text in the person's language.
pub type Words<'a> = &'a dyn Fn(&str) -> String;

/// What `error` shows; help in the person's language.
pub fn text(error: &clap::Error, words: Words<'_>) -> String {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let again = is_help.then(|| command(words).try_get_matches().err());
    match again.flatten() {
        Some(error) => framed(&error.render().to_string(), words),
        None => error.render().to_string(),
    }
}

/// The whole command line, each of its texts by `words`.
pub fn command(words: Words<'_>) -> Command {
    let mut command = Args::command();
    command.build();
    reworded(command, words)
}

fn reworded(command: Command, words: Words<'_>) -> Command {
    let about = told(command.get_about(), words);
    let long = told(command.get_long_about(), words);
    command
        .about(about)
        .long_about(long)
        .mut_args(|argument| explained(argument, words))
        .mut_subcommands(|verb| reworded(verb, words))
}

fn explained(argument: Arg, words: Words<'_>) -> Arg {
    let help = told(argument.get_help(), words);
    let long = told(argument.get_long_help(), words);
    let values = argument.get_possible_values();
    let argument = argument.help(help).long_help(long);
    if !argument.get_action().takes_values() || values.is_empty() {
        return argument;
    }
    let value = |value: &PossibleValue| {
        let help = told(value.get_help(), words);
        value.clone().help(help)
    };
    let values: Vec<PossibleValue> = values.iter().map(value).collect();
    argument.value_parser(PossibleValuesParser::new(values))
}

/// Each paragraph by itself: a message stands in one line.
fn told(text: Option<&StyledStr>, words: Words<'_>) -> Resettable<StyledStr> {
    let translated = |text: &StyledStr| {
        let text = text.to_string();
        let parts: Vec<String> = text.split("\n\n").map(words).collect();
        parts.join("\n\n").into()
    };
    text.map(translated).into()
}

/// Help as clap lays it out, with what it writes itself by `words`.
pub fn framed(help: &str, words: Words<'_>) -> String {
    let line = |line: &str| {
        let heading = HEADINGS
            .iter()
            .find(|heading| line.trim_start().starts_with(**heading));
        let line = heading.map_or(line.into(), |heading| {
            line.replacen(heading, &words(heading), 1)
        });
        MARKS
            .iter()
            .fold(line, |line, mark| line.replace(mark, &words(mark)))
    };
    help.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(command: &mut Command, all: &mut Vec<String>) {
        all.extend(
            [command.render_help(), command.render_long_help()].map(|text| text.to_string()),
        );
        for verb in command.get_subcommands_mut() {
            shown(verb, all);
        }
    }

    #[test]
    fn english_help_is_the_command_line_s_own() {
        let (mut own, mut again) = (Vec::new(), Vec::new());
        let mut command = Args::command();
        command.build();
        shown(&mut command, &mut own);
        shown(&mut super::command(&str::to_owned), &mut again);
        assert!(own.len() > 60, "{}", own.len());
        assert_eq!(
            own,
            again
                .iter()
                .map(|text| framed(text, &str::to_owned))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_stands_around_the_texts_is_told_too() {
        let words = |text: &str| text.to_uppercase();
        let help = super::command(&words)
            .find_subcommand_mut("notify")
            .unwrap()
            .render_long_help();
        let text = framed(&help.to_string(), &words);
        for part in [
            "Usage:",
            "Arguments:",
            "Options:",
            "Possible values:",
            "[default: ",
        ] {
            assert!(text.contains(&part.to_uppercase()), "{part}: {text}");
            assert!(!text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("EVERY ATTEMPT") && text.contains("OPTIONS OF EVERY COMMAND:"));
    }
}
