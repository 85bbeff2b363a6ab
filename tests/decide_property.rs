//! `decide` by property: against a second implementation, and for whatever evidence there is.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use facelock::decision::verdict::{
    Challenge, Decision, DecisionRules, Ended, Evidence, Judged, decide,
};
use facelock::types::{Hint, Liveness, Unavailable, Verdict};
use proptest::prelude::*;

const WINDOW_MS: u64 = 3000;
const SPREAD_MS: u64 = 800;
const MISSES: usize = 5;

/// What must be said, by counting milliseconds and hundredths: written from the table's words, not
/// from the code. `judged` is in the order of time; scores and threshold are finite.
fn told(
    judged: &[(u64, Liveness, i32)],
    threshold: i32,
    matches: usize,
    ended: Option<Ended>,
) -> Decision {
    if let Some(Ended::Cut(reason)) = ended {
        return Decision::Unavailable(reason);
    }
    let newest = judged.iter().map(|(at, ..)| *at).max().unwrap_or(0);
    let (mut friends, mut strangers, mut attacks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut kinds, mut live, mut unsure) = ((false, false), 0, Vec::new());
    for &(at, liveness, score) in judged {
        let recent = at + WINDOW_MS >= newest;
        live += usize::from(liveness == Liveness::Live);
        match liveness {
            Liveness::Failed => return Decision::Unavailable(Unavailable::Internal),
            Liveness::Attack => {
                kinds.0 = true;
                attacks.extend(recent.then_some(at));
            }
            Liveness::Live if score < threshold => {
                kinds.1 = true;
                strangers.extend(recent.then_some(at));
            }
            Liveness::Live => friends.extend(recent.then_some(at)),
            Liveness::Undecided => unsure.push(at),
        }
    }
    let shown_long = !unsure.is_empty() && unsure[unsure.len() - 1] - unsure[0] >= SPREAD_MS;
    let enough =
        |times: &[u64]| times.len() >= MISSES && times[times.len() - 1] - times[0] >= SPREAD_MS;
    match (friends.len(), attacks.len()) {
        (n, attacks) if n >= matches && n > attacks => Decision::Verdict(Verdict::Match),
        _ if ended.is_some() => match kinds {
            (true, _) => Decision::Verdict(Verdict::AttackSuspected),
            (false, true) => Decision::Verdict(Verdict::NonMatch),
            (false, false) if shown_long && live < matches => {
                Decision::Verdict(Verdict::AttackSuspected)
            }
            (false, false) => Decision::Unavailable(Unavailable::Timeout),
        },
        (0, _) if enough(&attacks) => Decision::Verdict(Verdict::AttackSuspected),
        (0, 0) if enough(&strangers) => Decision::Verdict(Verdict::NonMatch),
        _ => Decision::Undecided,
    }
}

fn any_judged() -> impl Strategy<Value = Judged> {
    let liveness = prop_oneof![
        6 => Just(Liveness::Live),
        2 => Just(Liveness::Attack),
        2 => Just(Liveness::Undecided),
        1 => Just(Liveness::Failed),
    ];
    let score = prop_oneof![
        8 => -1.0_f32..=1.0,
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => any::<f32>(),
    ];
    (0_u64..8000, liveness, score, any::<bool>()).prop_map(|(at, liveness, score, turned)| Judged {
        at: Duration::from_millis(at),
        liveness,
        score,
        threshold: 0.55,
        turned,
    })
}

fn any_ended() -> impl Strategy<Value = Option<Ended>> {
    prop_oneof![
        Just(None),
        Just(Some(Ended::Deadline)),
        Just(Some(Ended::Cut(Unavailable::Cancelled))),
        Just(Some(Ended::Cut(Unavailable::CameraUnplugged)))
    ]
}

