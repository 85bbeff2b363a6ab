//! Help in every language: what it is made of, and that it fits a terminal.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use clap::Command;
use facelock::cli::help::{self, HEADINGS, MARKS};

/// Every text of the command line, and what clap writes around them.
pub fn texts() -> BTreeSet<String> {
    let fixed = HEADINGS.into_iter().chain(MARKS).map(str::to_owned);
    let found = RefCell::new(fixed.collect::<BTreeSet<String>>());
    help::command(&|text| {
        found.borrow_mut().insert(text.into());
        text.into()
    });
    found.into_inner()
}

/// Help of a verb that does not fit: no line is wider than 80, and short help is one screen, a line
/// of which is the prompt's.
fn misfits(command: &mut Command, words: help::Words<'_>, wrong: &mut Vec<String>) {
    let short = help::framed(&command.render_help().to_string(), words);
    let long = help::framed(&command.render_long_help().to_string(), words);
    let wide = |text: &str| text.lines().any(|line| line.chars().count() > 80);
    let is_whole = command.get_name() == "facelockctl";
    if wide(&short) || wide(&long) || short.lines().count() > 23 && !is_whole {
        wrong.extend([short, long]);
    }
    for verb in command.get_subcommands_mut() {
        if verb.get_name() != "help" {
            misfits(verb, words, wrong);
        }
    }
}

#[test]
fn help_fits_a_terminal_in_every_language() {
    for language in ["de", "es"] {
        let catalogue: BTreeMap<String, String> = super::catalogues::of(language);
        let words = |text: &str| catalogue[text].clone();
        let longer = |mark: &&&str| words(mark).chars().count() > mark.len();
        assert_eq!(MARKS.iter().find(longer), None, "{language}");
        let mut wrong = Vec::new();
        misfits(&mut help::command(&words), &words, &mut wrong);
        assert!(wrong.is_empty(), "{language}: {}", wrong.join("\n"));
    }
}
