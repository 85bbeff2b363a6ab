//! One line an attempt, for the journal: `key=value` pairs, each a field of its own as well
//! (`journalctl FACELOCK_EVENT=verify -o json`). No score is written: a reader of the journal could
//! climb it.

use std::fmt::Display;
use std::io::Write as _;
use std::os::unix::net::UnixDatagram;
use std::sync::OnceLock;

/// Where journald takes entries with fields (systemd's native journal protocol).
const SOCKET: &str = "/run/systemd/journal/socket";

static JOURNAL: OnceLock<UnixDatagram> = OnceLock::new();

/// Connects to the journal where standard error is the journal's, before socket(2) is given up.
/// Without it lines go to standard error, and have no fields.
pub fn open() {
    let stream = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let Ok(file) = rustix::fs::fstat(std::io::stderr()) else {
        return;
    };
    if stream != format!("{}:{}", file.st_dev, file.st_ino) {
        return;
    }
    let connected = UnixDatagram::unbound().and_then(|socket| {
        socket.connect(SOCKET)?;
        // A journal that is full keeps no answer waiting.
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    if let Ok(socket) = connected {
        let _ = JOURNAL.set(socket);
    }
}

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
    fields: String,
}

impl Line {
    pub fn new(priority: Priority, event: &str) -> Self {
        Self {
            priority,
            text: event.into(),
            fields: format!("FACELOCK_EVENT={event}\n"),
        }
    }

    /// Appends `key=value`; a value with anything but plain characters is quoted, so that nothing a
    /// peer sent can end the line or look like another key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Display) -> Self {
        let value = value.to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@+,".contains(c);
        // A field ends at the end of its line.
        let field = value.replace(char::is_control, "?");
        self.fields += &format!("FACELOCK_{}={field}\n", key.to_ascii_uppercase());
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

    /// The line as an entry of the journal.
    fn entry(&self) -> String {
        format!(
            "PRIORITY={}\nSYSLOG_IDENTIFIER=facelock\nMESSAGE={}\n{}",
            self.priority as u8, self.text, self.fields
        )
    }

    /// Writes the line in one call. Without a journal it is lost: the answer does not
    /// depend on it.
    pub fn write(self) {
        // Unit tests play thousands of attempts, and have no journal.
        if cfg!(test) {
            return;
        }
        let entry = self.entry();
        if JOURNAL
            .get()
            .is_some_and(|journal| journal.send(entry.as_bytes()).is_ok())
        {
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
        assert_eq!(
            line.entry(),
            "PRIORITY=6\nSYSLOG_IDENTIFIER=facelock\n\
             MESSAGE=verify user=\"eve outcome=match\\nverify\" n=3\n\
             FACELOCK_EVENT=verify\nFACELOCK_USER=eve outcome=match?verify\nFACELOCK_N=3\n"
        );
    }
}
