//! What the instance was started with.

use std::path::PathBuf;

/// The value behind a long option.
pub fn value(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

/// The folder that holds the machine's records: `/`, or a recorded tree in tests.
pub fn root() -> PathBuf {
    let recorded = if cfg!(feature = "replay") {
        value("--root")
    } else {
        None
    };
    recorded.unwrap_or_else(|| "/".into()).into()
}
