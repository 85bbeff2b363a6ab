//! When does it say yes? Here, and nowhere else.
//!
//! What MUST hold:
//! 1. [`Verdict::Match`] needs [`DecisionRules::matches`] frames, each with one face that was
//!    judged live **and** compared, at or above its threshold. Liveness and score come in one
//!    [`Judged`], so that no other face's score can stand beside it.
//! 2. A number that is not finite is no score: it ends the attempt without a decision.
//! 3. A detector that failed is not a detector that found a live face: it ends the attempt without
//!    a decision.
//! 4. An attempt that was cut off, by whatever, made no decision.
//! 5. Where [`DecisionRules::challenge`] asks for one, there is no match without
//!    [`Challenge::Passed`].
//! 6. There is no match while every face that matched had its eyes shut.
//! 7. Liveness that was never given counts: a face that was compared over [`DecisionRules::spread`]
//!    and not judged live often enough for a match is refused, however the attempt ends.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::types::{Hint, Liveness, Unavailable, Verdict};

/// One face of one frame, good enough to be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Since the attempt began.
    pub at: Duration,
    pub liveness: Liveness,
    /// Cosine with the best template, -1..=1.
    pub score: f32,
    /// The model's threshold for this spectrum.
    pub threshold: f32,
    /// Turned away because that was asked for: what it scores is neither a match nor a miss.
    pub turned: bool,
}

impl Judged {
    fn is_sound(&self) -> bool {
        self.score.is_finite() && self.threshold.is_finite() && self.liveness != Liveness::Failed
    }

    fn is_match(&self) -> bool {
        self.liveness == Liveness::Live && !self.turned && self.score >= self.threshold
    }

    fn is_miss(&self) -> bool {
        self.liveness == Liveness::Live && !self.turned && self.score < self.threshold
    }

    fn is_attack(&self) -> bool {
        self.liveness == Liveness::Attack
    }

    fn is_undecided(&self) -> bool {
        self.liveness == Liveness::Undecided
    }
}

/// Why no more frames will be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The time is over; what was judged so far decides.
    Deadline,
    /// Something made a decision impossible.
    Cut(Unavailable),
}

/// How an active challenge stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Challenge {
    #[default]
    NotAsked,
    Pending,
    Passed,
    /// Answered wrongly, as a recording does.
    Failed,
}

/// All that an attempt has seen.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// In the order of their frames.
    pub judged: Vec<Judged>,
    /// Why the newest frame could not be judged.
    pub last_hint: Option<Hint>,
    pub challenge: Challenge,
    /// Every face that matched so far had its eyes shut: the person may be asleep.
    pub eyes_shut: bool,
    pub ended: Option<Ended>,
}

impl Evidence {
    /// Adds a judged face. `shut`: whether its eyes surely are; absent where nothing looks at them.
    /// Open eyes of a face that does not match say nothing of the one that does.
    pub fn add(&mut self, face: Judged, shut: Option<bool>) {
        if face.score >= face.threshold {
            let first = !self.judged.iter().any(|f| f.score >= f.threshold);
            self.eyes_shut = shut == Some(true) && (first || self.eyes_shut);
        }
        self.judged.push(face);
    }

    /// Whether a face was judged and spoke against a match. An attempt that is cut off then still
    /// counts: a peer that hangs up before the verdict must not guess for nothing.
    pub fn speaks_against(&self, rules: &DecisionRules) -> bool {
        self.judged
            .iter()
            .any(|frame| frame.is_miss() || frame.is_attack())
            || self.withholds_liveness(rules)
    }

    /// Whether a face was there for as long as a non-match takes, and never showed that it lives:
    /// what a picture does that no detector can make up its mind about.
    fn withholds_liveness(&self, rules: &DecisionRules) -> bool {
        let live = self
            .judged
            .iter()
            .filter(|frame| frame.liveness == Liveness::Live)
            .count();
        live < usize::from(rules.matches.max(1))
            && spread(&self.judged, Judged::is_undecided).is_some_and(|time| time >= rules.spread)
    }
}

