//! `facelockctl doctor`: every prerequisite of a login by face, and the command that mends it.

mod check;
mod facts;
mod machine;
mod person;
pub mod probe;

use serde_json::{Value, json};

use super::args::{Args, User};
use super::failure::{Answer, Exit};
use super::print::{print_json, printed};
use super::subject;
use super::terminal::{Color, Terminal};
use facts::{Row, State};
pub use probe::models_are_there;

/// # Errors
/// There is no such user, or the output cannot be written. What is amiss is no error but a row.
pub fn run(args: &Args, user: &User) -> Answer {
    let subject = subject::resolve(user.name.as_deref())?;
    let rows = check::rows(&probe::facts(args, &subject), &subject);
    let failed = rows.iter().any(|row| row.state == State::Fail);
    if args.json {
        let row = |row: &Row| json!({ "name": row.name, "state": row.state.word(), "message": row.what, "help": row.fix });
        let rows = rows.iter().map(row).collect::<Value>();
        let outcome = if failed { "failed" } else { "done" };
        print_json(&json!({ "outcome": outcome, "user": subject.name.as_str(), "checks": rows }))?;
    } else {
        let terminal = Terminal::stdout();
        let lines: String = rows.iter().map(|row| line(row, &terminal)).collect();
        printed(&lines)?;
    }
    Ok(if failed { Exit::NoMatch } else { Exit::Done })
}

fn line(row: &Row, terminal: &Terminal) -> String {
    let (word, color) = match row.state {
        State::Ok => ("ok  ", Color::Green),
        State::Warn => ("warn", Color::Yellow),
        State::Fail => ("FAIL", Color::Red),
        State::Unknown => ("?   ", Color::Yellow),
    };
    let fix = row
        .fix
        .as_ref()
        .map_or(String::new(), |fix| format!(": {fix}"));
    let text = terminal.wrap(&format!("{word}  {:<13} {}{fix}", row.name, row.what), 20);
    terminal.paint(color, word) + &text[word.len()..] + "\n"
}
