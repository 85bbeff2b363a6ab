//! From numbers to a verdict: what is no direction in the templates' space never matches, whatever
//! else holds.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use facelock::decision::verdict::{
    Challenge, Decision, DecisionRules, Ended, Evidence, Judged, decide,
};
use facelock::face::compare;
use facelock::types::{Embedding, Liveness, Verdict};
use proptest::prelude::*;

/// The verdict on a live face that the network gave `probe` for, in as many frames as anybody could
/// want.
fn verdict(probe: &[f32], templates: &[Vec<f32>], threshold: f32) -> Option<Verdict> {
    let templates: Vec<_> = templates
        .iter()
        .filter_map(|values| Embedding::normalized(values.clone()))
        .collect();
    let score = compare(&Embedding::normalized(probe.to_vec())?, &templates)?;
    let frame = |n: u64| Judged {
        at: Duration::from_millis(40 * n),
        liveness: Liveness::Live,
        score,
        threshold,
        turned: false,
    };
    let evidence = Evidence {
        judged: (0..30).map(frame).collect(),
        last_hint: None,
        challenge: Challenge::NotAsked,
        eyes_shut: false,
        ended: Some(Ended::Deadline),
    };
    match decide(&evidence, &DecisionRules::default()) {
        Decision::Verdict(verdict) => Some(verdict),
        Decision::Unavailable(_) | Decision::Ask | Decision::Undecided => None,
    }
}

fn hostile() -> impl Strategy<Value = f32> {
    prop::sample::select(vec![f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY])
}

fn any_vector(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        prop_oneof![4 => -1.0_f32..=1.0, 1 => any::<f32>(), 1 => Just(0.0_f32)],
        length,
    )
}

/// The largest cosine, in double precision and by its definition.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| {
        x.iter()
            .zip(y)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_probe_with_one_value_that_is_no_number_never_matches(
        mut probe in any_vector(1..64),
        value in hostile(),
        at in any::<prop::sample::Index>(),
        lowest in any::<bool>(),
    ) {
        let template = probe.clone();
        let at = at.index(probe.len());
        probe[at] = value;
        let threshold = if lowest { -1.0 } else { 0.58 };
        prop_assert_eq!(verdict(&probe, std::slice::from_ref(&template), threshold), None);
        // The same vector as template: nothing to compare with.
        prop_assert_eq!(verdict(&template, std::slice::from_ref(&probe), threshold), None);
        prop_assert_eq!(verdict(&probe, std::slice::from_ref(&probe), threshold), None);
    }

    #[test]
    fn a_vector_of_no_length_never_matches(
        length in 0_usize..1100,
        template in any_vector(1..64),
        sign in any::<bool>(),
    ) {
        let zero = vec![if sign { 0.0 } else { -0.0 }; length];
        for (probe, templates) in [(&zero, &template), (&template, &zero), (&zero, &zero)] {
            prop_assert_eq!(verdict(probe, std::slice::from_ref(templates), -1.0), None);
        }
    }

    #[test]
    fn vectors_of_different_dimensions_never_match(
        probe in any_vector(1..64),
        more in any_vector(1..8),
        cut in any::<bool>(),
    ) {
        let longer = [probe.clone(), more].concat();
        let (probe, template) = if cut { (longer, probe) } else { (probe, longer) };
        prop_assert_eq!(verdict(&probe, &[template], -1.0), None);
    }

    #[test]
    fn a_match_is_a_cosine_at_the_threshold_and_above(
        (probe, templates) in (1_usize..32).prop_flat_map(|n| {
            (any_vector(n), prop::collection::vec(any_vector(n), 0..4))
        }),
        threshold in prop_oneof![-1.0_f32..=1.0, any::<f32>()],
    ) {
        // One of no length was left out above: it is nobody's.
        let usable = |template: &&Vec<f32>| {
            template
                .iter()
                .map(|v| f64::from(*v).powi(2))
                .sum::<f64>()
                .sqrt()
                > 1e-6
        };
        let cosines = templates.iter().filter(usable).map(|template| cosine(&probe, template));
        let best = cosines.fold(f64::NEG_INFINITY, f64::max);
        match verdict(&probe, &templates, threshold) {
            Some(Verdict::Match) => prop_assert!(best >= f64::from(threshold) - 1e-5, "{best} < {threshold}"),
            Some(_) => prop_assert!(best.min(1.0) < f64::from(threshold) + 1e-5, "{best} >= {threshold}"),
            None => {}
        }
    }
}

#[test]
fn the_same_direction_matches() {
    assert_eq!(
        verdict(&[0.3, -0.2], &[vec![0.0, 1.0], vec![3.0, -2.0]], 0.58),
        Some(Verdict::Match)
    );
    assert_eq!(
        verdict(&[0.3, -0.2], &[vec![0.0, 1.0]], 0.58),
        Some(Verdict::NonMatch)
    );
}
