//! A service's auth rules in the order libpam asks them, across the files they come from.

use super::rule::{Kind, Rule, Statement, statements};
use crate::cli::words::filled;

/// Where PAM files are read; the edge that tests replace.
pub trait Stacks {
    /// The text of a service's file, as libpam finds it.
    fn text(&self, service: &str) -> Option<String>;
}

/// One rule of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub rule: Rule,
    /// The file it stands in.
    pub file: String,
    /// The line of the service's own file that brings it.
    pub top: usize,
    /// How many substacks it is in: a jump outside counts a substack as one.
    pub level: usize,
    /// Which substack of the service's chain this is in; 0 for none.
    pub substack: usize,
}

/// Files that include each other are followed this far.
const DEPTH: usize = 16;

#[derive(Debug, PartialEq, Eq)]
pub enum ChainError {
    /// A file that is included is not there.
    Missing { file: String },
    /// A file includes itself.
    Endless { file: String },
}

impl ChainError {
    pub fn told(&self) -> String {
        match self {
            ChainError::Missing { file } => {
                filled("{file} is included, and is not there", &[("file", file)])
            }
            ChainError::Endless { file } => filled("{file} includes itself", &[("file", file)]),
        }
    }
}

struct Walk<'a> {
    stacks: &'a dyn Stacks,
    steps: Vec<Step>,
    substacks: usize,
}

/// The auth rules behind `text`, the file of `service`.
///
/// # Errors
/// A file that is included is not there, or includes itself.
pub fn chain(stacks: &dyn Stacks, service: &str, text: &str) -> Result<Vec<Step>, ChainError> {
    let mut walk = Walk {
        stacks,
        steps: Vec::new(),
        substacks: 0,
    };
    for (line, statement) in statements(text) {
        walk.follow(service, &statement, line, Place::default())?;
    }
    Ok(walk.steps)
}

/// How deep a statement stands.
#[derive(Clone, Copy, Default)]
struct Place {
    depth: usize,
    level: usize,
    substack: usize,
}

impl Walk<'_> {
    fn follow(
        &mut self,
        file: &str,
        statement: &Statement,
        top: usize,
        place: Place,
    ) -> Result<(), ChainError> {
        match statement {
            Statement::Rule(Kind::Auth, rule) => self.steps.push(Step {
                rule: rule.clone(),
                file: file.into(),
                top,
                level: place.level,
                substack: place.substack,
            }),
            Statement::Include(None | Some(Kind::Auth), other) => {
                self.file(other, top, place)?;
            }
            Statement::Substack(Kind::Auth, other) => {
                let mut inside = Place {
                    level: place.level + 1,
                    ..place
                };
                if place.level == 0 {
                    self.substacks += 1;
                    inside.substack = self.substacks;
                }
                self.file(other, top, inside)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn file(&mut self, file: &str, top: usize, place: Place) -> Result<(), ChainError> {
        let name = || file.to_owned();
        if place.depth == DEPTH {
            return Err(ChainError::Endless { file: name() });
        }
        let text = self.stacks.text(file);
        let text = text.ok_or_else(|| ChainError::Missing { file: name() })?;
        let inside = Place {
            depth: place.depth + 1,
            ..place
        };
        for (_, statement) in statements(&text) {
            self.follow(file, &statement, top, inside)?;
        }
        Ok(())
    }
}

/// How many rules a jump from outside counts in `steps`: a substack is one, whatever it holds.
pub fn counted(steps: &[Step]) -> usize {
    let mut last = 0;
    let counts = |step: &&Step| {
        let first_of_substack = step.substack != last;
        last = step.substack;
        step.substack == 0 || first_of_substack
    };
    steps.iter().filter(counts).count()
}
