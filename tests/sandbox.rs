//! What the instance gives up itself, tried by a process that has given it up, beside one that has
//! not.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

fn probe(arguments: &[&str]) -> BTreeMap<String, String> {
    let example = PathBuf::from(env!("CARGO_BIN_EXE_facelockctl"))
        .parent()
        .unwrap()
        .join("examples/sandbox-probe");
    let output = Command::new(example).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(a, b)| (a.into(), b.into()))
        .collect()
}

#[test]
fn what_a_request_does_not_need_is_given_up() {
    let free = probe(&[]);
    let sealed = probe(&["sealed"]);
    let eperm = libc::EPERM.to_string();
    let names = [
        "inet",
        "unix",
        "memfd",
        "fork",
        "vfork",
        "exec",
        "sendmsg",
        "recvmsg",
        "sendmmsg",
        "recvmmsg",
        "signal-others",
        "limit-others",
    ];
    for name in names {
        assert_eq!(
            free.get(name).map(String::as_str),
            Some("open"),
            "control: {name}"
        );
        assert_eq!(sealed.get(name), Some(&eperm), "{name}");
    }
    for name in ["thread", "write", "read", "signal-itself", "limit-itself"] {
        assert_eq!(
            sealed.get(name).map(String::as_str),
            Some("open"),
            "{name}: {sealed:?}"
        );
    }
}
