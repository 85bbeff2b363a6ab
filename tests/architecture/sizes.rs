//! How long files, functions and lines may be.

use crate::source::{Source, item_end, sources, strings};

const FILE: usize = 350;
/// Lines between the braces, as rustfmt lays them out.
const FUNCTION: usize = 50;
const LINE: usize = 100;

const EVERYTHING: [&str; 6] = [
    "src",
    "pam_module",
    "tools",
    "tests",
    "benches",
    "packaging",
];

fn long_file(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > FILE).then(|| source.name.clone())
}

/// The functions of bare code that are too long.
fn long_functions(source: &Source) -> Vec<String> {
    let code = source.code();
    let starts = code.match_indices("fn ").filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    });
    starts
        .filter_map(|(at, _)| {
            let item = &code[at..];
            let body = item[..item_end(item)].split_once('{')?.1;
            let lines = body.lines().count().saturating_sub(2);
            let name = item[3..].split(['(', '<']).next()?;
            (lines > FUNCTION).then(|| format!("{} {name}", source.name))
        })
        .collect()
}

/// Lines that are too long, but for what stands in strings.
fn long_lines(source: &Source) -> Vec<String> {
    let text = strings(&source.text);
    let lines = source.text.lines().zip(text.lines()).enumerate();
    lines
        .filter(|(_, (line, strings))| {
            let in_strings = strings.chars().filter(|c| *c != ' ').count();
            line.chars().count() > LINE && line.chars().count() - in_strings > LINE
        })
        .map(|(number, _)| format!("{}:{}", source.name, number + 1))
        .collect()
}

fn source(text: &str) -> Source {
    Source {
        name: "a.rs".into(),
        text: text.into(),
    }
}

#[test]
fn what_is_too_long_is_seen() {
    assert!(long_file(&source(&"\n".repeat(351))).is_some());
    assert!(long_file(&source(&"\n".repeat(350))).is_none());
    let function = |lines| {
        source(&format!(
            "fn f<T>(t: [u8; 3]) {{\n{}}}\n",
            "a;\n".repeat(lines)
        ))
    };
    assert_eq!(long_functions(&function(51)), ["a.rs f"]);
    assert_eq!(long_functions(&function(50)), Vec::<String>::new());
    let comment = format!("\n// {}", "é".repeat(98));
    assert_eq!(long_lines(&source(&comment)), ["a.rs:2"]);
    assert_eq!(
        long_lines(&source(&comment[..comment.len() - 2])),
        Vec::<String>::new()
    );
    let string = format!("let a = \"{}\";", "b".repeat(98));
    assert_eq!(long_lines(&source(&string)), Vec::<String>::new());
}

#[test]
fn files_are_short() {
    let found: Vec<String> = sources(&EVERYTHING).iter().filter_map(long_file).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn functions_are_short() {
    let all = sources(&["src", "pam_module/src"]);
    let found: Vec<String> = all.iter().flat_map(long_functions).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn lines_are_short() {
    let found: Vec<String> = sources(&EVERYTHING).iter().flat_map(long_lines).collect();
    assert_eq!(found, Vec::<String>::new());
}
