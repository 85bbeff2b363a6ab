//! Where face login goes into a stack, and what it may not stand in for.
//!
//! What MUST hold:
//! 1. Lines are put in, none is changed: taking them out gives back every byte.
//! 2. A face stands in for the one question a login asks (password, fingerprint), for nothing
//!    else: a gate before it is asked of a face too, a second factor behind it still is.
//! 3. A face that is not recognised changes nothing for the rules behind it.
//! 4. The jump of a recognised face lands before the rules that come after a password.
#![forbid(unsafe_code)]

use super::chain::{ChainError, Stacks, Step, chain, counted};
use super::modules::{HOMES, KEYRINGS, Part, is_plain, parts};
use super::rule::{Control, Rule};
use crate::cli::words::{filled, said};
use crate::decision::keyring::SERVICES;

/// The first and the last of the lines that are put in.
pub const BEGIN: &str = "# >>> facelockctl pam enable (facelockctl pam disable takes these out)";
pub const END: &str = "# <<< facelockctl pam enable";

#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// The stack asks for a face already, by this file.
    Already {
        file: String,
    },
    Insert(Insertion),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Insertion {
    /// The service's file with the lines in it.
    pub text: String,
    /// What the person should know before saying yes.
    pub notes: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Chain(ChainError),
    /// The stack asks for nothing that a face could stand in for.
    NoQuestion,
    /// A second factor is asked where a face would go round it.
    Factor {
        module: String,
        file: String,
    },
    /// A rule jumps over the place where face login would stand.
    Jump {
        module: String,
        file: String,
    },
    /// The lines are not as they were put in.
    Changed,
}

impl From<ChainError> for Refusal {
    fn from(error: ChainError) -> Self {
        Refusal::Chain(error)
    }
}

impl Refusal {
    pub fn told(&self) -> String {
        match self {
            Refusal::Chain(error) => error.told(),
            Refusal::NoQuestion => {
                said("this stack asks for nothing that a face could stand in for")
            }
            Refusal::Factor { module, file } => filled(
                "{module} in {file} is asked beside the password, and a face would go round it",
                &[("module", module), ("file", file)],
            ),
            Refusal::Jump { module, file } => filled(
                "{module} in {file} jumps over the place where face login would stand",
                &[("module", module), ("file", file)],
            ),
            Refusal::Changed => {
                said("the file has lines that facelockctl put in and that were changed since")
            }
        }
    }
}

/// Where the question of a chain stands.
struct Question {
    /// The first step that the service's own line brings, where the lines go in before.
    from: usize,
    /// The first step of the question itself.
    start: usize,
    /// The first step behind it.
    end: usize,
}

/// What to put into `text`, the file of `service`.
///
/// # Errors
/// [`Refusal`]: this stack is for a person to edit.
pub fn plan(stacks: &dyn Stacks, service: &str, text: &str) -> Result<Plan, Refusal> {
    if text.contains(BEGIN) && without(text).is_none() {
        return Err(Refusal::Changed);
    }
    let steps = chain(stacks, service, text)?;
    let parts = parts(steps.iter().map(|step| &step.rule));
    if let Some(at) = parts.iter().position(|part| *part == Part::Face) {
        return Ok(Plan::Already {
            file: steps[at].file.clone(),
        });
    }
    let question = question(&steps, &parts)?;
    jumped(&steps, question.from)?;
    let lines = lines(service, &steps, &parts, &question);
    Ok(Plan::Insert(Insertion {
        text: inserted(text, steps[question.start].top, &lines),
        notes: notes(service, &steps[question.end..], &parts[question.end..]),
    }))
}

fn question(steps: &[Step], parts: &[Part]) -> Result<Question, Refusal> {
    let start = parts.iter().position(|part| *part == Part::Question);
    let start = start.ok_or(Refusal::NoQuestion)?;
    let top = steps[start].top;
    let from = steps.iter().position(|step| step.top == top);
    let from = from.unwrap_or(start);
    let around = |at: usize| Refusal::Factor {
        module: steps[at].rule.module.clone(),
        file: steps[at].file.clone(),
    };
    // Before the question, in an included file: the jump would go round it.
    if let Some(at) = (from..start).find(|at| parts[*at] == Part::Factor) {
        return Err(around(at));
    }
    let stop = (start..steps.len()).find(|at| matches!(parts[*at], Part::Factor | Part::After));
    let stop = stop.unwrap_or(steps.len());
    let last = (start..stop).rfind(|at| parts[*at] == Part::Question);
    let mut end = last.unwrap_or(start) + 1;
    // A jump cannot land inside a substack: it lands behind it, past what loses nothing by that.
    let substack = steps[end - 1].substack;
    while substack != 0 && end < steps.len() && steps[end].substack == substack {
        if steps[end].rule.control.is_strict() && matches!(parts[end], Part::Factor | Part::Gate) {
            return Err(around(end));
        }
        end += 1;
    }
    Ok(Question { from, start, end })
}

