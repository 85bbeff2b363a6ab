//! `decide` by the table in `vectors/decide.toml`, and by property.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use facelock::service::decide::{Decision, Ended, Evidence, Judged, Liveness, Rules, decide};
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
    expect: String,
}

fn frame(text: &str) -> Judged {
    let [at, liveness, score] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let liveness = match liveness {
        "live" => Liveness::Live,
        "attack" => Liveness::Attack,
        "undecided" => Liveness::Undecided,
        "failed" => Liveness::Failed,
        other => panic!("{other}"),
    };
    Judged { at: Duration::from_millis(at.parse().unwrap()), liveness, score: score.parse().unwrap(), threshold: 0.55 }
}

fn expected(text: &str) -> Decision {
    match text {
        "match" => Decision::Verdict(Verdict::Match),
        "non-match" => Decision::Verdict(Verdict::NonMatch),
        "attack suspected" => Decision::Verdict(Verdict::AttackSuspected),
        "undecided" => Decision::Undecided,
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
        let evidence = Evidence {
            judged: case.frames.iter().map(|text| frame(text)).collect(),
            last_hint: case.hint.map(|hint| match hint.as_str() {
                "no face" => Hint::NoFace,
                "too dark" => Hint::TooDark,
                other => panic!("{other}"),
            }),
            ended: case.ended.map(|ended| match ended.as_str() {
                "deadline" => Ended::Deadline,
                "cancelled" => Ended::Cut(Unavailable::Cancelled),
                other => panic!("{other}"),
            }),
        };
        assert_eq!(decide(&evidence, &Rules::default()), expected(&case.expect), "{}", case.name);
    }
}

fn any_judged() -> impl Strategy<Value = Judged> {
    let liveness = prop_oneof![
        6 => Just(Liveness::Live), 2 => Just(Liveness::Attack), 2 => Just(Liveness::Undecided), 1 => Just(Liveness::Failed)
    ];
    let score = prop_oneof![8 => -1.0_f32..=1.0, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => any::<f32>()];
    (0_u64..8000, liveness, score).prop_map(|(at, liveness, score)| Judged {
        at: Duration::from_millis(at),
        liveness,
        score,
        threshold: 0.55,
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_match_without_enough_live_matching_faces(
        mut judged in prop::collection::vec(any_judged(), 0..12), ended in any_ended(), matches in 1_u8..=5,
    ) {
        judged.sort_by_key(|frame| frame.at);
        let rules = Rules { matches, ..Rules::default() };
        let evidence = Evidence { judged: judged.clone(), last_hint: None, ended };
        let counted = judged.iter().filter(|f| f.liveness == Liveness::Live && f.score >= f.threshold).count();
        if decide(&evidence, &rules) == Decision::Verdict(Verdict::Match) {
            prop_assert!(counted >= usize::from(matches));
            prop_assert!(judged.iter().all(|f| f.score.is_finite() && f.liveness != Liveness::Failed));
            prop_assert!(!matches!(ended, Some(Ended::Cut(_))));
        }
    }

    #[test]
    fn an_ended_attempt_is_always_answered(
        mut judged in prop::collection::vec(any_judged(), 0..12), hint in prop_oneof![Just(None), Just(Some(Hint::NoFace))],
    ) {
        judged.sort_by_key(|frame| frame.at);
        let evidence = Evidence { judged, last_hint: hint, ended: Some(Ended::Deadline) };
        prop_assert_ne!(decide(&evidence, &Rules::default()), Decision::Undecided);
    }
}
