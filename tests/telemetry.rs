//! What loading ONNX Runtime and running the models does to the machine, as the kernel sees it:
//! which files are opened, what is written, that nothing is sent, and that no memory is both
//! writable and executable.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use facelock::face::Engine;

/// Set in the traced process: what it shall do.
const TRACED: &str = "FACELOCK_TRACED";

/// Not a test of its own: the work that is traced, in a process of its own.
#[test]
#[ignore = "no test of its own: cargo test --features replay --test telemetry runs it, under strace"]
fn traced() {
    let Some(work) = std::env::var_os(TRACED) else {
        return;
    };
    if work == "nothing" {
        return;
    }
    // As both programs begin.
    facelock::sandbox::silence_libraries();
    let frame = support::png(&support::sample("astronaut/000.png"));
    let mut engine = Engine::load(&support::models()).unwrap();
    let face = engine.detect(&frame).unwrap()[0];
    assert!(engine.embed(&frame, &face).unwrap().is_some());
    // The way an instance ends: destructors do not run.
    facelock::sandbox::leave(0);
}

/// The system calls of `work`, one a line.
fn trace(work: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("calls");
    let output = Command::new("strace")
        .args(["-f", "-y", "-s", "300", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "traced",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env_remove("TERM")
        .env(TRACED, work)
        .env_remove("ORT_DISABLE_TELEMETRY")
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .current_dir(folder.path())
        .output()
        .expect("strace is installed by scripts/setup");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        left,
        ["calls"],
        "something was left in the home, working or temporary folder"
    );
    let text = std::fs::read_to_string(&log).unwrap();
    text.lines()
        .map(|line| line.split_once(' ').unwrap().1.trim_start().to_owned())
        .collect()
}

fn name(call: &str) -> &str {
    call.strip_prefix("<... ")
        .unwrap_or(call)
        .split(['(', ' '])
        .next()
        .unwrap_or_default()
}

fn threads(calls: &[String]) -> usize {
    calls
        .iter()
        .filter(|call| call.starts_with("clone3(") || call.starts_with("clone("))
        .count()
}

/// The path of an `open` that succeeded, with its flags.
fn opened(call: &str) -> Option<(&str, &str)> {
    let open = ["open", "openat", "openat2", "creat"].contains(&name(call));
    if !open || call.contains(" = -1 ") {
        return None;
    }
    let mut parts = call.splitn(3, '"');
    Some((parts.nth(1)?, parts.next()?))
}

#[test]
fn models_leave_no_trace_and_talk_to_nobody() {
    let calls = trace("default");
    let root = support::root().canonicalize().unwrap();
    let models = support::models();
    let is_library = |path: &Path| {
        let path = path.to_string_lossy();
        let version = path.split_once(".so").map(|(_, version)| version);
        version.is_some_and(|version| version.bytes().all(|c| b".0123456789".contains(&c)))
    };
    let allowed = |path: &Path| {
        path == models.runtime
                || path.starts_with(&models.models)
                || path.starts_with(root.join("target/samples"))
                // The dynamic loader, the C library, and what it says about this process and these
                // processors.
                || is_library(path)
                || ["/etc/ld.so.cache", "/proc/cpuinfo", "/proc/self/maps", "/proc/self/cgroup", "/proc/self/mountinfo"]
                    .iter()
                    .any(|known| path == Path::new(known))
                || path.starts_with("/sys/devices/system/cpu")
                || path.starts_with("/sys/fs/cgroup")
                // It looks for graphics processors, by class, and uses none.
                || path == Path::new("/sys/bus/pci/devices")
                || path.starts_with("/sys/bus/pci/devices") && path.ends_with("class")
    };
    let (mut read, mut strange) = (BTreeSet::new(), Vec::new());
    for (path, flags) in calls.iter().filter_map(|call| opened(call)) {
        read.insert(path.to_owned());
        if !allowed(Path::new(path))
            || ["O_WRONLY", "O_RDWR", "O_CREAT"]
                .iter()
                .any(|bad| flags.contains(bad))
        {
            strange.push(format!("{path} {flags}"));
        }
    }
    assert!(
        read.iter().any(|path| path.ends_with("libonnxruntime.so")),
        "nothing was traced: {read:?}"
    );
    assert!(strange.is_empty(), "{strange:#?}");

    let forbidden = |call: &&String| {
        let family = [
            "socket",
            "socketpair",
            "connect",
            "bind",
            "sendto",
            "sendmsg",
            "execve",
            "fork",
            "vfork",
            "unlink",
            "unlinkat",
            "rename",
            "renameat",
            "renameat2",
            "mkdir",
            "mkdirat",
            "ptrace",
            "io_uring_setup",
        ];
        family.contains(&name(call)) && !call.starts_with("execve(\"") || writable_code(call)
    };
    let found: Vec<_> = calls.iter().filter(forbidden).collect();
    assert!(found.is_empty(), "{found:#?}");
    // Only what the test harness says on its standard output is written.
    let written = calls
        .iter()
        .filter(|call| ["write", "writev", "pwrite64"].contains(&name(call)));
    let elsewhere: Vec<_> = written
        .filter(|call| !call.contains("(1<") && !call.contains("(2<"))
        .collect();
    assert!(
        elsewhere
            .iter()
            .all(|call| call.contains("anon_inode:[eventfd]")),
        "{elsewhere:#?}"
    );
}

fn writable_code(call: &str) -> bool {
    ["mmap", "mprotect", "pkey_mprotect"].contains(&name(call))
        && call.contains("PROT_WRITE")
        && call.contains("PROT_EXEC")
}

/// The runtime starts none that could be watching: one of ours loads the detector, one runs the
/// second embedder.
#[test]
fn no_thread_is_started_but_ours() {
    let harness = threads(&trace("nothing"));
    assert_eq!(threads(&trace("default")) - harness, 2);
}

/// The parsers above see what they should: each has a line it must catch.
#[test]
fn the_checks_can_fail() {
    assert!(writable_code(
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE, -1, 0) = 0x7f"
    ));
    assert!(!writable_code(
        "mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3</lib/x.so>, 0) = 0x7f"
    ));
    let call = "openat(AT_FDCWD</tmp>, \"/tmp/telemetry.db\", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 5</tmp/telemetry.db>";
    assert_eq!(opened(call).unwrap().0, "/tmp/telemetry.db");
    assert!(opened(call).unwrap().1.contains("O_CREAT"));
    assert_eq!(
        opened("openat(AT_FDCWD, \"/x\", O_RDONLY) = -1 ENOENT (No such file or directory)"),
        None
    );
    assert_eq!(name("socket(AF_INET, SOCK_STREAM, 0) = 3"), "socket");
    assert_eq!(
        name("<... clone3 resumed> => {parent_tid=[7]}, 88) = 7"),
        "clone3"
    );
}
