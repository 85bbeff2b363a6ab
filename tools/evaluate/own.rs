//! A cut of each person's own, taken from the margins of the frames that were enrolled: what it
//! refuses of the person, and what it stops of pictures of the person. Chosen on the others.

use std::fmt::Write as _;

use anyhow::Result;
use facelock::pad::{Bounds, OwnCut, median};

use crate::stats::Rate;
use crate::trace::{Kind, Person, Replay, SIGMAS};

/// How far below the median of the enrollment the cut lies.
const BELOW: [f32; 4] = [5.0, 6.0, 7.0, 8.0];
/// Where it lies at most.
const TOP: [f32; 4] = [-2.0, 0.0, 2.0, 4.0];
/// No attempt may be refused under noise up to this one of [`SIGMAS`].
const SPARED: usize = 1;

/// Loosest first.
fn rules() -> impl Iterator<Item = OwnCut> {
    let of = |top| {
        BELOW
            .into_iter()
            .rev()
            .map(move |below| OwnCut { below, top })
    };
    TOP.into_iter().flat_map(of)
}

/// The strictest bounds that any rule comes to.
pub fn strictest(loose: &Bounds) -> Bounds {
    let all = rules().map(|rule| rule.tighten(loose, Some(f32::MAX)));
    all.fold(*loose, |bounds, other| bounds.strictest(&other))
}

fn own(person: &Person) -> Option<f32> {
    median(person.enrolled.iter().copied())
}

/// What bounds came to.
#[derive(Clone, Copy, Default)]
struct Outcome {
    /// Genuine attempts that are not taken for live: the same day and another, by noise.
    refused: [[Rate; SIGMAS.len()]; 2],
    /// Pictures that are.
    rendered: Rate,
    prints: Rate,
}

impl Outcome {
    fn of(person: &Person, replay: &Replay, bounds: &Bounds) -> Self {
        let mut outcome = Self::default();
        for (kind, seen) in &person.attempts {
            let live = replay.run(seen, bounds).passed_as_live();
            match kind {
                Kind::Genuine(day, sigma) => outcome.refused[usize::from(*day)][*sigma].add(!live),
                Kind::Rendered => outcome.rendered.add(live),
                Kind::Print => outcome.prints.add(live),
            }
        }
        outcome
    }

    fn join(mut self, other: Self) -> Self {
        for (day, theirs) in self.refused.iter_mut().zip(other.refused) {
            day.iter_mut()
                .zip(theirs)
                .for_each(|(rate, their)| rate.join(their));
        }
        self.rendered.join(other.rendered);
        self.prints.join(other.prints);
        self
    }

    fn spared(&self) -> Rate {
        let mut all = Rate::default();
        let days = self.refused.iter().flat_map(|day| &day[..=SPARED]);
        days.for_each(|rate| all.join(*rate));
        all
    }

    fn refused(&self) -> Rate {
        let mut all = Rate::default();
        self.refused
            .iter()
            .flatten()
            .for_each(|rate| all.join(*rate));
        all
    }

    /// Both days, by noise, and pictures.
    fn cells(&self) -> String {
        let short = |rate: &Rate| format!("{}/{}", rate.k, rate.n);
        let day = |day: &[Rate]| day.iter().map(short).collect::<Vec<_>>().join(", ");
        let [same, other] = &self.refused;
        format!("{} | {} | {}", day(same), day(other), self.rendered)
    }
}

/// What everything came to for one person.
struct Row<'a> {
    person: &'a Person,
    common: Outcome,
    /// By every rule, in the order of [`rules`].
    by_rule: Vec<Outcome>,
}

impl Row<'_> {
    fn in_force(&self) -> Outcome {
        let n = rules().position(|rule| rule == OwnCut::MARGINS);
        n.map_or(self.common, |n| self.by_rule[n])
    }
}

/// # Errors
/// Nothing can be written.
pub fn table(people: &[Person], replay: &Replay, loose: &Bounds) -> Result<String> {
    let row = |person| Row {
        person,
        common: Outcome::of(person, replay, loose),
        by_rule: rules()
            .map(|rule| Outcome::of(person, replay, &rule.tighten(loose, own(person))))
            .collect(),
    };
    let rows: Vec<Row> = people.iter().map(row).collect();
    let text = grid(&rows)?;
    Ok(text + &left_out(&rows, loose)?)
}

