//! What goes to standard output, and failures to where they are read.

use std::io::Write as _;

use serde_json::Value;

use super::failure::{Answer, Exit, Failure};
use super::terminal::Terminal;

/// Tells a failure: to standard error for a person, to standard output for a script.
pub fn report(failure: &Failure, json: bool) -> Exit {
    if failure.is_broken_pipe() {
        return Exit::Done;
    }
    if json {
        let _ = print_json(&failure.json());
    } else {
        let text = told(failure, &Terminal::stderr());
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    failure.exit
}

/// A failure as it is shown: a command that helps is not broken over lines where a line of its own
/// is long enough.
pub fn told(failure: &Failure, terminal: &Terminal) -> String {
    let whole = format!("facelockctl: {}", failure.text());
    let (Some((columns, _)), Some(help)) = (terminal.size, &failure.help) else {
        return terminal.wrap(&whole, 2);
    };
    if whole.chars().count() <= columns || help.chars().count() + 2 > columns {
        return terminal.wrap(&whole, 2);
    }
    let message = format!("facelockctl: {}:", failure.message);
    format!("{}\n  {help}", terminal.wrap(&message, 2))
}

/// Prints a text that is the answer itself.
pub fn shown(text: &str, json: bool) -> Answer {
    if json {
        print_json(&serde_json::json!({ "outcome": "done", "text": text }))
    } else {
        printed(text)
    }
}

/// Prints sentences, broken where the terminal is too narrow; done.
pub fn wrapped(text: &str) -> Answer {
    printed(&(Terminal::stdout().wrap(text, 2) + "\n"))
}

/// Prints `text`; done.
pub fn printed(text: &str) -> Answer {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

pub fn print_json(value: &Value) -> Answer {
    printed(&format!("{value:#}\n"))
}
