//! `decide` by the table in `vectors/decide.toml`, and by property.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use facelock::service::decide::{Challenge, Decision, Ended, Evidence, Judged, Liveness, Rules, decide};
use facelock::types::{Hint, Unavailable, Verdict};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    frames: Vec<String>,
    hint: Option<String>,
    ended: Option<String>,
    /// Absent: none is wanted.
    challenge: Option<String>,
    expect: String,
}

fn frame(text: &str) -> Judged {
    let (text, turned) = text.strip_suffix(" turned").map_or((text, false), |text| (text, true));
    let [at, liveness, score] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let liveness = match liveness {
        "live" => Liveness::Live,
        "attack" => Liveness::Attack,
        "undecided" => Liveness::Undecided,
        "failed" => Liveness::Failed,
        other => panic!("{other}"),
    };
    let at = Duration::from_millis(at.parse().unwrap());
    Judged { at, liveness, score: score.parse().unwrap(), threshold: 0.55, turned }
}

fn expected(text: &str) -> Decision {
    match text {
        "match" => Decision::Verdict(Verdict::Match),
        "non-match" => Decision::Verdict(Verdict::NonMatch),
        "attack suspected" => Decision::Verdict(Verdict::AttackSuspected),
        "undecided" => Decision::Undecided,
        "ask" => Decision::Ask,
        "unavailable timeout" => Decision::Unavailable(Unavailable::Timeout),
        "unavailable no face" => Decision::Unavailable(Unavailable::NoFace),
        "unavailable too dark" => Decision::Unavailable(Unavailable::TooDark),
        "unavailable cancelled" => Decision::Unavailable(Unavailable::Cancelled),
        "unavailable internal" => Decision::Unavailable(Unavailable::Internal),
        other => panic!("{other}"),
    }
}

#[test]
fn every_case_of_the_table() {
    let table: Table = toml::from_str(include_str!("vectors/decide.toml")).unwrap();
    assert!(table.case.len() > 15);
    for case in table.case {
        let rules = Rules { challenge: case.challenge.is_some(), ..Rules::default() };
        let evidence = Evidence {
            judged: case.frames.iter().map(|text| frame(text)).collect(),
            last_hint: case.hint.map(|hint| match hint.as_str() {
                "no face" => Hint::NoFace,
                "too dark" => Hint::TooDark,
                other => panic!("{other}"),
            }),
            challenge: match case.challenge.as_deref() {
                None | Some("not asked") => Challenge::NotAsked,
                Some("pending") => Challenge::Pending,
                Some("passed") => Challenge::Passed,
                Some("failed") => Challenge::Failed,
                Some(other) => panic!("{other}"),
            },
            ended: case.ended.map(|ended| match ended.as_str() {
                "deadline" => Ended::Deadline,
                "cancelled" => Ended::Cut(Unavailable::Cancelled),
                other => panic!("{other}"),
            }),
        };
        assert_eq!(decide(&evidence, &rules), expected(&case.expect), "{}", case.name);
    }
}

fn any_judged() -> impl Strategy<Value = Judged> {
    let liveness = prop_oneof![
        6 => Just(Liveness::Live), 2 => Just(Liveness::Attack), 2 => Just(Liveness::Undecided), 1 => Just(Liveness::Failed)
    ];
    let score = prop_oneof![8 => -1.0_f32..=1.0, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => any::<f32>()];
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
    prop_oneof![Just(Challenge::NotAsked), Just(Challenge::Pending), Just(Challenge::Passed), Just(Challenge::Failed)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_match_without_enough_live_matching_faces(
        mut judged in prop::collection::vec(any_judged(), 0..12), ended in any_ended(),
        matches in 1_u8..=5, wanted in any::<bool>(), challenge in any_challenge(),
    ) {
        judged.sort_by_key(|frame| frame.at);
        let rules = Rules { matches, challenge: wanted, ..Rules::default() };
        let evidence = Evidence { judged: judged.clone(), last_hint: None, challenge, ended };
        let counts = |f: &&Judged| f.liveness == Liveness::Live && !f.turned && f.score >= f.threshold;
        let counted = judged.iter().filter(counts).count();
        if decide(&evidence, &rules) == Decision::Verdict(Verdict::Match) {
            prop_assert!(counted >= usize::from(matches));
            prop_assert!(judged.iter().all(|f| f.score.is_finite() && f.liveness != Liveness::Failed));
            prop_assert!(!matches!(ended, Some(Ended::Cut(_))));
            prop_assert!(challenge == Challenge::Passed || !wanted && challenge != Challenge::Failed);
        }
    }

    #[test]
    fn an_ended_attempt_is_always_answered(
        mut judged in prop::collection::vec(any_judged(), 0..12), hint in prop_oneof![Just(None), Just(Some(Hint::NoFace))],
        wanted in any::<bool>(), challenge in any_challenge(),
    ) {
        judged.sort_by_key(|frame| frame.at);
        let evidence = Evidence { judged, last_hint: hint, challenge, ended: Some(Ended::Deadline) };
        let decision = decide(&evidence, &Rules { challenge: wanted, ..Rules::default() });
        prop_assert!(!matches!(decision, Decision::Undecided | Decision::Ask));
    }
}
