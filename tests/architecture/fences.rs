//! What stands only where it is allowed to: unsafe code, effects, speech, dependencies.

use std::collections::BTreeSet;

use crate::source::{Source, root, sources};

#[test]
fn unsafe_code_is_fenced_and_each_block_says_why_it_is_sound() {
    let fenced = [
        "src/onnx/map.rs",
        "src/onnx/memory.rs",
        "src/sandbox.rs",
        "src/service/peer.rs",
        "src/camera/v4l2.rs",
        "src/camera/v4l2/raw.rs",
        "src/camera/v4l2/stream.rs",
        "pam_module/src/ffi.rs",
    ];
    for Source { name, text } in sources(&["src", "pam_module/src"]) {
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
    for Source { name, text } in sources(&["src/decision"]) {
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
    for Source { name, text } in sources(&["src"]) {
        let speaking = ["src/service/", "src/cli/", "src/protocol/examples/"];
        let may = speaking.iter().any(|folder| name.starts_with(folder));
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
    for Source { name, text } in sources(&["src", "tests", "pam_module"]) {
        let bare = concat!("#[ign", "ore]");
        assert!(
            !text.contains(bare),
            "{name} ignores a test without a reason"
        );
    }
}
