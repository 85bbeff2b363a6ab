//! facelockctl's cases as data: what is typed, what a scripted server answers, what is shown.
//! tests/cmd/README.md describes the files; docs/json.md is the schema of `--json`.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "cmd/run.rs"]
mod run;
#[path = "cmd/schema.rs"]
mod schema;

use std::path::{Path, PathBuf};

use run::{Case, Run, run};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[derive(serde::Deserialize)]
struct File {
    case: Vec<Case>,
}

fn cases() -> Vec<(String, Case)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/cmd"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| named(file)).collect()
}

fn named(file: &Path) -> Vec<(String, Case)> {
    let text = std::fs::read_to_string(file).unwrap();
    let parsed: File =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
    let name = |case: &Case| format!("{stem}: {}", case.name);
    let cases = parsed.case.into_iter();
    cases.map(|case| (name(&case), case)).collect()
}

/// What differs from what the case says.
fn differences(case: &Case, told: &Run) -> Vec<String> {
    let mut wrong = Vec::new();
    if told.status != case.status {
        wrong.push(format!("status {} instead of {}", told.status, case.status));
    }
    for (stream, wanted, shown) in [
        ("stdout", &case.stdout, &told.stdout),
        ("stderr", &case.stderr, &told.stderr),
    ] {
        if let Some(wanted) = wanted
            && !run::matches(wanted, shown)
        {
            wrong.push(format!("{stream}:\n{shown}\n--- instead of\n{wanted}"));
        }
    }
    if let Some(verb) = &case.json {
        wrong.extend(schema::differences(&root(), verb, &told.stdout));
    }
    if let Some([columns, _]) = case.terminal {
        let wide = |line: &&str| line.chars().count() > columns;
        wrong.extend(
            told.stdout
                .lines()
                .filter(wide)
                .map(|l| format!("wide: {l}")),
        );
    }
    wrong
}

#[test]
fn every_case_is_as_it_is_written() {
    assert!(run::matches("a [..] c\n", "a b b c\n") && !run::matches("a [..] c\n", "a c\n"));
    let only = std::env::var("CASE").unwrap_or_default();
    let mut failures = String::new();
    let cases = cases();
    assert!(cases.len() > 20, "{} cases", cases.len());
    for (name, case) in cases.iter().filter(|(name, _)| name.contains(&only)) {
        for wrong in differences(case, &run(case)) {
            failures += &format!("\n== {name}\n{wrong}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_verb_says_what_it_prints_for_a_script() {
    let help = run(&Case::of(&["--help"])).stdout;
    let verbs = help.split("Commands:").nth(1).unwrap();
    let verbs = verbs.split("\n\n").next().unwrap().lines();
    let verbs: Vec<&str> = verbs
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(verbs.len() > 10, "{verbs:?}");
    for verb in verbs {
        assert!(
            schema::headings(&root())
                .iter()
                .any(|h| h.split(' ').next() == Some(verb)),
            "docs/json.md has no `{verb}`"
        );
    }
}

/// They would switch the machine that runs the tests.
const NOT_RUN: [&str; 2] = ["disable", "enable"];

#[test]
fn every_schema_holds_an_answer_that_is_no_error() {
    let cases = cases();
    let held = |heading: &String| {
        let mut cases = cases.iter();
        heading == "errors"
            || NOT_RUN.contains(&heading.as_str())
            || cases.any(|(_, case)| case.json.as_ref() == Some(heading) && case.status < 2)
    };
    let idle: Vec<String> = schema::headings(&root())
        .into_iter()
        .filter(|h| !held(h))
        .collect();
    assert!(idle.is_empty(), "no case holds {idle:?}");
}

#[test]
fn the_schema_refuses_what_it_does_not_say() {
    let shape = serde_json::json!({ "a": "integer|null", "b?": ["=x|y"] });
    for (value, fits) in [
        (serde_json::json!({ "a": 1 }), true),
        (serde_json::json!({ "a": null, "b": ["x", "y"] }), true),
        (serde_json::json!({ "a": 1.5 }), false),
        (serde_json::json!({ "a": 1, "b": ["z"] }), false),
        (serde_json::json!({ "a": 1, "c": 1 }), false),
        (serde_json::json!({}), false),
    ] {
        assert_eq!(
            schema::misfits("", &shape, &value).is_empty(),
            fits,
            "{value}"
        );
    }
}
