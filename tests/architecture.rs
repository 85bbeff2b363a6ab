//! The house's rules, executed. Each check is tried on a bad snippet too, so that it can fail.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

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
    for (name, text) in sources(&root().join("src")) {
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

#[test]
fn unsafe_code_is_fenced_and_each_block_says_why_it_is_sound() {
    let fenced = [
        "src/onnx/map.rs",
        "src/sandbox.rs",
        "src/service/peer.rs",
        "src/camera/v4l2.rs",
        "src/camera/v4l2/raw.rs",
        "src/camera/v4l2/stream.rs",
        "pam_module/src/ffi.rs",
    ];
    let all = sources(&root().join("src"))
        .into_iter()
        .chain(sources(&root().join("pam_module/src")));
    for (name, text) in all {
        let blocks = text.matches("unsafe {").count() + text.matches("unsafe impl").count();
        if blocks > 0 || text.contains("allow(unsafe_code)") {
            assert!(
                fenced.contains(&name.as_str()),
                "{name} is not among the fenced files"
            );
        }
        let reasons = text.matches("SAFETY:").count();
        let declarations = text.matches("unsafe extern").count();
        assert!(
            reasons >= blocks.saturating_sub(declarations),
            "{name}: {blocks} unsafe blocks, {reasons} reasons"
        );
    }
}

#[test]
fn what_decides_is_pure() {
    for name in [
        "src/protocol/src/lib.rs",
        "src/types/mod.rs",
        "src/face/mod.rs",
        "src/pad/mod.rs",
        "src/pad/challenge.rs",
        "src/vault/cipher.rs",
        "src/store/format.rs",
        "src/decision/mod.rs",
    ] {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{name} does not forbid unsafe code"
        );
    }
    assert_eq!(effects("use std::fs;\n// rustix"), ["std::fs"]);
    for (name, text) in sources(&root().join("src/decision")) {
        assert_eq!(effects(&text), Vec::<&str>::new(), "{name}");
    }
}

/// The effects that code names.
fn effects(text: &str) -> Vec<&'static str> {
    let known = [
        "std::fs",
        "std::io",
        "std::net",
        "std::process",
        "std::env",
        "Instant",
        "SystemTime",
        "rustix",
        "libc",
    ];
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    known
        .into_iter()
        .filter(|effect| code.contains(effect))
        .collect()
}

#[test]
fn only_service_and_cli_speak() {
    for (name, text) in sources(&root().join("src")) {
        let may = name.starts_with("src/service/") || name.starts_with("src/cli/");
        for word in ["eprintln!", "println!", "stderr()", "stdout()"] {
            assert!(may || !text.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn the_pam_module_inherits_nothing_of_the_engine() {
    let lock = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            "pam_facelock",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8(lock.stdout).unwrap();
    let crates: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(crates.contains("facelock-protocol"), "{text}");
    for engine in [
        "ort",
        "nokhwa",
        "tss-esapi",
        "facelock",
        "toml",
        "clap",
        "chacha20poly1305",
    ] {
        assert!(!crates.contains(engine), "the module depends on {engine}");
    }
    assert!(crates.len() < 40, "{} crates", crates.len());
}

#[test]
fn an_ignored_test_says_why() {
    let folders = ["src", "tests", "pam_module"];
    for (name, text) in folders
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
    {
        let bare = concat!("#[ign", "ore]");
        assert!(
            !text.contains(bare),
            "{name} ignores a test without a reason"
        );
    }
}
