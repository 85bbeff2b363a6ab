//! The translations: every text that is shown in the person's language, in every catalogue.

use std::collections::{BTreeMap, BTreeSet};

use facelock::cli::words::{self, variants};
use facelock_protocol::{Gate, Hint, Pose, Unavailable, words as shown};

use super::{DENIALS, VERDICTS, code, is_said, literals, root};

/// Whose sentences are English in every language, and why.
const ENGLISH: [(&str, &str); 4] = [
    (
        "args/",
        "help is read from the command line itself; what is wrong with one is told in English, with its usage",
    ),
    ("doctor/probe.rs", "what another program prints"),
    ("manual/", "the manual pages are English"),
    ("pam/slot.rs", "files of PAM, found again by their text"),
];

/// What translates the literals that it is called with, up to the values to fill in.
const TRANSLATING: [&str; 5] = ["said(", "filled(", "counted(", "of_user(", "translated("];
/// What translates the literal that comes first.
const LABELLING: [&str; 4] = ["add(", "row(", "skip(", "verb("];

/// How a command begins that is shown as it must be typed, or as it is run.
const COMMANDS: [&str; 3] = [
    "sudo ",
    "systemctl disable ",
    "facelockctl pam disable {file} ",
];

/// What goes into files, or is a patch: for programs, and found again by its text.
const WRITTEN: [&str; 5] = [
    "# Written by facelockctl devices --time. Remove an entry, or this file, to forget what was measured. ",
    "measured by facelockctl devices --time",
    "# >>> facelockctl pam enable (facelockctl pam disable takes these out)",
    "# <<< facelockctl pam enable",
    "\\ No newline at end of file ",
];

/// Whose sentences facelockctl translates where they arrive.
const HEARD: [&str; 10] = [
    "src/camera/classify.rs",
    "src/camera/list.rs",
    "src/camera/select.rs",
    "src/camera/session.rs",
    "src/models/fetch.rs",
    "src/protocol/src/limits.rs",
    "src/protocol/src/naming.rs",
    "src/sandbox.rs",
    "src/service/enroll.rs",
    "src/service/enroll/sampling.rs",
];

/// What one of them says to the journal alone.
const TO_THE_JOURNAL: &str = "asked for {mode}, the driver chose {four_cc} {width}x{height}";

/// The arguments of each call of `name`, as they are written.
fn calls<'a>(code: &'a str, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(name) {
        let before = &code[..at];
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') || before.ends_with("fn ") {
            continue;
        }
        let rest = &code[at + name.len()..];
        let (mut depth, mut quoted, mut escaped) = (1, false, false);
        let end = rest.find(|c: char| {
            match c {
                '"' if !escaped => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth -= 1,
                _ => {}
            }
            escaped = c == '\\' && !escaped;
            depth == 0
        });
        found.push(&rest[..end.unwrap()]);
    }
    found
}

/// The texts in the code of a file that are shown in the person's language.
fn translated(name: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in TRANSLATING.iter().flat_map(|name| calls(code, name)) {
        found.extend(literals(call.split("&[").next().unwrap()));
    }
    for call in LABELLING.iter().flat_map(|name| calls(code, name)) {
        let first = call.trim_start().starts_with('"');
        found.extend(literals(call).into_iter().take(usize::from(first)));
    }
    if ["cli/words.rs", "cli/overview.rs"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        let constants = code.split("&str =").skip(1);
        found.extend(constants.filter_map(|rest| literals(rest).into_iter().next()));
    }
    found
}

/// Every message that is translated: what a person at a login sees, and what `facelockctl` shows.
fn translatable() -> BTreeSet<String> {
    let fixed = [
        shown::LOOKING,
        shown::RECOGNISED,
        shown::LOCKED_FOR,
        shown::ask("sudo"),
        shown::ask("polkit-1"),
        shown::confirm("sudo"),
        shown::confirm("polkit-1"),
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
    texts.extend(super::help::texts());
    texts.extend(heard());
    for (name, code) in code(&root().join("src/cli")) {
        texts.extend(translated(&name, &code));
    }
    texts
}

/// What other rooms say, and the instance.
fn heard() -> BTreeSet<String> {
    let mut all = code(&root().join("src"));
    all.retain(|name, _| HEARD.contains(&&**name));
    assert_eq!(all.len(), HEARD.len());
    let found = all.values().flat_map(|code| literals(code));
    found
        .filter(|text| is_said(text) && text != TO_THE_JOURNAL)
        .collect()
}

#[test]
fn a_sentence_that_arrives_with_a_value_is_known_by_its_pattern() {
    let with_value: BTreeSet<String> = heard().into_iter().filter(|t| t.contains('{')).collect();
    assert_eq!(with_value, words::HEARD_WITH.map(str::to_owned).into());
}

/// The catalogue of a language.
pub fn of(language: &str) -> BTreeMap<String, String> {
    let path = root().join(format!("po/{language}.po"));
    catalogue(&std::fs::read_to_string(path).unwrap())
}

/// A catalogue's messages, each with its translation; both stand in one line. Of a message that a
/// number decides on, each form is one.
fn catalogue(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let (mut english, mut plural) = (None, None);
    for line in text.lines() {
        if let Some(quoted) = line.strip_prefix("msgid ") {
            english = Some(unquoted(quoted));
        } else if let Some(quoted) = line.strip_prefix("msgid_plural ") {
            plural = Some(unquoted(quoted));
        } else if let Some((_, quoted)) =
            line.strip_prefix("msgstr").and_then(|l| l.split_once(' '))
        {
            let english = english.take().or_else(|| plural.take()).unwrap();
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
    let word = |text: &str| {
        text.trim_matches(|c: char| ",.;:()?".contains(c))
            .to_owned()
    };
    let mut parts: Vec<String> = text.split(' ').map(word).collect();
    parts.retain(|word| {
        let is_section = word.starts_with('[') && word.ends_with(']');
        word.starts_with(['{', '/']) || is_section || word.contains("facelockctl")
    });
    parts.sort();
    parts
}

/// What is wrong with a catalogue.
fn faults(catalogue: &BTreeMap<String, String>, wanted: &BTreeSet<String>) -> Vec<String> {
    let missing = wanted.iter().filter(|text| !catalogue.contains_key(*text));
    let entry = |text: &String| format!("missing: msgid {text:?}");
    let mut faults: Vec<String> = missing.map(entry).collect();
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
        assert_eq!(
            faults(&of(language), &wanted),
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

/// A verb that is translated says nothing in English alone.
#[test]
fn every_sentence_of_a_translated_verb_is_in_the_catalogues() {
    let wanted = translatable();
    let mut found = Vec::new();
    for (name, code) in code(&root().join("src/cli")) {
        let file = name.strip_prefix("src/cli/").unwrap();
        if !ENGLISH.iter().any(|(english, _)| file.starts_with(english)) {
            let is_command = |text: &str| {
                COMMANDS.iter().any(|begin| text.starts_with(begin)) && !text.contains(',')
            };
            let is_fixed = |text: &str| is_command(text) || WRITTEN.contains(&text);
            let said = (literals(&code).into_iter()).filter(|t| is_said(t) && !is_fixed(t));
            found.extend(
                said.filter(|text| !wanted.contains(text))
                    .map(|text| format!("{file}: {text}")),
            );
        }
    }
    assert_eq!(found, Vec::<String>::new());
    let code = r#"x(said(match a { "b" | "c" => "(one", _ => "two" })); filled("{c} three", &[("c", &c)]); rows.add("four", "five")"#;
    assert_eq!(translated("", code), ["(one", "two", "{c} three", "four"]);
}
