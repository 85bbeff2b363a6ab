//! Lines of a label and what it says, lined up in whatever language.
#![forbid(unsafe_code)]

use super::terminal::Terminal;
use super::words::said;

#[derive(Default)]
pub struct Rows(Vec<(String, String)>);

impl Rows {
    /// A line below a translated label.
    pub fn add(&mut self, label: &'static str, text: impl Into<String>) {
        self.0.push((said(label), text.into()));
    }

    pub fn extend(&mut self, other: Rows) {
        self.0.extend(other.0);
    }

    /// The lines, each broken below its own text.
    pub fn shown(&self, terminal: &Terminal) -> String {
        let widths = self.0.iter().map(|(label, _)| label.chars().count());
        let width = widths.max().unwrap_or(0);
        let line = |(label, text): &(String, String)| {
            terminal.wrap(&format!("{label:<width$} {text}"), width + 1) + "\n"
        };
        self.0.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_line_up_behind_the_widest_label() {
        let mut rows = Rows::default();
        rows.add("Größe:", "one");
        rows.add("Kamera:", "two three");
        let terminal = Terminal {
            size: Some((14, 24)),
            ..Terminal::default()
        };
        assert_eq!(
            rows.shown(&terminal),
            "Größe:  one\nKamera: two\n        three\n"
        );
    }
}
