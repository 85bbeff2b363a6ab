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
use super::words::said;
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
        printed(&lines(&rows, &Terminal::stdout()))?;
    }
    Ok(if failed { Exit::NoMatch } else { Exit::Done })
}

/// A state and its color, a name, what was found and what mends it, lined up.
fn lines(rows: &[Row], terminal: &Terminal) -> String {
    let state = |state| {
        let (word, color) = match state {
            State::Ok => (said("ok"), Color::Green),
            State::Warn => (said("warn"), Color::Yellow),
            State::Fail => (said("FAIL"), Color::Red),
            State::Unknown => ("?".into(), Color::Yellow),
        };
        (word, color)
    };
    let widest = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max();
    let words: Vec<String> = State::ALL.map(|s| state(s).0).into();
    let names: Vec<String> = rows.iter().map(|row| said(row.name)).collect();
    let (first, second) = (widest(&words).unwrap_or(0), widest(&names).unwrap_or(0));
    let line = |(row, name): (&Row, &String)| {
        let (word, color) = state(row.state);
        let fix = row.fix.as_ref();
        let fix = fix.map_or(String::new(), |fix| format!(": {fix}"));
        let word = format!("{word:<first$}");
        let text = format!("{word}  {name:<second$} {}{fix}", row.what);
        let text = terminal.wrap(&text, first + second + 3);
        terminal.paint(color, &word) + &text[word.len()..] + "\n"
    };
    rows.iter().zip(&names).map(line).collect()
}
