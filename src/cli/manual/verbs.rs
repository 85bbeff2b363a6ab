//! facelockctl(1): every verb with every option, on one page.

use clap::{Arg, Command};

use super::roff::{escaped, inline};

/// Where files are, and who says more.
const FILES: &str = ".SH FILES
.TP
/etc/facelock/config.toml
the configuration, facelock.toml(5)
.TP
/etc/facelock/pam.d
PAM files as they were before facelockctl pam enable
.TP
/var/lib/facelock
templates, counters and kept passwords, sealed; the instance's alone
.TP
/run/facelock/facelock.sock
the socket, facelock\\-protocol(7)
";

pub fn page(command: &mut Command) -> String {
    command.build();
    let about = command.get_long_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    let (about, status) = about
        .split_once("Exit status: ")
        .unwrap_or((about.as_str(), ""));
    let mut out = format!(
        ".SH SYNOPSIS\n\\fBfacelockctl\\fR [\\-\\-json] COMMAND [options]\n.SH DESCRIPTION\n{}\n.SH OPTIONS OF EVERY COMMAND\n",
        inline(about.trim())
    );
    for argument in command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
    {
        out += &option(argument);
    }
    out += ".SH COMMANDS\n";
    for verb in command
        .get_subcommands()
        .filter(|verb| verb.get_name() != "help")
    {
        out += &described(verb, "facelockctl");
    }
    out += ".SH EXIT STATUS\n";
    for status in status.split("; ") {
        let (code, meaning) = status.split_once(' ').unwrap_or((status, ""));
        out += &format!(".TP\n{code}\n{}\n", inline(&meaning.replace('\n', " ")));
    }
    out + FILES
}

fn described(command: &Command, before: &str) -> String {
    let name = format!("{before} {}", command.get_name());
    let verbs: Vec<&Command> = command
        .get_subcommands()
        .filter(|verb| verb.get_name() != "help")
        .collect();
    if !verbs.is_empty() {
        return verbs.iter().map(|verb| described(verb, &name)).collect();
    }
    let positional = command.get_positionals().map(|argument| {
        let value = argument.get_id().as_str().to_uppercase();
        if argument.is_required_set() {
            format!(" {value}")
        } else {
            format!(" [{value}]")
        }
    });
    let positional: String = positional.collect();
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let options = command.get_arguments().filter(|argument| {
        !argument.is_global_set() && !["help", "version"].contains(&argument.get_id().as_str())
    });
    let options: String = options.map(option).collect();
    format!(
        ".SS {}{}\n{}\n{options}",
        escaped(&name),
        escaped(&positional),
        inline(&about.replace('\n', " "))
    )
}

fn option(argument: &Arg) -> String {
    let value = argument.get_value_names().and_then(|names| names.first());
    let value = value.filter(|_| argument.get_action().takes_values());
    let value = value.map_or(String::new(), |value| {
        format!(" \\fI{}\\fR", escaped(value))
    });
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    let names: Vec<String> = short
        .into_iter()
        .chain(long)
        .map(|name| escaped(&name))
        .collect();
    let name = if names.is_empty() {
        argument.get_id().as_str().to_uppercase()
    } else {
        format!("\\fB{}\\fR{value}", names.join("\\fR, \\fB"))
    };
    let help = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let default: Vec<String> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let default = if default.is_empty() || !argument.get_action().takes_values() {
        String::new()
    } else {
        format!(" [{}]", escaped(&default.join(" ")))
    };
    format!(".TP\n{name}\n{}{default}\n", inline(&help))
}
