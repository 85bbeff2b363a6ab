//! Questions to the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use rustix::termios::{tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::failure::Failure;
use super::terminal::Terminal;
use super::words::{filled, said};

/// Longest secret that is read, in bytes.
const LONGEST: usize = 512;

/// Asks a yes-or-no question; anything but yes is no.
///
/// # Errors
/// There is no terminal to ask on; `instead` names the option that answers.
pub fn confirm(question: &str, instead: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(no_terminal().help(filled("use {option}", &[("option", &instead)])));
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    let answer = answer.trim().to_ascii_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes"))
}

/// Shows `text` and waits for Enter; goes on at once where there is no terminal to wait at.
///
/// # Errors
/// The terminal cannot be used.
pub fn wait_for_enter(text: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    write!(std::io::stderr(), "{}", Terminal::stderr().wrap(text, 2))?;
    std::io::stderr().flush()?;
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

fn no_terminal() -> Failure {
    Failure::new("no_terminal", said("there is no terminal to ask on"))
}

/// Reads a line without showing it; from a pipe, the first line.
///
/// # Errors
/// Nothing was typed, or the terminal cannot be used.
pub fn secret(question: &str) -> Result<Zeroizing<String>, Failure> {
    let secret = hidden(question)?;
    if secret.is_empty() {
        return Err(Failure::new("nothing_typed", said("nothing was typed")));
    }
    Ok(secret)
}

/// The same, where nothing but Enter is an answer too.
///
/// # Errors
/// The terminal cannot be used.
pub fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    Ok(Zeroizing::new(untrimmed(question)?.trim().to_owned()))
}

/// Reads a password, in which a space counts.
///
/// # Errors
/// Nothing was typed, or the terminal cannot be used.
pub fn password(question: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let line = untrimmed(question)?;
    let typed = line.strip_suffix('\n').unwrap_or(&line);
    if typed.is_empty() {
        return Err(Failure::new("nothing_typed", said("nothing was typed")));
    }
    Ok(Zeroizing::new(typed.as_bytes().to_vec()))
}

fn untrimmed(question: &str) -> Result<Zeroizing<String>, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return typed(question);
    }
    let mut line = Zeroizing::new(String::with_capacity(2 * LONGEST));
    stdin.lock().read_line(&mut line)?;
    Ok(line)
}

/// The terminal as it was, put back whatever happens.
struct Quiet(Termios);

impl Quiet {
    /// No echo, no lines, no signals: Ctrl-C arrives as a character, so that nothing ends this
    /// process before the echo is back.
    fn start() -> Result<Self, Failure> {
        let stdin = std::io::stdin();
        let saved = tcgetattr(&stdin).map_err(std::io::Error::from)?;
        let mut quiet = saved.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&stdin, OptionalActions::Flush, &quiet).map_err(std::io::Error::from)?;
        Ok(Self(saved))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
        let _ = writeln!(std::io::stderr());
    }
}

fn typed(question: &str) -> Result<Zeroizing<String>, Failure> {
    // Before the question: what is typed at once is hidden too.
    let quiet = Quiet::start()?;
    write!(std::io::stderr(), "{question}")?;
    std::io::stderr().flush()?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut stdin = std::io::stdin().lock();
    let mut byte = [0];
    while stdin.read(&mut byte)? == 1 {
        match byte[0] {
            b'\n' | b'\r' | 4 => break,
            3 => return Err(interrupted()),
            8 | 127 => drop(bytes.pop()),
            21 => bytes.clear(),
            other if bytes.len() < LONGEST => bytes.push(other),
            _ => {}
        }
    }
    drop(quiet);
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Failure::new("not_text", said("what was typed is no text")))?;
    Ok(Zeroizing::new(text.into()))
}

fn interrupted() -> Failure {
    Failure::new("interrupted", said("interrupted; nothing was changed"))
}
