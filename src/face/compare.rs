//! Probe × templates → score.

use crate::types::Embedding;

/// The best cosine between the probe and a template, -1..=1. `None` where nothing can be compared:
/// no templates, or none with as many values. Embeddings have length 1, so the cosine is their dot
/// product.
pub fn compare(probe: &Embedding, templates: &[Embedding]) -> Option<f32> {
    templates
        .iter()
        .filter_map(|template| cosine(probe, template))
        .max_by(f32::total_cmp)
}

fn cosine(a: &Embedding, b: &Embedding) -> Option<f32> {
    let (a, b) = (a.values(), b.values());
    let score: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    (a.len() == b.len() && score.is_finite()).then(|| score.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(values: &[f32]) -> Embedding {
        Embedding::normalized(values.to_vec()).unwrap()
    }

    #[test]
    fn the_best_template_counts() {
        let probe = unit(&[1.0, 0.0]);
        let score = compare(
            &probe,
            &[unit(&[0.0, 1.0]), unit(&[1.0, 1.0]), unit(&[-1.0, 0.0])],
        )
        .unwrap();
        assert!((score - 0.5_f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn nothing_comparable_has_no_score() {
        assert_eq!(compare(&unit(&[1.0, 0.0]), &[]), None);
        assert_eq!(compare(&unit(&[1.0, 0.0]), &[unit(&[1.0, 0.0, 0.0])]), None);
    }

    #[test]
    fn vectors_that_are_no_direction_are_no_embeddings() {
        for values in [
            vec![],
            vec![0.0; 4],
            vec![f32::NAN, 1.0],
            vec![f32::INFINITY],
            vec![1.0; 2000],
        ] {
            assert!(Embedding::normalized(values).is_none());
        }
    }

    proptest! {
        #[test]
        fn a_score_is_a_cosine(
            a in prop::collection::vec(any::<f32>(), 0..16),
            b in prop::collection::vec(any::<f32>(), 0..16),
        ) {
            if let (Some(a), Some(b)) = (Embedding::normalized(a), Embedding::normalized(b))
                && let Some(score) = compare(&a, std::slice::from_ref(&b))
            {
                prop_assert!((-1.0..=1.0).contains(&score));
            }
        }
    }
}
