//! One line an attempt, for the journal: `key=value` pairs behind a syslog priority (sd-daemon(3)).
//! No score is written: who reads the journal could climb it.

use std::fmt::Display;
use std::io::Write as _;

/// syslog(3) priorities in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
}

/// A line in the making.
pub struct Line {
    priority: Priority,
    text: String,
}

impl Line {
    pub fn new(priority: Priority, event: &str) -> Self {
        Self {
            priority,
            text: event.into(),
        }
    }

    /// Appends `key=value`; a value with anything but plain characters is quoted, so that nothing a
    /// peer sent can end the line or look like another key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Display) -> Self {
        let value = value.to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@+,".contains(c);
        self.text += " ";
        self.text += key;
        self.text += "=";
        if !value.is_empty() && value.chars().all(plain) {
            self.text += &value;
        } else {
            self.text += &format!("{value:?}");
        }
        self
    }

    /// Writes the line in one call. Nobody is told when there is no journal: the answer does not
    /// depend on it.
    pub fn write(self) {
        // Unit tests play thousands of attempts, and have no journal.
        if cfg!(test) {
            return;
        }
        let line = format!("<{}>{}\n", self.priority as u8, self.text);
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_forge_another_key_or_line() {
        let line = Line::new(Priority::Info, "verify")
            .with("user", "eve outcome=match\nverify")
            .with("n", 3);
        assert_eq!(line.text, r#"verify user="eve outcome=match\nverify" n=3"#);
    }
}
