//! Plain words: a sentence names its subject.

use std::collections::BTreeSet;

use crate::source::root;

const WORDS: [&str; 5] = ["whoever", "nobody", "somebody", "everybody", "anybody"];

/// The lines that say one of the words. In quotes, `nobody` is the system's user of that name.
fn vague(text: &str) -> Vec<usize> {
    let is_vague = |line: &str| {
        let mut at = 0;
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| {
                let start = at;
                at += word.len()
                    + line[at + word.len()..]
                        .chars()
                        .next()
                        .map_or(0, char::len_utf8);
                let quoted = line[..start].ends_with(['`', '"']);
                !quoted && WORDS.contains(&word.to_lowercase().as_str())
            })
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| is_vague(line))
        .map(|(number, _)| number + 1)
        .collect()
}

/// The paths that a text's answer to "When does it say yes?" names.
fn says_yes(text: &str) -> Vec<&str> {
    let answer = text.split("does it say yes?").nth(1).unwrap_or_default();
    let answer = answer.split("turns the answer").next().unwrap_or_default();
    let quoted = answer.split('`').skip(1).step_by(2);
    let mut paths: Vec<&str> = quoted
        .filter(|word| word.contains('/') && !word.starts_with("tests/"))
        .collect();
    paths.sort_unstable();
    paths
}

#[test]
fn where_it_says_yes_is_told_alike_everywhere() {
    let files = [
        "src/decision/",
        "src/service/verify/attempt.rs",
        "pam_module/src/code.rs",
        "pam_module/src/evidence.rs",
    ];
    assert!(files.iter().all(|file| root().join(file).exists()));
    let wanted = BTreeSet::from(files);
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "pam_module/src/lib.rs",
    ] {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let told: BTreeSet<&str> = says_yes(&text).into_iter().collect();
        assert_eq!(told, wanted, "{name}");
    }
    assert_eq!(
        says_yes("does it say yes? `a/b`, `c`. It turns the answer `d/e`"),
        ["a/b"]
    );
}

#[test]
fn a_sentence_names_its_subject() {
    let text = "Nobody asks.\nThe user `nobody`, or \"nobody\".\nfn nobody_is_live()\n… whoever";
    assert_eq!(vague(text), [1, 4]);
    let listed = std::process::Command::new("git")
        .args(["ls-files", "src", "pam_module/src", "docs", "config"])
        .args(["README.md", "CONTRIBUTING.md", "SECURITY.md"])
        .current_dir(root())
        .output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    let mut found = Vec::new();
    for name in listed.lines() {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else {
            continue;
        };
        found.extend(vague(&text).iter().map(|line| format!("{name}:{line}")));
    }
    assert!(listed.lines().count() > 100, "{listed}");
    assert_eq!(found, Vec::<String>::new());
}
