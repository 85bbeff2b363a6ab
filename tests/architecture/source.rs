//! Rust files as the rings read them.

use std::path::{Path, PathBuf};

/// A Rust file of the tree.
pub struct Source {
    /// Its path from the root of the tree.
    pub name: String,
    pub text: String,
}

impl Source {
    /// The code that ships: without comments, without what is in strings, without tests. Every line
    /// keeps its place.
    pub fn code(&self) -> String {
        without_tests(&bare(&self.text))
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below these folders of the tree.
pub fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut found);
    }
    assert!(!found.is_empty(), "{folders:?} hold no Rust");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            let text = std::fs::read_to_string(&path).unwrap();
            found.push(Source { name, text });
        }
    }
}

/// `text` with blanks in place of comments, strings and characters.
pub fn bare(text: &str) -> String {
    pick(text, |_| false)
}

/// `text` with blanks in place of all but strings.
pub fn strings(text: &str) -> String {
    pick(text, |part| part.starts_with(['"', 'r']))
}

/// `text` with blanks in place of everything, but code or the parts that are wanted.
fn pick(text: &str, is_wanted: fn(&str) -> bool) -> String {
    let (mut out, mut rest, mut previous) = (String::with_capacity(text.len()), text, ' ');
    let code_is_wanted = !is_wanted("\"");
    while let Some(first) = rest.chars().next() {
        let skipped = skipped(rest, previous);
        let length = skipped.max(first.len_utf8());
        let part = &rest[..length];
        let wanted = if skipped == 0 {
            code_is_wanted
        } else {
            is_wanted(part)
        };
        let blank = |c| if wanted || c == '\n' { c } else { ' ' };
        out.extend(part.chars().map(blank));
        previous = part.chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    out
}

/// The length of the comment, string or character that `rest` begins with.
fn skipped(rest: &str, previous: char) -> usize {
    let end = |at: Option<usize>, length: usize| at.map_or(rest.len(), |at| at + length);
    if rest.starts_with("//") {
        return end(rest.find('\n'), 0);
    }
    if rest.starts_with("/*") {
        return end(rest.find("*/"), 2);
    }
    if let Some(inside) = rest.strip_prefix('"') {
        return end(closing(inside, '"').map(|at| at + 1), 1);
    }
    if let Some(inside) = rest.strip_prefix('\'') {
        // A lifetime has no closing quote behind its first character.
        if !inside.starts_with('\\') && inside.chars().nth(1) != Some('\'') {
            return 0;
        }
        return end(closing(inside, '\'').map(|at| at + 1), 1);
    }
    raw(rest, previous)
}

/// The length of the raw string that `rest` begins with.
fn raw(rest: &str, previous: char) -> usize {
    let is_name = previous.is_alphanumeric() || previous == '_';
    let Some(behind) = rest.strip_prefix('r').filter(|_| !is_name) else {
        return 0;
    };
    let fence = behind.len() - behind.trim_start_matches('#').len();
    if !behind[fence..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(fence));
    let body = fence + 2;
    rest[body..]
        .find(&close)
        .map_or(rest.len(), |at| body + at + close.len())
}

/// Where `quote` closes, escapes passed over.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// Bare code with blanks in place of every item that only tests have.
pub fn without_tests(code: &str) -> String {
    let mark = "#[cfg(test)]";
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(mark) {
        let item = &rest[at..];
        let length = item_end(item);
        out.push_str(&rest[..at]);
        out.extend(item[..length].chars().filter(|c| *c == '\n'));
        rest = &item[length..];
    }
    out + rest
}

/// Where an item ends: at its semicolon, or at the brace that closes it.
pub fn item_end(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in item.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            ')' | ']' | '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

#[test]
fn only_code_that_ships_is_read() {
    let text = "fn a() { '\"'; r#\"}\"#; } // }\n#[cfg(test)]\nmod tests {\n { }\n}\nfn b<'a>() {}";
    let code = without_tests(&bare(text));
    assert_eq!(code.lines().count(), text.lines().count());
    assert_eq!(code.matches('}').count(), 2, "{code}");
    assert!(code.contains("fn b<'a>() {}") && !code.contains("mod tests"));
}