/// How much evidence a verdict needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionRules {
    /// Matching frames for a match, 1..=5.
    pub matches: u8,
    /// Frames for a non-match, or for an attack, 1..=20.
    pub misses: u8,
    /// What they must be spread over, so that a turned head is not a non-match at once.
    pub spread: Duration,
    /// Only frames this recent count for a verdict before the deadline.
    pub window: Duration,
    /// Whether a match needs a challenge that was passed.
    pub challenge: bool,
}

impl Default for DecisionRules {
    fn default() -> Self {
        Self {
            matches: 2,
            misses: 5,
            spread: Duration::from_millis(800),
            window: Duration::from_secs(3),
            challenge: false,
        }
    }
}

#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Verdict(Verdict),
    Unavailable(Unavailable),
    /// All that a match needs is there but the challenge: ask for it.
    Ask,
    /// Look at another frame.
    Undecided,
}

/// Turns evidence into a decision.
pub fn decide(evidence: &Evidence, rules: &DecisionRules) -> Decision {
    if let Some(Ended::Cut(reason)) = evidence.ended {
        return Decision::Unavailable(reason);
    }
    if evidence.judged.iter().any(|frame| !frame.is_sound()) {
        return Decision::Unavailable(Unavailable::Internal);
    }
    if evidence.challenge == Challenge::Failed {
        return Decision::Verdict(Verdict::AttackSuspected);
    }
    let recent = window(&evidence.judged, rules.window);
    let matches = recent.iter().filter(|frame| frame.is_match()).count();
    let attacks = recent.iter().filter(|frame| frame.is_attack()).count();
    let matched = matches >= usize::from(rules.matches.max(1)) && matches > attacks;
    let matched = matched && !evidence.eyes_shut;
    let passed = !rules.challenge || evidence.challenge == Challenge::Passed;
    if matched && passed {
        return Decision::Verdict(Verdict::Match);
    }
    if evidence.ended == Some(Ended::Deadline) {
        return at_deadline(evidence, rules, matched);
    }
    if matched && evidence.challenge == Challenge::NotAsked {
        return Decision::Ask;
    }
    if matches == 0 && suffices(recent, Judged::is_attack, rules) {
        return Decision::Verdict(Verdict::AttackSuspected);
    }
    if matches == 0 && attacks == 0 && suffices(recent, Judged::is_miss, rules) {
        return Decision::Verdict(Verdict::NonMatch);
    }
    Decision::Undecided
}

fn window(judged: &[Judged], length: Duration) -> &[Judged] {
    let Some(newest) = judged.last() else {
        return judged;
    };
    let start = newest.at.saturating_sub(length);
    &judged[judged.partition_point(|frame| frame.at < start)..]
}

fn suffices(recent: &[Judged], counts: fn(&Judged) -> bool, rules: &DecisionRules) -> bool {
    let number = recent.iter().filter(|frame| counts(frame)).count();
    number >= usize::from(rules.misses.max(1))
        && spread(recent, counts).is_some_and(|time| time >= rules.spread)
}

/// The time from the first to the last of the frames that count.
fn spread(judged: &[Judged], counts: fn(&Judged) -> bool) -> Option<Duration> {
    let mut times = judged.iter().filter(|frame| counts(frame)).map(|f| f.at);
    let first = times.next()?;
    Some(times.next_back().unwrap_or(first).saturating_sub(first))
}

/// The time is over. A face that was judged and did not get in is a verdict; everything else is
/// none, and so is a face that matched and did not answer the challenge.
fn at_deadline(evidence: &Evidence, rules: &DecisionRules, matched: bool) -> Decision {
    let asked = matched || evidence.challenge != Challenge::NotAsked;
    if evidence.judged.iter().any(Judged::is_attack) {
        Decision::Verdict(Verdict::AttackSuspected)
    } else if !asked && evidence.judged.iter().any(Judged::is_miss) {
        Decision::Verdict(Verdict::NonMatch)
    } else if !asked && evidence.withholds_liveness(rules) {
        Decision::Verdict(Verdict::AttackSuspected)
    } else {
        Decision::Unavailable(match evidence.last_hint {
            Some(Hint::NoFace) if evidence.judged.is_empty() => Unavailable::NoFace,
            Some(Hint::TooDark) if evidence.judged.is_empty() => Unavailable::TooDark,
            _ => Unavailable::Timeout,
        })
    }
}