/// A jump from before the lines to behind them would land elsewhere once they are in.
fn jumped(steps: &[Step], from: usize) -> Result<(), Refusal> {
    let crosses = |at: &usize| {
        let lands = at + 1 + steps[*at].rule.control.jump();
        steps[*at].level == 0 && lands > from
    };
    match (0..from).find(crosses) {
        Some(at) => Err(Refusal::Jump {
            module: steps[at].rule.module.clone(),
            file: steps[at].file.clone(),
        }),
        None => Ok(()),
    }
}

/// The lines to put in: the gates that the jump would go round, then face login.
fn lines(service: &str, steps: &[Step], parts: &[Part], question: &Question) -> Vec<String> {
    let gates = (question.from..question.start)
        .filter(|at| matches!(parts[*at], Part::Gate | Part::Early))
        .filter(|at| is_plain(&steps[*at].rule))
        .map(|at| gate(&steps[at].rule));
    let over = counted(&steps[question.from..question.end]);
    // A match goes round the password here, whose place what is handed on cannot take.
    let face = if SERVICES.contains(&service) {
        "pam_facelock.so report keyring"
    } else {
        "pam_facelock.so report"
    };
    let face = match steps.get(question.end) {
        // Nothing comes after a password: a match ends the stack.
        None => vec![format!("auth\tsufficient\t{face}")],
        // A jump says neither yes nor no; where it lands, this says yes.
        Some(step) if step.rule.module == "pam_permit.so" && step.level == 0 => {
            vec![format!("auth\t[success={over} default=ignore]\t{face}")]
        }
        // A match says yes itself, and the next line goes over the question.
        Some(_) => vec![
            format!("auth\t[success=ok default=1]\t{face}"),
            format!("auth\t[default={over}]\tpam_permit.so"),
        ],
    };
    gates.chain(face).collect()
}

fn gate(rule: &Rule) -> String {
    let control = match rule.control {
        Control::Requisite => "requisite",
        Control::Optional => "optional",
        Control::Required | Control::Sufficient | Control::Table(_) => "required",
    };
    let line = format!("auth\t{control}\t{}", rule.module);
    let arguments = rule.arguments.iter();
    arguments.fold(line, |line, argument| line + " " + argument)
}

fn inserted(text: &str, before: usize, lines: &[String]) -> String {
    let at: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let block = format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"));
    format!("{}{block}{}", &text[..at], &text[at..])
}

/// The text without the lines that were put in; none where there are none, or not as they were.
pub fn without(text: &str) -> Option<String> {
    let begin = text.find(&format!("{BEGIN}\n"))?;
    let end = begin + text[begin..].find(&format!("{END}\n"))? + END.len() + 1;
    let block = &text[begin + BEGIN.len() + 1..end];
    if block.contains(BEGIN) || !(begin == 0 || text[..begin].ends_with('\n')) {
        return None;
    }
    Some(text[..begin].to_owned() + &text[end..])
}

fn notes(service: &str, behind: &[Step], parts: &[Part]) -> Vec<String> {
    let named = |names: &[&str]| {
        let found = behind
            .iter()
            .find(|s| names.contains(&s.rule.module.as_str()));
        found.map(|step| step.rule.module.clone())
    };
    let keyring = named(&KEYRINGS).map(|module| {
        filled(
            "{module} stands behind: a face opens the session, and the keyring or wallet stays locked until its \
             password is typed.",
            &[("module", &module)],
        )
    });
    let opens = keyring.is_some() && SERVICES.contains(&service);
    let kept = opens.then(|| {
        said("facelockctl keyring enable opens it, too, for who is enrolled by infrared.")
    });
    let home = named(&HOMES).map(|module| {
        filled(
            "{module} opens the home folder with the password that was typed. A face types none: a first login by face \
             finds the home folder closed. Leave face login out of login screens here.",
            &[("module", &module)],
        )
    });
    let factor = parts.iter().position(|part| *part == Part::Factor);
    let factor = factor.map(|at| {
        filled(
            "{module} is asked after a face as it is after a password.",
            &[("module", &behind[at].rule.module)],
        )
    });
    [home, keyring, kept, factor]
        .into_iter()
        .flatten()
        .collect()
}
