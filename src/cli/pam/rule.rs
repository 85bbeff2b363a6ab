//! A PAM file's lines, as libpam reads them (pam.conf(5)).

/// What a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Auth,
    Account,
    Password,
    Session,
}

/// How a module's answer counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    Required,
    Requisite,
    Sufficient,
    Optional,
    /// `[value=action ...]`, in the order written.
    Table(Vec<(String, String)>),
}

impl Control {
    /// What happens on success, or on `default`, in the table's own words.
    fn action(&self, value: &str) -> Option<&str> {
        let Control::Table(table) = self else {
            return None;
        };
        let found = |name| table.iter().find(|(value, _)| value == name);
        found(value)
            .or_else(|| found("default"))
            .map(|(_, action)| action.as_str())
    }

    /// The longest jump, in rules.
    pub fn jump(&self) -> usize {
        let Control::Table(table) = self else {
            return 0;
        };
        let jumps = table.iter().filter_map(|(_, action)| action.parse().ok());
        jumps.max().unwrap_or(0)
    }

    /// Whether a success here is enough for what this rule belongs to: one way in among several.
    pub fn is_alternative(&self) -> bool {
        match self {
            Control::Sufficient => true,
            Control::Required | Control::Requisite | Control::Optional => false,
            Control::Table(_) => self
                .action("success")
                .is_some_and(|action| action == "done" || action.parse::<u32>().is_ok()),
        }
    }

    /// Whether a failure here is held against the person.
    pub fn is_strict(&self) -> bool {
        match self {
            Control::Required | Control::Requisite => true,
            Control::Sufficient | Control::Optional => false,
            Control::Table(_) => self
                .action("auth_err")
                .is_some_and(|action| action == "bad" || action == "die"),
        }
    }
}

/// One module's place in a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub control: Control,
    /// The module's file name, without its folder.
    pub module: String,
    pub arguments: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A comment, an empty line, or what libpam does not understand either.
    Nothing,
    Rule(Kind, Rule),
    /// Another file's rules: of one kind (`include`), or all of them (`@include`).
    Include(Option<Kind>, String),
    /// Another file's rules as a stack of its own.
    Substack(Kind, String),
}

/// Statements with the number of their first line; a line that ends in `\` goes on.
pub fn statements(text: &str) -> Vec<(usize, Statement)> {
    let mut found = Vec::new();
    let (mut first, mut joined) = (0, String::new());
    for (number, line) in text.lines().enumerate() {
        if joined.is_empty() {
            first = number;
        }
        let line = line.split('#').next().unwrap_or_default();
        if let Some(begun) = line.strip_suffix('\\') {
            joined += begun;
            joined.push(' ');
            continue;
        }
        joined += line;
        found.push((first, parse(&joined)));
        joined.clear();
    }
    found
}

fn parse(line: &str) -> Statement {
    let mut words = words(line).into_iter();
    let (Some(first), Some(second)) = (words.next(), words.next()) else {
        return Statement::Nothing;
    };
    if first == "@include" {
        return Statement::Include(None, second);
    }
    let kind = match first.trim_start_matches('-').to_ascii_lowercase().as_str() {
        "auth" => Kind::Auth,
        "account" => Kind::Account,
        "password" => Kind::Password,
        "session" => Kind::Session,
        _ => return Statement::Nothing,
    };
    let Some(third) = words.next() else {
        return Statement::Nothing;
    };
    let control = match second.to_ascii_lowercase().as_str() {
        "include" => return Statement::Include(Some(kind), third),
        "substack" => return Statement::Substack(kind, third),
        "required" => Control::Required,
        "requisite" => Control::Requisite,
        "sufficient" => Control::Sufficient,
        "optional" => Control::Optional,
        _ => Control::Table(table(&second)),
    };
    let module = third.rsplit('/').next().unwrap_or_default().to_owned();
    let arguments = words.collect();
    Statement::Rule(
        kind,
        Rule {
            control,
            module,
            arguments,
        },
    )
}

/// Words between white space; what stands in square brackets is one word.
fn words(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('[') {
            Some(inside) => inside.find(']').map_or(rest.len(), |at| at + 2),
            None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        found.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    found
}

fn table(word: &str) -> Vec<(String, String)> {
    word.trim_matches(['[', ']'])
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .map(|(value, action)| (value.to_ascii_lowercase(), action.to_ascii_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Statement {
        let mut found = statements(text);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0).1
    }

    #[test]
    fn lines_are_read_as_libpam_reads_them() {
        assert_eq!(
            only("@include common-auth"),
            Statement::Include(None, "common-auth".into())
        );
        assert_eq!(
            only("-auth  SUBSTACK system-auth # here"),
            Statement::Substack(Kind::Auth, "system-auth".into())
        );
        assert_eq!(only("# auth required pam_unix.so"), Statement::Nothing);
        assert_eq!(only("auth required"), Statement::Nothing);
        let Statement::Rule(Kind::Auth, rule) =
            only("auth [success=2 default=ignore] /lib/security/pam_unix.so nullok [a b]")
        else {
            panic!("no rule");
        };
        assert_eq!(rule.module, "pam_unix.so");
        assert_eq!(rule.arguments, ["nullok", "[a b]"]);
        assert!(rule.control.is_alternative());
    }

    #[test]
    fn a_line_goes_on_behind_a_backslash() {
        let found = statements("auth \\\n required \\\n pam_deny.so\nsession optional pam_x.so\n");
        assert_eq!(found[0].0, 0);
        assert!(
            matches!(&found[0].1, Statement::Rule(Kind::Auth, rule) if rule.control.is_strict())
        );
        assert_eq!(found[1].0, 3);
    }
}
