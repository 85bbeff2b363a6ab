//! A drawing of the imports has no circle: not between rooms, and not between the files of one.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, bare, sources};

type Path = Vec<String>;
/// Which files a file names.
type Arrows = BTreeMap<String, BTreeSet<String>>;

struct File {
    name: String,
    code: String,
    /// What it names: every path, and whether it is only passed on (`pub use`).
    paths: Vec<(Path, bool)>,
}

/// The arrows between the files of one crate, whose sources lie below `folder`.
fn arrows(folder: &str, sources: &[Source]) -> Arrows {
    let files: BTreeMap<Path, File> = sources
        .iter()
        .filter(|source| !source.name.contains("tests") && !source.name.contains("/bin/"))
        .map(|source| {
            let code = source.code();
            let paths = paths(&code);
            let name = source.name.clone();
            (module(folder, &name), File { name, code, paths })
        })
        .collect();
    let mut arrows = Arrows::new();
    for (module, file) in &files {
        let named = arrows.entry(file.name.clone()).or_default();
        for (path, passed_on) in &file.paths {
            if *passed_on && !is_used(&file.code, path) {
                continue;
            }
            let target = resolve(&files, module, path, 0).map(|target| &files[&target].name);
            named.extend(target.filter(|target| **target != file.name).cloned());
        }
    }
    arrows
}

/// The module that a file is.
fn module(folder: &str, name: &str) -> Path {
    let path = name.strip_prefix(folder).unwrap().trim_start_matches('/');
    let path = path.trim_end_matches(".rs");
    path.split('/')
        .filter(|part| !["mod", "lib", "main"].contains(part))
        .map(Into::into)
        .collect()
}

/// Whether the last name of a path that is passed on stands in the file a second time.
fn is_used(code: &str, path: &Path) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let names = code.split(|c| !is_name(c));
    names
        .filter(|name| Some(*name) == path.last().map(String::as_str))
        .count()
        > 1
}

/// The module whose file defines what `path` names, seen from `module`.
fn resolve(files: &BTreeMap<Path, File>, module: &Path, path: &Path, hops: u8) -> Option<Path> {
    let mut at = module.clone();
    let mut rest = path.iter().peekable();
    match rest.peek()?.as_str() {
        "crate" => at.clear(),
        "self" | "super" => {}
        first => {
            let child = [&module[..], &[first.to_owned()]].concat();
            files.contains_key(&child).then_some(())?;
        }
    }
    for name in rest {
        match name.as_str() {
            "crate" | "self" => {}
            "super" => drop(at.pop()),
            _ => {
                let deeper = [&at[..], std::slice::from_ref(name)].concat();
                if files.contains_key(&deeper) {
                    at = deeper;
                    continue;
                }
                let elsewhere = files.get(&at).filter(|_| hops < 4 && at != *module);
                let passed = elsewhere.and_then(|file| {
                    let passes = |(path, on): &&(Path, bool)| *on && path.last() == Some(name);
                    file.paths.iter().find(passes)
                });
                let followed = passed.and_then(|(path, _)| resolve(files, &at, path, hops + 1));
                return Some(followed.unwrap_or(at));
            }
        }
    }
    Some(at)
}

