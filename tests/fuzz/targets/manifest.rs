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
        let compared = matches!(model.role, Role::Embedder | Role::Fusion);
        assert!(!compared || model.threshold.is_some());
        if let Some(primary) = &model.fallback_for {
            let primary = manifest.model.iter().find(|other| other.name == *primary);
            assert!(primary.is_some_and(|primary| primary.fallback_for.is_none()));
        }
        for threshold in model
            .threshold
            .iter()
            .flat_map(|threshold| [threshold.color, threshold.gray])
        {
            assert!(threshold.is_finite() && threshold >= 0.05 && threshold < 1.0);
        }
    }
    let roles = [
        Role::Detector,
        Role::Embedder,
        Role::Fusion,
        Role::Pad,
        Role::InfraredPad,
        Role::Eyes,
    ];
    for role in roles {
        assert_eq!(manifest.only(role).is_ok(), manifest.of(role).count() == 1);
    }
});
