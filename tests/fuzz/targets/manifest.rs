//! The model manifest: a text is refused, or no name in it leads out of its folder and no threshold
//! lets everybody in.
#![no_main]

use facelock::onnx::{Manifest, Role};
use facelock_fuzz::bounded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(manifest) = bounded(512 * text.len() + 64 * 1024, || Manifest::parse(text)) else {
        return;
    };
    for model in &manifest.model {
        let names = model
            .sources
            .iter()
            .map(|source| &source.name)
            .chain([&model.file, &model.name]);
        for name in names {
            let path = std::path::Path::new("models").join(name);
            assert_eq!(path.parent(), Some("models".as_ref()), "{name:?}");
            assert_eq!(path.file_name(), Some(name.as_ref()));
        }
        let compared = model.role == Role::Embedder;
        assert!(!compared || model.embedding.is_some());

        if let Some(primary) = &model.fallback_for {
            let primary = manifest.named(primary);
            assert!(primary.is_some_and(|primary| primary.fallback_for.is_none()));
        }
    }
    for comparison in &manifest.comparison {
        let embedder = |name: &String| manifest.of(Role::Embedder).any(|e| e.name == *name);
        assert!(!comparison.embedders.is_empty() && comparison.embedders.iter().all(embedder));
        let weights = &comparison.weights;
        assert!(weights.is_empty() || weights.len() == comparison.embedders.len());
        assert!(weights.iter().all(|weight| (0.01..=100.0).contains(weight)));
        for threshold in [comparison.threshold.color, comparison.threshold.gray] {
            assert!(threshold.is_finite() && threshold >= 0.05 && threshold < 1.0);
        }
    }
});