fn any_challenge() -> impl Strategy<Value = Challenge> {
    prop_oneof![
        Just(Challenge::NotAsked),
        Just(Challenge::Pending),
        Just(Challenge::Passed),
        Just(Challenge::Failed)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_match_without_enough_live_matching_faces(
        mut judged in prop::collection::vec(any_judged(), 0..12), ended in any_ended(),
        matches in 1_u8..=5,
        wanted in any::<bool>(),
        challenge in any_challenge(),
        eyes_shut in any::<bool>(),
    ) {
        judged.sort_by_key(|frame| frame.at);
        let rules = DecisionRules { matches, challenge: wanted, ..DecisionRules::default() };
        let evidence = Evidence {
            judged: judged.clone(),
            challenge,
            eyes_shut,
            ended,
            ..Evidence::default()
        };
        let counts =
            |f: &&Judged| f.liveness == Liveness::Live && !f.turned && f.score >= f.threshold;
        let counted = judged.iter().filter(counts).count();
        if decide(&evidence, &rules) == Decision::Verdict(Verdict::Match) {
            prop_assert!(counted >= usize::from(matches) && !eyes_shut);
            prop_assert!(
                judged
                    .iter()
                    .all(|f| f.score.is_finite() && f.liveness != Liveness::Failed)
            );
            prop_assert!(!matches!(ended, Some(Ended::Cut(_))));
            prop_assert!(
                challenge == Challenge::Passed || !wanted && challenge != Challenge::Failed
            );
        }
    }

    /// Close calls: few kinds of frames, steps of time that meet the limits exactly, scores beside
    /// the threshold.
    #[test]
    fn every_decision_is_the_one_the_words_say(
        frames in prop::collection::vec(
            (
                prop::sample::select(vec![
            0_u64, 1, 50, 199, 200, 201, 799, 800, 1600, 2999, 3000, 3001,
        ]),
                prop::sample::select(vec![
                    Liveness::Live,
            Liveness::Live,
            Liveness::Live,
            Liveness::Attack,
            Liveness::Undecided,
            Liveness::Failed,
                ]),
                prop::sample::select(vec![-100, 0, 54, 55, 56, 100]),
            ),
            0..12,
        ),
        sound in prop::bool::weighted(0.8), ended in any_ended(), matches in 1_u8..=5,
    ) {
        let mut at = 0;
        let judged: Vec<_> = frames
            .into_iter()
            .filter(|(_, liveness, _)| !sound || *liveness != Liveness::Failed)
            .map(|(step, liveness, score)| {
                at += step;
                (at, liveness, score)
            })
            .collect();
        let value = |hundredths: i32| hundredths as f32 / 100.0;
        let evidence = Evidence {
            judged: judged
                .iter()
                .map(|&(at, liveness, score)| {
                    Judged {
                    at: Duration::from_millis(at),
                    liveness,
                    score: value(score),
                    threshold: value(55),
                    turned: false,
                }
                })
                .collect(),
            last_hint: None,
            challenge: Challenge::NotAsked,
            eyes_shut: false,
            ended,
        };
        let rules = DecisionRules { matches, ..DecisionRules::default() };
        prop_assert_eq!(decide(&evidence, &rules), told(&judged, 55, usize::from(matches), ended));
    }

    /// However an attempt ends, a face that was shown for long and not judged live is not given
    /// back: it is a verdict, or it is charged.
    #[test]
    fn no_face_tries_for_ever_because_no_detector_decides(
        mut judged in prop::collection::vec(any_judged(), 0..12),
        first in 0_u64..3000, longer in 800_u64..5000, ended in any_ended(), matches in 1_u8..=5,
    ) {
        judged.retain(|frame| matches!(frame.liveness, Liveness::Undecided));
        let frame = |at| Judged {
            at: Duration::from_millis(at),
            liveness: Liveness::Undecided,
            score: 0.97,
            threshold: 0.55,
            turned: false,
        };
        judged.extend([frame(first), frame(first + longer)]);
        judged.sort_by_key(|frame| frame.at);
        let rules = DecisionRules { matches, ..DecisionRules::default() };
        let evidence = Evidence { judged, ended, ..Evidence::default() };
        let refused = [Verdict::NonMatch, Verdict::AttackSuspected].map(Decision::Verdict);
        prop_assert!(
            refused.contains(&decide(&evidence, &rules)) || evidence.speaks_against(&rules)
        );
    }

    /// The order of frames is the loop's business; safety does not rest on it, nor on rules that
    /// make sense.
    #[test]
    fn not_even_frames_out_of_order_and_senseless_rules_let_in_without_a_live_match(
        judged in prop::collection::vec(any_judged(), 0..12),
        ended in any_ended(),
        matches in 0_u8..=255,
        window in 0_u64..9000,
        threshold in prop_oneof![Just(0.55_f32), any::<f32>()],
    ) {
        let judged: Vec<_> = judged
            .into_iter()
            .map(|frame| Judged { threshold, ..frame })
            .collect();
        let rules = DecisionRules {
            matches,
            window: Duration::from_millis(window),
            ..DecisionRules::default()
        };
        let counts =
            |f: &&Judged| f.liveness == Liveness::Live && !f.turned && f.score >= f.threshold;
        let counted = judged.iter().filter(counts).count();
        let evidence = Evidence { judged, ended, ..Evidence::default() };
        if decide(&evidence, &rules) == Decision::Verdict(Verdict::Match) {
            prop_assert!(counted >= usize::from(matches.max(1)));
            prop_assert!(threshold.is_finite());
        }
    }

    #[test]
    fn an_ended_attempt_is_always_answered(
        mut judged in prop::collection::vec(any_judged(), 0..12),
        hint in prop_oneof![Just(None), Just(Some(Hint::NoFace))],
        wanted in any::<bool>(), challenge in any_challenge(),
    ) {
        judged.sort_by_key(|frame| frame.at);
        let evidence = Evidence {
            judged,
            last_hint: hint,
            challenge,
            eyes_shut: false,
            ended: Some(Ended::Deadline),
        };
        let decision = decide(
            &evidence,
            &DecisionRules {
                challenge: wanted,
                ..DecisionRules::default()
            },
        );
        prop_assert!(!matches!(decision, Decision::Undecided | Decision::Ask));
    }
}
