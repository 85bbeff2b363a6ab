//! Probe × templates → score.

use crate::types::Embedding;

/// What the cosine of each network counts, where the embeddings of several lie side by side.
#[derive(Clone, Debug, Default)]
pub struct Weights(Vec<f32>);

impl Weights {
    /// Every network counts the same.
    pub const ALIKE: Self = Self(Vec::new());

    /// Of networks in the order of their values: how many values each gives, and what it counts.
    /// Above 0 each, as the manifest's are.
    pub fn of(networks: &[(usize, f32)]) -> Self {
        let sum: f32 = networks.iter().map(|(_, weight)| weight).sum();
        let alike = sum / networks.len() as f32;
        let values = |(length, weight): &(usize, f32)| std::iter::repeat_n(weight / alike, *length);
        Self(networks.iter().flat_map(values).collect())
    }

    /// The best score of the probe and a template, -1..=1: the weighted mean of their networks'
    /// cosines. `None` where nothing can be compared: no templates, or none with as many values.
    pub fn compare(&self, probe: &Embedding, templates: &[Embedding]) -> Option<f32> {
        templates
            .iter()
            .filter_map(|template| self.score(probe, template))
            .max_by(f32::total_cmp)
    }

    /// Networks' embeddings are of one length side by side, and of length 1 as a whole: the mean of
    /// the cosines is the dot product.
    fn score(&self, a: &Embedding, b: &Embedding) -> Option<f32> {
        let (a, b) = (a.values(), b.values());
        let fits = a.len() == b.len() && (self.0.is_empty() || self.0.len() == a.len());
        let weights = self.0.iter().copied().chain(std::iter::repeat(1.0));
        let terms = a.iter().zip(b).zip(weights);
        let score: f32 = terms.map(|((a, b), weight)| a * b * weight).sum();
        (fits && score.is_finite()).then(|| score.clamp(-1.0, 1.0))
    }
}

/// The best cosine between the probe and a template, -1..=1: [`Weights::compare`] where all
/// networks count the same.
pub fn compare(probe: &Embedding, templates: &[Embedding]) -> Option<f32> {
    Weights::ALIKE.compare(probe, templates)
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

    /// Two networks of two and of one value.
    #[test]
    fn a_score_is_the_weighted_mean_of_the_networks_cosines() {
        let beside = |first: [f32; 2], second: f32| unit(&[first[0], first[1], second]);
        let (probe, template) = (beside([1.0, 0.0], 1.0), [beside([0.6, 0.8], -1.0)]);
        let score = |weights: &Weights| weights.compare(&probe, &template).unwrap();
        for (weights, expected) in [
            (Weights::ALIKE, -0.2),
            (Weights::of(&[(2, 1.0), (1, 1.0)]), -0.2),
            (Weights::of(&[(2, 3.0), (1, 1.0)]), 0.2),
            (Weights::of(&[(2, 6.0), (1, 2.0)]), 0.2),
        ] {
            assert!((score(&weights) - expected).abs() < 1e-6, "{weights:?}");
        }
        let same = Weights::of(&[(2, 3.0), (1, 1.0)]).compare(&probe, std::slice::from_ref(&probe));
        assert!((same.unwrap() - 1.0).abs() < 1e-6);
        let others = Weights::of(&[(2, 3.0), (2, 1.0)]);
        assert_eq!(others.compare(&probe, &template), None);
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
