//! `decide` by the table in `vectors/decide.toml`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use facelock::decision::verdict::{
    Challenge, Decision, DecisionRules, Ended, Evidence, Judged, decide,
};
use facelock::types::{Hint, Liveness, Unavailable, Verdict};
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
    #[serde(default)]
    eyes_shut: bool,
    expect: String,
    /// Whether an end without a verdict counts as a miss; asked where the attempt was cut off.
    charged: Option<bool>,
}

fn frame(text: &str) -> Judged {
    let (text, turned) = text
        .strip_suffix(" turned")
        .map_or((text, false), |text| (text, true));
    let [at, liveness, score] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    let liveness = match liveness {
        "live" => Liveness::Live,
        "attack" => Liveness::Attack,
        "undecided" => Liveness::Undecided,
        "failed" => Liveness::Failed,
        other => panic!("{other}"),
    };
    let at = Duration::from_millis(at.parse().unwrap());
    Judged {
        at,
        liveness,
        score: score.parse().unwrap(),
        threshold: 0.55,
        turned,
    }
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
        let rules = DecisionRules {
            challenge: case.challenge.is_some(),
            ..DecisionRules::default()
        };
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
            eyes_shut: case.eyes_shut,
            ended: case.ended.map(|ended| match ended.as_str() {
                "deadline" => Ended::Deadline,
                "cancelled" => Ended::Cut(Unavailable::Cancelled),
                other => panic!("{other}"),
            }),
        };
        assert_eq!(
            decide(&evidence, &rules),
            expected(&case.expect),
            "{}",
            case.name
        );
        if evidence.ended == Some(Ended::Cut(Unavailable::Cancelled)) || case.charged.is_some() {
            let charged = case.charged.unwrap_or(false);
            assert_eq!(evidence.speaks_against(&rules), charged, "{}", case.name);
        }
    }
}
