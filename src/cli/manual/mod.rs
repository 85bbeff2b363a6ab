//! The manual pages, each from what it describes: the command line itself, docs/pam.md, the shipped
//! configuration, docs/protocol.md.

mod roff;
mod verbs;

use clap::CommandFactory as _;

use super::args::{Args, Page};
use super::failure::Answer;
use super::print::shown;

/// # Errors
/// Standard output cannot be written.
pub fn run(page: Page, json: bool) -> Answer {
    shown(&text(page), json)
}

fn text(page: Page) -> String {
    let see = "\n.SH SEE ALSO\n\\fBfacelockctl\\fR(1), \\fBpam_facelock\\fR(8), \\fBfacelock.toml\\fR(5), \
               \\fBfacelock\\-protocol\\fR(7), \\fBpam.d\\fR(5), \\fBjournalctl\\fR(1)\n";
    let body = match page {
        Page::Facelockctl => {
            roff::head(
                "facelockctl",
                1,
                "set face login up, try it and look after it",
            ) + &verbs::page(&mut Args::command())
        }
        Page::PamFacelock => {
            roff::head("pam_facelock", 8, "PAM module for face login")
                + &roff::markdown(include_str!("../../../docs/pam.md"))
        }
        Page::FacelockToml => {
            roff::head(
                "facelock.toml",
                5,
                "configuration of face login, /etc/facelock/config.toml",
            ) + &roff::configuration(include_str!("../../../config/config.toml"))
        }
        Page::FacelockProtocol => {
            roff::head(
                "facelock-protocol",
                7,
                "what is spoken on Facelock's socket",
            ) + &roff::markdown(include_str!("../../../docs/protocol.md"))
        }
    };
    body + see
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_verb_is_in_the_manual() {
        let page = text(Page::Facelockctl);
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            assert!(page.contains(&format!("facelockctl {name}")), "{name}");
        }
        assert!(page.contains("\\-\\-dry\\-run") && page.contains(".SH EXIT STATUS"));
    }

    #[test]
    fn every_page_has_a_name_and_a_text() {
        for page in Page::value_variants() {
            let text = text(*page);
            assert!(
                text.starts_with(".TH ") && text.contains("\n.SH NAME\n"),
                "{page:?}"
            );
            assert!(text.lines().count() > 40, "{page:?}");
            assert!(!text.contains("\n```"), "{page:?}");
        }
    }
}
