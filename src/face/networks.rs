//! Which of the manifest's networks find and compare faces on this machine.

use super::compare::Weights;
use crate::onnx::{Comparison, Manifest, ModelDirs, ModelEntry, ModelError, Role, Threshold};
use crate::types::Digest;

/// How faces are aligned; another name when that changes, for templates are made with it.
const ALIGNMENT: &str = "five points, second look";

/// The networks in force. What is installed decides, by the manifest's order, and nothing else: a
/// file that is there and damaged is an error when it is opened, never a reason to do with less.
#[derive(Clone, Debug)]
pub struct Networks {
    pub detector: ModelEntry,
    /// In the manifest's order.
    pub embedders: Vec<ModelEntry>,
    /// What each of `embedders` counts.
    pub weights: Weights,
    /// Of the score by all of `embedders`.
    pub threshold: Threshold,
    /// Better ones that the manifest lists and this machine has not installed.
    pub missing: Vec<String>,
}

impl Networks {
    /// # Errors
    /// [`ModelError::Missing`]: no detector is installed, or no comparison has all its embedders.
    pub fn installed(dirs: &ModelDirs) -> Result<Self, ModelError> {
        let manifest = Manifest::load(&dirs.models.join("manifest.toml"))?;
        // What cannot be looked at counts as installed, so that opening it says what is wrong.
        let is_there =
            |entry: &ModelEntry| dirs.models.join(&entry.file).try_exists().unwrap_or(true);
        Self::choose(&manifest, is_there)
    }

    fn choose(
        manifest: &Manifest,
        is_there: impl Fn(&ModelEntry) -> bool,
    ) -> Result<Self, ModelError> {
        let mut missing = Vec::new();
        let mut there = |entry: &ModelEntry| {
            let there = is_there(entry);
            if !there && !missing.contains(&entry.name) {
                missing.push(entry.name.clone());
            }
            there
        };
        let detector = manifest
            .with_fallbacks(Role::Detector)
            .find(|entry| there(entry));
        let chosen = manifest.comparison.iter().find_map(|comparison| {
            let names = comparison.embedders.iter();
            let entries: Vec<_> = names
                .map(|name| manifest.named(name))
                .collect::<Option<_>>()?;
            // Each is asked, so that all that are missing are named.
            let absent = entries.iter().filter(|entry| !there(entry)).count();
            (absent == 0).then_some((entries, comparison))
        });
        let (Some(detector), Some((embedders, comparison))) = (detector, chosen) else {
            return Err(ModelError::Missing(missing.join(", ")));
        };
        Ok(Self {
            detector: detector.clone(),
            weights: weights(&embedders, comparison),
            embedders: embedders.into_iter().cloned().collect(),
            threshold: comparison.threshold.clone(),
            missing,
        })
    }

    /// Names the embedders and how faces are aligned for them, so that a template meets only its
    /// own kind.
    pub fn digest(&self) -> Digest {
        let digests: String = self
            .embedders
            .iter()
            .map(|entry| entry.sha256.0.to_string())
            .collect();
        Digest::of(format!("{ALIGNMENT} {digests}").as_bytes())
    }

    /// The networks' names, as a person is told.
    pub fn names(&self) -> String {
        let embedders: Vec<&str> = self.embedders.iter().map(|e| e.name.as_str()).collect();
        format!("{}, {}", self.detector.name, embedders.join(" + "))
    }
}

fn weights(embedders: &[&ModelEntry], comparison: &Comparison) -> Weights {
    let lengths = embedders.iter().filter_map(|entry| entry.embedding);
    let weights = comparison.weights.iter().copied();
    let of: Vec<_> = lengths.map(|spec| spec.length).zip(weights).collect();
    Weights::of(&of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, role: &str) -> String {
        format!(
            "[[model]]\nname = \"{name}\"\nrole = \"{role}\"\nfile = \"{name}.onnx\"\nsha256 = \"{}\"\n\
             licence = \"\"\nlicence_url = \"\"\nconversion = \"none\"\nsources = []\ninput = \"\"\n\
             training_data = \"\"\noptional = true\n\
             embedding = {{ side = 112, channels = \"rgb\", length = 128 }}\n",
            Digest::of(name.as_bytes())
        )
    }

    fn manifest() -> Manifest {
        let threshold = "threshold = { color = 0.5, gray = 0.5, evidence = \"\" }\n";
        let text = [
            entry("spare", "detector") + "fallback_for = \"first\"\n",
            entry("first", "detector"),
            entry("a", "embedder"),
            entry("b", "embedder"),
            format!("[[comparison]]\nembedders = [\"a\", \"b\"]\n{threshold}"),
            format!("[[comparison]]\nembedders = [\"a\"]\n{threshold}"),
        ];
        Manifest::parse(&text.concat()).unwrap()
    }

    fn with(installed: &[&str]) -> Result<Networks, ModelError> {
        Networks::choose(&manifest(), |entry| {
            installed.contains(&entry.name.as_str())
        })
    }

    #[test]
    fn the_first_that_is_wholly_installed_is_in_force() {
        let all = with(&["first", "spare", "a", "b"]).unwrap();
        assert_eq!(all.names(), "first, a + b");
        assert!(all.missing.is_empty());

        let less = with(&["spare", "a"]).unwrap();
        assert_eq!(less.names(), "spare, a");
        assert_eq!(less.missing, ["first", "b"]);
        assert_ne!(less.digest(), all.digest());
    }

    #[test]
    fn a_part_of_a_comparison_is_none() {
        for installed in [&["first", "b"][..], &["first"], &["a", "b"], &[]] {
            assert!(
                matches!(with(installed), Err(ModelError::Missing(_))),
                "{installed:?}"
            );
        }
    }

    #[test]
    fn the_detector_leaves_templates_what_they_are() {
        let one = with(&["first", "a"]).unwrap();
        assert_eq!(one.digest(), with(&["spare", "a"]).unwrap().digest());
    }
}