/// Every path of two names or more in bare code, groups taken apart.
fn paths(code: &str) -> Vec<(Path, bool)> {
    let words = words(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let passed_on = at > 0 && matches!(words[at - 1].as_str(), "pub" | ")");
        if words[at] == "use" {
            let end = at + words[at..].iter().position(|word| word == ";").unwrap_or(0);
            let mut inside = &words[at + 1..end.max(at + 1)];
            let mut tree = Vec::new();
            group(&mut inside, &Path::new(), &mut tree);
            found.extend(tree.into_iter().map(|path| (path, passed_on)));
            at = end.max(at + 1);
        } else if words.get(at + 1).is_some_and(|next| next == "::") {
            let mut path = vec![words[at].clone()];
            while words.get(at + 1).is_some_and(|next| next == "::") && at + 2 < words.len() {
                path.push(words[at + 2].clone());
                at += 2;
            }
            found.push((path, false));
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

/// Takes a `use` tree apart: each leaf as a path below `above`.
fn group(words: &mut &[String], above: &Path, found: &mut Vec<Path>) {
    let mut path = above.clone();
    while let Some((word, rest)) = words.split_first() {
        *words = rest;
        match word.as_str() {
            "{" => {
                group(words, &path, found);
                path.clear();
            }
            "}" | "," => {
                found.extend((path.len() > above.len()).then(|| path.clone()));
                path.clone_from(above);
                if word == "}" {
                    return;
                }
            }
            // The new name names nothing.
            "as" => *words = words.split_first().map_or(*words, |(_, rest)| rest),
            "*" => {
                found.extend((!path.is_empty()).then(|| path.clone()));
                path.clone_from(above);
            }
            "::" => {}
            name => path.push(name.into()),
        }
    }
    found.extend((path.len() > above.len()).then_some(path));
}

/// Names, `::`, and every other sign by itself.
fn words(code: &str) -> Vec<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_name(first) {
            rest.find(|c| !is_name(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        words.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    words
}

/// The circles: groups of files each of which reaches all others.
fn circles(arrows: &Arrows) -> BTreeSet<Vec<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = arrows
        .keys()
        .map(|start| {
            let mut seen = BTreeSet::new();
            let mut open = vec![start.as_str()];
            while let Some(file) = open.pop() {
                let next = arrows.get(file).into_iter().flatten();
                open.extend(next.map(String::as_str).filter(|next| seen.insert(*next)));
            }
            (start.as_str(), seen)
        })
        .collect();
    let in_circle = |start: &&str| reached[start].contains(start);
    let circle = |start: &str| -> Vec<&str> {
        let back = |file: &&str| reached.get(file).is_some_and(|seen| seen.contains(start));
        reached[start].iter().copied().filter(back).collect()
    };
    reached
        .keys()
        .copied()
        .filter(|start| in_circle(start))
        .map(circle)
        .collect()
}

fn file(name: &str, text: &str) -> Source {
    Source {
        name: name.into(),
        text: text.into(),
    }
}

#[test]
fn arrows_are_read_as_the_compiler_reads_them() {
    let text = "use super::{b::{C, d as e}, *}; pub use f::G; fn h() { crate::i::j(super::K); }";
    let found = paths(&bare(text));
    let found: Vec<String> = found.iter().map(|(path, _)| path.join("::")).collect();
    let wanted = [
        "super::b::C",
        "super::b::d",
        "super",
        "f::G",
        "crate::i::j",
        "super::K",
    ];
    assert_eq!(found, wanted);
    // What a parent passes on is an arrow to where it is.
    let room = [
        file("src/room/mod.rs", "mod a; mod b; pub use b::B;"),
        file("src/room/a.rs", "use super::B;"),
        file("src/room/b.rs", "pub struct B; // super::a"),
    ];
    let arrows = arrows("src", &room);
    assert_eq!(
        arrows["src/room/a.rs"],
        BTreeSet::from(["src/room/b.rs".to_owned()])
    );
    assert!(arrows["src/room/mod.rs"].is_empty());
    assert_eq!(circles(&arrows), BTreeSet::new());
}

#[test]
fn a_circle_is_seen() {
    let room = [
        file(
            "src/room/mod.rs",
            "mod a; mod b; mod c; pub struct M; fn f() { a::A; }",
        ),
        file("src/room/a.rs", "use crate::room::b;"),
        file("src/room/b.rs", "fn f(_: super::a::A) {}"),
        file("src/room/c.rs", "use super::M;"),
    ];
    let found = arrows("src", &room);
    assert_eq!(
        circles(&found),
        BTreeSet::from([vec!["src/room/a.rs", "src/room/b.rs"]])
    );
}

#[test]
fn no_file_knows_a_file_that_knows_it() {
    for folder in [
        "src",
        "src/protocol/src",
        "pam_module/src",
        "tools/evaluate",
    ] {
        let mut files = sources(&[folder]);
        files.retain(|file| folder != "src" || !file.name.starts_with("src/protocol/"));
        let arrows = arrows(folder, &files);
        let found = circles(&arrows);
        assert_eq!(found.first(), None, "{folder}");
    }
}

#[test]
fn no_file_of_service_is_known_by_all_others() {
    let files = sources(&["src"]);
    let service = |name: &&String| name.starts_with("src/service/");
    let arrows = arrows("src", &files);
    let others = arrows.keys().filter(service).count() - 1;
    for name in arrows.keys().filter(service) {
        let known_by = arrows
            .iter()
            .filter(|(from, to)| service(from) && to.contains(name));
        let known_by = known_by.count();
        let everywhere = ["src/service/context.rs", "src/service/failure.rs"];
        assert!(
            known_by * 2 <= others || everywhere.contains(&name.as_str()),
            "{name}: {known_by}"
        );
    }
}
