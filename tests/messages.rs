//! Every message that a person can see, in one list: docs/messages.md. It is made from the code;
//! this test compares them. After a change: FACELOCK_WRITE_MESSAGES=1 scripts/test messages
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};

use facelock::cli::words::{self, variants};
use facelock_protocol::{Denied, Gate, Unavailable, Verdict};

// On the wire each is a number of its own: none is the next one's neighbour.
const VERDICTS: [Verdict; 3] = [Verdict::Match, Verdict::NonMatch, Verdict::AttackSuspected];
const DENIALS: [Denied; 4] = [
    Denied::NotPermitted,
    Denied::Malformed,
    Denied::Version,
    Denied::HiddenPeer,
];

#[path = "messages/catalogues.rs"]
mod catalogues;
#[path = "messages/help.rs"]
mod help;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A row a variant: when, by its name, and what is said.
fn table<T: Debug>(title: &str, variants: Vec<T>, say: impl Fn(T) -> String) -> String {
    let mut text = format!("\n## {title}\n\n| when | message |\n|---|---|\n");
    assert!(variants.len() > 2, "{title}");
    for variant in variants {
        let name = words::name(&variant);
        writeln!(text, "| `{name}` | {} |", say(variant).replace('|', "\\|")).unwrap();
    }
    text
}

/// The string literals of one line that reads as one.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find('"') {
        let mut text = String::new();
        let mut characters = rest[start + 1..].char_indices();
        let mut end = rest.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    end = start + 1 + at + 1;
                    break;
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push(' '),
                    Some((_, '\n')) => text.push('\u{1}'),
                    Some((_, other)) => text.push(other),
                    None => {}
                },
                _ => text.push(character),
            }
        }
        let joined: Vec<&str> = text.split('\u{1}').map(str::trim_start).collect();
        rest = rest.get(end..).unwrap_or_default();
        // What is compared with is shown to no one.
        let next = rest.trim_start();
        if !next.starts_with("=>") && !next.starts_with("| \"") {
            found.push(joined.concat());
        }
    }
    found
}

/// What reads like a sentence: words, not names, paths or formats.
fn is_said(literal: &str) -> bool {
    let words = literal.split_whitespace();
    let plain = |word: &&str| {
        word.chars()
            .all(|c| c.is_alphabetic() || ",.:;'?()".contains(c))
    };
    words.filter(plain).count() >= 3
}

/// The code of a folder, by file: without tests and comments.
fn code(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(code(&path));
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().map(|line| {
            let is_comment = line.trim_start().starts_with("//");
            if is_comment { "" } else { line }
        });
        let code = lines.collect::<Vec<_>>().join("\n").replace("'\"'", "");
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        found.insert(name, code);
    }
    found
}

/// The sentences in the code of a folder, by file. What is listed by its enum is left out.
fn sentences(folder: &Path, text: &mut String) {
    for (name, code) in code(folder) {
        let said: Vec<String> = literals(&code).into_iter().filter(|l| is_said(l)).collect();
        if !said.is_empty() {
            writeln!(text, "\n`{name}`\n").unwrap();
            for sentence in said {
                writeln!(text, "- {}", sentence.trim()).unwrap();
            }
        }
    }
}

fn list() -> String {
    let mut text = String::from(
        "# Messages\n\nEvery message that a person can see, made from the code by `scripts/test messages`. \
         `{…}` stands for what is filled in.\n",
    );
    text += &table(
        "A face is not looked for, or not judged: `unavailable`",
        variants(),
        words::unavailable,
    );
    text += &table("A gate is closed", Gate::ALL.to_vec(), words::gate);
    text += &table("While a face is looked for", variants(), words::hint);
    text += &table("A face was judged", VERDICTS.to_vec(), words::verdict);
    text += &table("A request is refused", DENIALS.to_vec(), words::denied);
    text += "\n## The PAM module\n";
    sentences(&root().join("pam_module/src"), &mut text);
    text += "\n## facelockctl\n";
    sentences(&root().join("src/cli"), &mut text);
    text
}

#[test]
fn the_list_of_messages_is_the_code_s() {
    assert_eq!(literals(r#"x("a \"b\" c", "d")"#), ["a \"b\" c", "d"]);
    assert_eq!(literals("\"one \\\n   two\""), ["one two"]);
    assert!(is_said("no frame came; nothing was saved") && !is_said("no_frame"));
    assert!(variants::<Gate>().len() > 10 && variants::<Unavailable>().len() > 20);
    let path = root().join("docs/messages.md");
    let now = list();
    if std::env::var_os("FACELOCK_WRITE_MESSAGES").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = now.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        now == written,
        "docs/messages.md is older than the code ({differing:?}); \
         FACELOCK_WRITE_MESSAGES=1 scripts/test messages writes it"
    );
}
