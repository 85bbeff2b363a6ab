//! Messages in the person's language: English stands in the code, every other in `po/`, and the C
//! library's gettext finds it. A script, which asks for JSON, reads English.

use gettextrs::{bind_textdomain_codeset, bindtextdomain, dgettext, dngettext};

use crate::sandbox;

const DOMAIN: &str = "facelock";

/// Before the first thread.
pub fn begin() {
    sandbox::take_language();
    let _ = bind_textdomain_codeset(DOMAIN, "UTF-8");
    // As gettext(1) has it: another folder than /usr/share/locale.
    if let Some(folder) = std::env::var_os("TEXTDOMAINDIR") {
        let _ = bindtextdomain(DOMAIN, std::path::PathBuf::from(folder));
    }
}

/// The same in the person's language; itself where there is no translation. The instance's words
/// come here too: the C library ends a text at a zero byte, so one that has it is left alone.
pub fn translated(text: &str) -> String {
    if text.contains('\0') {
        return text.to_owned();
    }
    dgettext(DOMAIN, text)
}

/// The form of a text that goes with the number, in the person's language.
pub fn numbered(one: &'static str, many: &'static str, number: u32) -> String {
    dngettext(DOMAIN, one, many, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_a_zero_byte_is_left_alone() {
        assert_eq!(translated("a reason\0with more"), "a reason\0with more");
    }
}
