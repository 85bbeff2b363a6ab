//! Every message that a person can see, in one list: docs/messages.md. It is made from the code;
//! this test compares them. After a change: FACELOCK_WRITE_MESSAGES=1 scripts/test messages
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};

use facelock::cli::words;
use facelock_protocol::{Denied, Gate, Hint, Unavailable, Verdict};
use serde::de::DeserializeOwned;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every variant, by its byte on the wire; fields are zero.
fn variants<T: DeserializeOwned>() -> Vec<T> {
    let read = |tag: u8| postcard::from_bytes(&[tag, 0, 0, 0, 0]).ok();
    (0..128).map_while(read).collect()
}

/// A row a variant: when, by its name, and what is said.
fn table<T: DeserializeOwned + Debug>(title: &str, say: impl Fn(T) -> String) -> String {
    let mut text = format!("\n## {title}\n\n| when | message |\n|---|---|\n");
    for variant in variants::<T>() {
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
        found.push(joined.concat());
        rest = rest.get(end..).unwrap_or_default();
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

/// The sentences in the code of a folder, by file. Tests, comments and what is listed by its enum
/// are left out.
fn sentences(folder: &Path, text: &mut String) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            sentences(&path, text);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().map(|line| {
            let is_comment = line.trim_start().starts_with("//");
            if is_comment { "" } else { line }
        });
        let code = lines.collect::<Vec<_>>().join("\n").replace("'\"'", "");
        let said: Vec<String> = literals(&code).into_iter().filter(|l| is_said(l)).collect();
        if !said.is_empty() {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
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
        |v: Unavailable| words::unavailable(v),
    );
    text += &table("A gate is closed", |v: Gate| words::gate(v).into());
    text += &table("While a face is looked for", |v: Hint| {
        words::hint(v).into()
    });
    text += &table("A face was judged", |v: Verdict| words::verdict(v).into());
    text += &table("A request is refused", |v: Denied| words::denied(v).into());
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
