//! What each embedder shall count, and the threshold: chosen on half of the people, judged on the
//! other half.

use std::fmt::Write as _;

use anyhow::Result;
use facelock::face::{Networks, Weights};

use super::identities::{Set, Trials, trials};
use super::stats::{Rate, Scores};

/// Templates a person.
const TEMPLATES: usize = 5;
/// Ways to split the people in two.
const SPLITS: usize = 10;
/// What the first embedder counts for each 1 of the others.
const FIRST: [f32; 5] = [1.0, 2.0, 3.0, 6.0, 100.0];
/// The false match rate that a half sets its threshold for.
const FMR: f64 = 1e-5;

/// What the second half says of one choice of the first.
#[derive(Clone, Copy, Default)]
struct Judged {
    missed: Rate,
    matched: Rate,
}

impl Judged {
    fn join(&mut self, other: Self) {
        self.missed.join(other.missed);
        self.matched.join(other.matched);
    }
}

/// Errors on people who had no part in the choice of the threshold, by weight.
pub fn table(networks: &Networks, set: &Set) -> Result<String> {
    let lengths = networks
        .embedders
        .iter()
        .filter_map(|entry| entry.embedding);
    let lengths: Vec<_> = lengths.map(|spec| spec.length).collect();
    let by_weight: Vec<Trials> = FIRST
        .iter()
        .map(|first| {
            let count = |n| if n == 0 { *first } else { 1.0 };
            let of: Vec<_> = (0..).map(count).zip(&lengths).collect();
            let of: Vec<_> = of
                .iter()
                .map(|(weight, length)| (**length, *weight))
                .collect();
            trials(set, TEMPLATES, &Weights::of(&of))
        })
        .collect();
    let mut sums = [Judged::default(); FIRST.len()];
    let mut chosen = Judged::default();
    for split in 0..2 * SPLITS {
        let choices = by_weight.iter().map(|trials| judge(trials, split));
        let choices: Vec<_> = choices.collect();
        sums.iter_mut()
            .zip(&choices)
            .for_each(|(sum, (_, judged))| sum.join(*judged));
        let best = choices.iter().min_by(|(a, _), (b, _)| a.total_cmp(b));
        best.into_iter()
            .for_each(|(_, judged)| chosen.join(*judged));
    }
    let mut text = format!(
        "\n**Halves**: LFW color, best of {TEMPLATES} templates. One half of the people sets the threshold for FMR 1e-5, the other is judged by it; {SPLITS} splits, both ways.\n\n| {} counts | FNMR | FMR |\n|---|---|---|\n",
        networks.embedders[0].name
    );
    for (first, Judged { missed, matched }) in FIRST.iter().zip(&sums) {
        writeln!(text, "| {first} to 1 | {missed} | {matched} |")?;
    }
    let Judged { missed, matched } = chosen;
    writeln!(
        text,
        "| what the first half chooses | {missed} | {matched} |"
    )?;
    Ok(text)
}

/// FNMR on the half that chooses, and what the other half says.
fn judge(Trials { genuine, impostor }: &Trials, split: usize) -> (f64, Judged) {
    let chooses = |person: usize| half(person, split / 2) == split.is_multiple_of(2);
    let scores = |of: bool| {
        let own = genuine.iter().filter(|(_, person)| chooses(*person) == of);
        let others = impostor
            .iter()
            .filter(|(_, pair)| pair.iter().all(|p| chooses(*p) == of));
        (
            Scores::of(own.map(|(score, _)| *score).collect()),
            Scores::of(others.map(|(score, _)| *score).collect()),
        )
    };
    let ((genuine, impostor), (later, strangers)) = (scores(true), scores(false));
    let threshold = impostor.threshold(FMR);
    let judged = Judged {
        missed: later.missing(threshold),
        matched: strangers.reaching(threshold),
    };
    (genuine.missing(threshold).value(), judged)
}

/// On which side of a split a person is: a bit of the splitmix64 hash of both numbers.
fn half(person: usize, split: usize) -> bool {
    let mut z = ((split as u64) << 32 | person as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) & 1 == 1
}
