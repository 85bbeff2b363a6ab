//! Markdown and TOML as they stand in this repository, as a manual page (man(7)).

/// A page's head.
pub fn head(name: &str, section: u8, about: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        ".TH {} {section} \"\" \"Facelock {version}\"\n.SH NAME\n{} \\- {}\n",
        name.to_uppercase(),
        escaped(name),
        inline(about)
    )
}

/// Text that means what it says.
pub fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}

/// A line with its `code`, **strong** and [links](…).
pub fn inline(text: &str) -> String {
    let text = escaped(&linked(text));
    let mut out = String::new();
    for (n, part) in text.split('`').enumerate() {
        if n % 2 == 1 {
            out += &format!("\\fB{part}\\fR");
        } else {
            for (n, part) in part.split("**").enumerate() {
                out += &if n % 2 == 1 {
                    format!("\\fB{part}\\fR")
                } else {
                    part.into()
                };
            }
        }
    }
    out
}

/// Links leave their words.
fn linked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let open = rest[..at].rfind('[');
        let close = rest[at..].find(')');
        let (Some(open), Some(close)) = (open, close) else {
            break;
        };
        out += &rest[..open];
        out += &rest[open + 1..at];
        rest = &rest[at + close + 1..];
    }
    out + rest
}

/// A Markdown page without its title.
pub fn markdown(text: &str) -> String {
    let mut out = String::from(".SH DESCRIPTION\n");
    let mut code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            code = !code;
            out += if code {
                ".PP\n.RS 2\n.nf\n"
            } else {
                ".fi\n.RE\n"
            };
        } else if code {
            out += &escaped(line);
            out.push('\n');
        } else {
            out += &block(line);
        }
    }
    out
}

fn block(line: &str) -> String {
    let text = line.trim_start();
    if let Some(heading) = text.strip_prefix("## ") {
        return format!(
            ".SH {}\n",
            inline(heading)
                .to_uppercase()
                .replace("\\FB", "")
                .replace("\\FR", "")
        );
    }
    if let Some(heading) = text.strip_prefix("### ") {
        return format!(".SS {}\n", inline(heading));
    }
    if text.starts_with("# ") || text.starts_with("|--") || text.starts_with("|-") {
        return String::new();
    }
    if let Some(row) = text.strip_prefix('|') {
        let mut cells = row.trim_end_matches('|').split('|').map(str::trim);
        let first = cells.next().unwrap_or_default();
        let rest: Vec<String> = cells.map(inline).collect();
        return format!(".TP\n{}\n{}\n", inline(first), rest.join("; "));
    }
    if let Some(item) = text.strip_prefix("- ") {
        return format!(".IP \\(bu 2\n{}\n", inline(item));
    }
    if text.is_empty() {
        return ".PP\n".into();
    }
    inline(text) + "\n"
}

/// The shipped configuration: sections, keys with their defaults, and the comments behind them.
pub fn configuration(text: &str) -> String {
    let mut out = String::from(".SH DESCRIPTION\n");
    for line in text.lines() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            out += &(inline(comment.trim()) + "\n");
        } else if line.starts_with('[') {
            let (section, comment) = line.split_once('#').unwrap_or((line, ""));
            out += &format!(
                ".SS {}\n{}\n",
                escaped(section.trim()),
                inline(comment.trim())
            );
        } else if let Some((key, rest)) = line.split_once('=') {
            let (value, comment) = rest.split_once(" #").unwrap_or((rest, ""));
            out += &format!(
                ".TP\n\\fB{}\\fR = {}\n{}\n",
                escaped(key.trim()),
                escaped(value.trim()),
                inline(comment.trim())
            );
        } else if line.is_empty() {
            out += ".PP\n";
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_a_page() {
        let page = markdown(
            "# Title\n\nSee `a-b` and **c** in [the docs](x.md).\n\n## Next\n| a | b |\n|---|---|\n```\n.x\n```\n- one\n",
        );
        let wanted = ".SH DESCRIPTION\n.PP\nSee \\fBa\\-b\\fR and \\fBc\\fR in the docs.\n.PP\n.SH NEXT\n.TP\na\nb\n\
                      .PP\n.RS 2\n.nf\n\\&.x\n.fi\n.RE\n.IP \\(bu 2\none\n";
        assert_eq!(page, wanted);
    }

    #[test]
    fn a_configuration_becomes_a_page() {
        let page = configuration("# Every key.\n\n[pad]   # liveness\ncnn = true  # color\n");
        assert_eq!(
            page,
            ".SH DESCRIPTION\nEvery key.\n.PP\n.SS [pad]\nliveness\n.TP\n\\fBcnn\\fR = true\ncolor\n"
        );
    }
}
