//! Questions to the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Asks a yes-or-no question; anything but `y` is no. Without a terminal the answer is no.
///
/// # Errors
/// The terminal cannot be used.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        anyhow::bail!("not a terminal; use --yes");
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Reads a line without showing it; from a pipe, the first line.
///
/// # Errors
/// Nothing was typed, or the terminal cannot be used.
pub fn secret(question: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let saved = if stdin.is_terminal() {
        Some(tcgetattr(&stdin)?)
    } else {
        None
    };
    if let Some(saved) = &saved {
        write!(std::io::stderr(), "{question}")?;
        std::io::stderr().flush()?;
        let mut quiet = saved.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &quiet)?;
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if let Some(saved) = &saved {
        tcsetattr(&stdin, OptionalActions::Flush, saved)?;
        writeln!(std::io::stderr())?;
    }
    read?;
    let secret = line.trim().to_owned();
    anyhow::ensure!(!secret.is_empty(), "nothing was typed");
    Ok(secret)
}
