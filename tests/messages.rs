//! Every message that a person can see, in one list: docs/messages.md. It is made from the code;
//! this test compares them. After a change: FACELOCK_WRITE_MESSAGES=1 scripts/test messages
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};

use facelock::cli::words::{self, variants};
use facelock_protocol::{Denied, Gate, Hint, Pose, Unavailable, Verdict, words as shown};

// On the wire each is a number of its own: none is the next one's neighbour.
const VERDICTS: [Verdict; 3] = [Verdict::Match, Verdict::NonMatch, Verdict::AttackSuspected];
const DENIALS: [Denied; 4] = [
    Denied::NotPermitted,
    Denied::Malformed,
    Denied::Version,
    Denied::HiddenPeer,
];

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

/// Every message that is translated: what a person at a login sees, and what `facelockctl` shows of
/// an attempt.
fn translatable() -> BTreeSet<String> {
    let fixed = [
        shown::LOOKING,
        shown::RECOGNISED,
        shown::LOCKED_FOR,
        shown::ask("sudo"),
        shown::ask("polkit-1"),
        shown::confirm("sudo"),
        shown::confirm("polkit-1"),
        words::OPENING,
        words::FURTHER,
        words::SAMPLE,
        words::KEPT,
        words::NOT_KEPT,
        words::LOGIN_PASSWORD,
        words::WRONG_PASSWORD,
    ];
    let mut texts: BTreeSet<String> = fixed.map(Into::into).into();
    texts.extend(
        variants::<Unavailable>()
            .into_iter()
            .map(words::unavailable),
    );
    texts.extend(Gate::ALL.map(words::gate));
    texts.extend(variants::<Hint>().into_iter().map(words::hint));
    texts.extend(variants::<Pose>().into_iter().map(words::pose));
    texts.extend(VERDICTS.map(words::verdict));
    texts.extend(DENIALS.map(words::denied));
    texts
}

/// A catalogue's messages, each with its translation; both stand in one line.
fn catalogue(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut english = None;
    for line in text.lines() {
        if let Some(quoted) = line.strip_prefix("msgid ") {
            english = Some(unquoted(quoted));
        } else if let Some(quoted) = line.strip_prefix("msgstr ") {
            let english = english.take().unwrap();
            assert!(!found.contains_key(&english), "twice: {english}");
            found.insert(english, unquoted(quoted));
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{line}");
        }
    }
    found.remove("").expect("a header");
    found
}

fn unquoted(text: &str) -> String {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.unwrap().replace("\\\"", "\"")
}

/// What is filled in, and what must be typed as it is.
fn fixed_parts(text: &str) -> Vec<String> {
    let word = |text: &str| text.trim_matches(|c: char| ",.;:()".contains(c)).to_owned();
    let mut parts: Vec<String> = text.split(' ').map(word).collect();
    parts.retain(|word| {
        ["{", "/", "["].iter().any(|sign| word.starts_with(sign)) || word.contains("facelockctl")
    });
    parts.sort();
    parts
}

/// What is wrong with a catalogue.
fn faults(catalogue: &BTreeMap<String, String>, wanted: &BTreeSet<String>) -> Vec<String> {
    let missing = wanted.iter().filter(|text| !catalogue.contains_key(*text));
    let mut faults: Vec<String> = missing.map(|text| format!("missing: {text}")).collect();
    for (english, other) in catalogue {
        let end = |text: &str| text.len() - text.trim_end_matches([' ', ':', '.']).len();
        if !wanted.contains(english) {
            faults.push(format!("no message any more: {english}"));
        } else if other.is_empty() || other == english && english.contains(' ') {
            faults.push(format!("not translated: {english}"));
        } else if fixed_parts(english) != fixed_parts(other) || end(english) != end(other) {
            faults.push(format!("other placeholders, or another end: {other}"));
        }
    }
    faults
}

#[test]
fn every_catalogue_has_every_message_and_its_placeholders() {
    let wanted = translatable();
    assert!(wanted.len() > 80, "{}", wanted.len());
    for language in ["de", "es"] {
        let path = root().join(format!("po/{language}.po"));
        let catalogue = catalogue(&std::fs::read_to_string(path).unwrap());
        assert_eq!(
            faults(&catalogue, &wanted),
            Vec::<String>::new(),
            "{language}"
        );
    }
    let one = |english: &str, other: &str| BTreeMap::from([(english.into(), other.into())]);
    for (english, other) in [
        ("{seconds} s more: ", "noch {sekunden} s: "),
        ("{seconds} s more: ", "noch {seconds} s"),
        ("see /etc/facelock", "siehe /etc/andere"),
        ("not translated", "not translated"),
    ] {
        let wanted = BTreeSet::from([english.to_owned()]);
        assert_eq!(faults(&one(english, other), &wanted).len(), 1, "{other}");
    }
}
