//! The switch for everything: a file of root's beside the configuration, for a day on which face
//! login must not look.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The file's name. It holds nothing, or when it ends to count, in seconds since 1970.
pub const NAME: &str = "disabled";

/// Whether the switch beside `config` is off. One that cannot be read is.
pub fn is_off(config: &Path) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    match std::fs::read_to_string(config.with_file_name(NAME)) {
        Ok(text) => counts(&text, now),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

fn counts(text: &str, now: u64) -> bool {
    text.trim().parse::<u64>().map_or(true, |until| now < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_counts_until_its_time_and_for_ever_without_one() {
        for (text, off) in [("", true), ("100", true), ("99\n", false), ("soon", true)] {
            assert_eq!(counts(text, 99), off, "{text}");
        }
    }

    #[test]
    fn what_is_switched_off_gets_no_face() {
        use crate::config::Config;
        use crate::decision::services::Mode;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let mode = || Config::load(&path).unwrap().service("sudo").unwrap().mode;
        assert_eq!(mode(), Mode::Confirm);
        std::fs::write(folder.path().join(NAME), "").unwrap();
        assert_eq!(mode(), Mode::Off);
        std::fs::write(folder.path().join(NAME), "1").unwrap();
        assert_eq!(mode(), Mode::Confirm);
    }
}
