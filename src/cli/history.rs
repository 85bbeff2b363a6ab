//! `facelockctl history`: attempts, from the journal's own fields.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use super::args::{Args, History};
use super::date::time;
use super::failure::{Answer, Failure, is_root};
use super::print::{print_json, printed, wrapped};
use super::subject;
use super::terminal::Terminal;
use super::words::{self, filled, said};

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Seconds since 1970-01-01 UTC.
    pub time: u64,
    pub user: String,
    pub service: String,
    /// The verdict, or why there was none, in snake case.
    pub outcome: String,
    pub milliseconds: Option<u64>,
    /// Why no face was judged, in words.
    pub reason: Option<String>,
}

impl Attempt {
    /// One line of `status`.
    pub fn told(&self) -> String {
        format!("{}, {}, {}", time(self.time), self.service, self.ended())
    }

    /// How it ended, in the person's language.
    fn ended(&self) -> String {
        let reason = || {
            self.reason
                .clone()
                .or_else(|| words::outcome(&self.outcome))
        };
        // A later version's.
        reason().unwrap_or_else(|| self.outcome.replace('_', " "))
    }

    pub fn document(&self) -> Value {
        json!({
            "time": self.time, "user": self.user, "service": self.service,
            "outcome": self.outcome, "milliseconds": self.milliseconds, "reason": self.reason,
        })
    }
}

/// # Errors
/// The journal cannot be read.
pub fn run(args: &Args, options: &History) -> Answer {
    let user = match &options.user.name {
        Some(name) => Some(subject::resolve(Some(name))?.name.as_str().to_owned()),
        None => None,
    };
    let attempts = attempts(user.as_deref(), options.lines)?;
    if args.json {
        let list = attempts.iter().map(Attempt::document).collect::<Value>();
        return print_json(&json!({ "outcome": "done", "attempts": list }));
    }
    if attempts.is_empty() {
        return wrapped(&nothing());
    }
    let terminal = Terminal::stdout();
    let columns = terminal.size.map_or(usize::MAX, |(columns, _)| columns);
    let lines = attempts
        .iter()
        .map(|attempt| terminal.cut(&line(attempt), columns) + "\n");
    printed(&lines.collect::<String>())
}

fn nothing() -> String {
    said(if is_root() {
        "The journal has no attempt."
    } else {
        "The journal shows you no attempt: sudo facelockctl history shows every one."
    })
}

/// The last `most` attempts that the journal shows to this caller, oldest first.
///
/// # Errors
/// There is no journalctl, or it does not do it.
pub fn attempts(user: Option<&str>, most: u32) -> Result<Vec<Attempt>, Failure> {
    let mut command = Command::new("journalctl");
    command.args([
        "--output=json",
        "--no-pager",
        "--quiet",
        "SYSLOG_IDENTIFIER=facelock",
    ]);
    // Two values of one field: either.
    command.args(["FACELOCK_EVENT=verify", "FACELOCK_EVENT=gate"]);
    command.arg(format!("--lines={most}"));
    if let Some(user) = user {
        command.arg(format!("FACELOCK_USER={user}"));
    }
    let output = command.output().map_err(|error| {
        let why = filled("journalctl cannot be run ({error})", &[("error", &error)]);
        Failure::new("no_journal", why)
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(parsed).collect())
}

/// Why the last enrollment of `user` was refused a moment ago, where the journal shows it to this
/// caller.
pub fn refusal(user: &str) -> Option<String> {
    let output = Command::new("journalctl")
        .args([
            "--output=json",
            "--no-pager",
            "--quiet",
            "--lines=1",
            "--since=-1min",
        ])
        .args(["SYSLOG_IDENTIFIER=facelock", "FACELOCK_EVENT=enroll"])
        .arg(format!("FACELOCK_USER={user}"))
        .output()
        .ok()?;
    let entry: Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(entry.get("FACELOCK_REFUSED")?.as_str()?.to_owned())
}

fn parsed(line: &str) -> Option<Attempt> {
    let fields: BTreeMap<String, Value> = serde_json::from_str(line).ok()?;
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let microseconds: u64 = field("__REALTIME_TIMESTAMP")?.parse().ok()?;
    let gate = field("FACELOCK_GATE");
    let outcome = match gate {
        Some(_) => "not_admitted".into(),
        None => words::snake(field("FACELOCK_OUTCOME")?),
    };
    Some(Attempt {
        time: microseconds / 1_000_000,
        user: field("FACELOCK_USER")?.into(),
        service: field("FACELOCK_SERVICE").unwrap_or_default().into(),
        milliseconds: field("FACELOCK_MS").and_then(|ms| ms.parse().ok()),
        reason: words::reason(gate.unwrap_or(&outcome)),
        outcome,
    })
}

fn line(attempt: &Attempt) -> String {
    let ms = attempt
        .milliseconds
        .map_or(String::new(), |ms| format!("{ms} ms"));
    format!(
        "{}  {:<8}  {:<10}  {ms:>7}  {}",
        time(attempt.time),
        attempt.user,
        attempt.service,
        attempt.ended()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_journal_is_an_attempt() {
        let entry = r#"{"__REALTIME_TIMESTAMP":"1795651200000000","FACELOCK_EVENT":"verify","FACELOCK_USER":"alice",
            "FACELOCK_SERVICE":"sudo","FACELOCK_OUTCOME":"LockedOut { seconds: Some(30) }","FACELOCK_MS":"61","MESSAGE":[1,2]}"#;
        let attempt = parsed(&entry.replace('\n', " ")).unwrap();
        assert_eq!(attempt.outcome, "locked_out");
        assert_eq!(
            line(&attempt),
            "2026-11-26 00:00 UTC  alice     sudo          61 ms  \
             locked out after too many misses, until a password succeeds or facelockctl unlock"
        );
        let closed = r#"{"__REALTIME_TIMESTAMP":"1795651200000000","FACELOCK_EVENT":"gate","FACELOCK_USER":"alice",
            "FACELOCK_SERVICE":"sudo","FACELOCK_GATE":"lid"}"#;
        let attempt = parsed(&closed.replace('\n', " ")).unwrap();
        assert_eq!(
            attempt.told(),
            "2026-11-26 00:00 UTC, sudo, the lid is closed; open it (a stuck sensor: \
             [presence] ignore_lid)"
        );
        assert_eq!(parsed(r#"{"MESSAGE":"no attempt"}"#), None);
        assert_eq!(parsed("no JSON"), None);
    }
}
