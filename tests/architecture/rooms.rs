//! The arrows between rooms: none points up.

use std::collections::BTreeSet;

use crate::source::{Source, sources};

/// The rooms that a source file names.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let code: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let names = code.split("crate::").skip(1);
    names
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

/// What a room may know, beside itself and `types`.
fn allowed(room: &str) -> Option<&'static [&'static str]> {
    Some(match room {
        "types" | "onnx" | "camera" | "vault" | "store" | "sandbox" | "decision" => &[],
        "face" | "pad" | "models" => &["onnx"],
        "pipeline" => &["camera", "face", "onnx", "pad"],
        "config" => &["camera", "decision", "onnx", "pad", "vault"],
        "cli" => &[
            "camera", "config", "decision", "face", "models", "onnx", "sandbox",
        ],
        "service" => &[
            "camera", "config", "decision", "face", "onnx", "pad", "pipeline", "sandbox", "store",
            "vault",
        ],
        _ => return None,
    })
}

fn wrong_arrows(room: &str, text: &str) -> Vec<String> {
    let Some(allowed) = allowed(room) else {
        return vec![format!("{room} is no room")];
    };
    let fine = |name: &String| {
        name == room || name == "types" || name.is_empty() || allowed.contains(&name.as_str())
    };
    rooms_named(text)
        .into_iter()
        .filter(|name| !fine(name))
        .collect()
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    assert_eq!(wrong_arrows("camera", "use crate::face::Engine;"), ["face"]);
    assert_eq!(
        wrong_arrows("face", "use crate::onnx::Session;\n// crate::vault"),
        Vec::<String>::new()
    );
    for Source { name, text } in sources(&["src"]) {
        let room = name
            .trim_start_matches("src/")
            .split(['/', '.'])
            .next()
            .unwrap()
            .to_owned();
        if ["lib", "bin", "protocol"].contains(&room.as_str()) {
            continue;
        }
        assert_eq!(wrong_arrows(&room, &text), Vec::<String>::new(), "{name}");
    }
}
