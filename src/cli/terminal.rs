//! What the terminal at the other end can show: its size, color, characters beyond ASCII.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::os::fd::AsFd;

/// One stream's terminal; a pipe or a file has no width and no color.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Columns and rows, of a terminal only.
    pub size: Option<(usize, usize)>,
    pub color: bool,
    pub utf8: bool,
}

impl Terminal {
    pub fn of(stream: &(impl AsFd + IsTerminal)) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(variable);
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.ends_with("utf-8") || locale.ends_with("utf8")
        });
        if !stream.is_terminal() {
            return Self {
                utf8,
                ..Self::default()
            };
        }
        let size = rustix::termios::tcgetwinsize(stream).map_or((80, 24), |size| {
            (usize::from(size.ws_col), usize::from(size.ws_row))
        });
        let size = if size.0 == 0 || size.1 == 0 {
            (80, 24)
        } else {
            size
        };
        let dumb = variable("TERM").is_none_or(|term| term == "dumb");
        Self {
            size: Some(size),
            color: !dumb && variable("NO_COLOR").is_none(),
            utf8,
        }
    }

    pub fn stdout() -> Self {
        Self::of(&std::io::stdout())
    }

    pub fn stderr() -> Self {
        Self::of(&std::io::stderr())
    }

    /// `text` in a color, where the terminal has any.
    pub fn paint(&self, color: Color, text: &str) -> String {
        if self.color {
            format!("\x1b[{}m{text}\x1b[0m", color as u8)
        } else {
            text.into()
        }
    }

    /// `text` cut to `columns`, with a mark where something is missing; whole in a pipe.
    pub fn cut(&self, text: &str, columns: usize) -> String {
        if self.size.is_none() || text.chars().count() <= columns {
            return text.into();
        }
        let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
        kept + if self.utf8 { "…" } else { "~" }
    }

    /// `text` broken between words so that no line is wider than the terminal; continuation lines
    /// are indented.
    pub fn wrap(&self, text: &str, indent: usize) -> String {
        let Some((columns, _)) = self.size else {
            return text.into();
        };
        let lines = text.lines().map(|line| wrapped(line, columns, indent));
        let end = if text.ends_with('\n') { "\n" } else { "" };
        lines.collect::<Vec<_>>().join("\n") + end
    }
}

/// SGR codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Color {
    Red = 31,
    Green = 32,
    Yellow = 33,
}

fn wrapped(line: &str, columns: usize, indent: usize) -> String {
    if line.chars().count() <= columns {
        return line.into();
    }
    let mut out = String::new();
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let long = word.trim_end().chars().count();
        if used > indent && used + long > columns {
            out.truncate(out.trim_end().len());
            let _ = write!(out, "\n{:indent$}", "");
            used = indent;
        }
        out += word;
        used += word.chars().count();
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(columns: usize) -> Terminal {
        Terminal {
            size: Some((columns, 24)),
            color: false,
            utf8: true,
        }
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(
            narrow(12).wrap("one two three four\n", 2),
            "one two\n  three four\n"
        );
        assert_eq!(narrow(4).wrap("unbreakable", 2), "unbreakable");
        assert_eq!(
            Terminal::default().wrap("one two three", 0),
            "one two three"
        );
    }

    #[test]
    fn what_is_cut_shows_that_it_is() {
        assert_eq!(narrow(80).cut("infrared", 5), "infr…");
        assert_eq!(narrow(80).cut("infrared", 8), "infrared");
        assert_eq!(Terminal::default().cut("infrared", 5), "infrared");
    }
}