fn worst<'a>(each: impl Iterator<Item = (&'a str, Rate)>) -> String {
    let worst = each.max_by(|a, b| a.1.value().total_cmp(&b.1.value()));
    let said = worst.filter(|(_, rate)| rate.k > 0);
    said.map_or("-".to_owned(), |(name, rate)| {
        format!("{name}: {}/{}", rate.k, rate.n)
    })
}

fn grid(rows: &[Row]) -> Result<String> {
    let mut text = String::from(
        "Genuine attempts not taken for live stand as filmed, with noise of sigma 4, and of sigma 8.\n\n| cut | the same day | another day | attacks made here, taken for live | worst person, of all attempts | real prints taken for live |\n|---|---|---|---|---|---|\n",
    );
    let mut say = |name: &str, pick: &dyn Fn(&Row) -> Outcome| {
        let all = rows
            .iter()
            .map(pick)
            .fold(Outcome::default(), Outcome::join);
        let each = rows
            .iter()
            .map(|row| (row.person.name.as_str(), pick(row).refused()));
        let (cells, prints) = (all.cells(), all.prints);
        writeln!(
            text,
            "| {name} | {cells} | {} | {}/{} |",
            worst(each),
            prints.k,
            prints.n
        )
    };
    say("the common one", &|row| row.common)?;
    for (n, rule) in rules().enumerate() {
        let mut name = format!("own median - {}, at most {}", rule.below, rule.top);
        if rule == OwnCut::MARGINS {
            name = format!("**in force:** {name}");
        }
        say(&name, &|row| row.by_rule[n])?;
    }
    Ok(text)
}

/// The rule that refuses none of these people's attempts that the common bounds let pass, and
/// stops most pictures; the loosest of equal ones. `None`: every rule refuses one.
fn chosen(rows: &[&Row]) -> Option<(usize, OwnCut)> {
    let mut best: Option<((usize, OwnCut), u64)> = None;
    let total = |pick: &dyn Fn(&Row) -> Outcome| {
        let each = rows.iter().map(|row| pick(row));
        each.fold(Outcome::default(), Outcome::join)
    };
    let spared = total(&|row| row.common).spared().k;
    for (n, rule) in rules().enumerate() {
        let all = total(&|row| row.by_rule[n]);
        let better = best.is_none_or(|(_, taken)| all.rendered.k < taken);
        if all.spared().k <= spared && better {
            best = Some(((n, rule), all.rendered.k));
        }
    }
    best.map(|(rule, _)| rule)
}

/// For each person, the rule that the others choose, and what it does to that person.
fn left_out(rows: &[Row], loose: &Bounds) -> Result<String> {
    let mut text = String::from(
        "\n| left out | own median | the others' rule | cut | refused the same day | another day | attacks made here, taken for live | by the common cut | the cut in force | by it |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let (mut before, mut after) = (Outcome::default(), Outcome::default());
    for row in rows {
        let others = rows
            .iter()
            .filter(|other| other.person.name != row.person.name);
        let others: Vec<&Row> = others.collect();
        let (outcome, rule, cut) = match chosen(&others) {
            Some((n, rule)) => (
                row.by_rule[n],
                format!("- {}, at most {}", rule.below, rule.top),
                rule.tighten(loose, own(row.person)).live,
            ),
            None => (row.common, "none".to_owned(), loose.live),
        };
        (before, after) = (before.join(row.common), after.join(outcome));
        let (name, cells) = (&row.person.name, outcome.cells());
        let (common, in_force) = (row.common.rendered, row.in_force().rendered);
        let now = OwnCut::MARGINS.tighten(loose, own(row.person)).live;
        let own = own(row.person).unwrap_or(f32::NAN);
        writeln!(
            text,
            "| {name} | {own:.1} | {rule} | {cut:.1} | {cells} | {}/{} | {now:.1} | {}/{} |",
            common.k, common.n, in_force.k, in_force.n
        )?;
    }
    for (name, outcome) in [("all", after), ("all, by the common cut", before)] {
        writeln!(text, "| {name} | | | | {} | | | |", outcome.cells())?;
    }
    Ok(text)
}
