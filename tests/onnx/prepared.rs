//! Forms that were prepared, and the manifest that names models.

use super::*;

#[test]
fn a_prepared_form_is_used_only_if_it_may_be_believed() {
    // A network with other weights stands in for what somebody could have left in the cache.
    let genuine = folder(&small());
    let mut doubled = weights();
    doubled[..2].copy_from_slice(&0x4400_u16.to_le_bytes());
    let forged = folder(&ir_to_onnx(NETWORK, &doubled, "x", "y").unwrap());
    let runtime = Runtime::load(&genuine.dirs.runtime).unwrap();
    let place = prepare_model(&runtime, &genuine.dirs, &genuine.entry, &[]).unwrap();
    assert!(near(&run(&genuine).unwrap(), &expected()));

    let other =
        std::fs::read(prepare_model(&runtime, &forged.dirs, &forged.entry, &[]).unwrap()).unwrap();
    let digest = place.with_extension("blake3");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap()
    };
    std::fs::write(&place, &other).unwrap();
    // The bytes are not those that were recorded: the portable file is used.
    assert!(near(&run(&genuine).unwrap(), &expected()));
    for garbage in ["", "00", &"g".repeat(64), &"0".repeat(4000)] {
        std::fs::write(&digest, garbage).unwrap();
        assert!(near(&run(&genuine).unwrap(), &expected()));
    }
    // Whoever owns the manifest may say what is prepared: the forged form runs, so the checks below
    // can fail.
    std::fs::write(&digest, Digest::blake3(&other).to_string()).unwrap();
    assert!(!near(&run(&genuine).unwrap(), &expected()));
    for loose in [&place, &digest] {
        for bits in [0o664, 0o646] {
            mode(loose, bits);
            assert!(
                near(&run(&genuine).unwrap(), &expected()),
                "{} {bits:o}",
                loose.display()
            );
        }
        mode(loose, 0o644);
    }
    if rustix::process::geteuid().is_root() {
        for foreign in [&place, &digest] {
            std::os::unix::fs::chown(foreign, Some(65534), None).unwrap();
            assert!(
                near(&run(&genuine).unwrap(), &expected()),
                "{}",
                foreign.display()
            );
            std::os::unix::fs::chown(foreign, Some(0), None).unwrap();
        }
    }
    // Bytes that are no model at all, though recorded: the portable file again.
    std::fs::write(&place, b"no model").unwrap();
    std::fs::write(&digest, Digest::blake3(b"no model").to_string()).unwrap();
    assert!(near(&run(&genuine).unwrap(), &expected()));
    // Without the pinned file, a prepared form that is damaged opens nothing.
    std::fs::remove_file(genuine.dirs.models.join("small.onnx")).unwrap();
    assert!(matches!(run(&genuine), Err(ModelError::Missing(_))));
}

#[test]
fn preparing_again_mends_a_damaged_form() {
    let folder = folder(&small());
    let runtime = Runtime::load(&folder.dirs.runtime).unwrap();
    let place = prepare_model(&runtime, &folder.dirs, &folder.entry, &[]).unwrap();
    let good = std::fs::read(&place).unwrap();
    std::fs::write(&place, &good[..good.len() / 2]).unwrap();
    assert_eq!(
        prepare_model(&runtime, &folder.dirs, &folder.entry, &[]).unwrap(),
        place
    );
    // ONNX Runtime does not write the same bytes twice, but as many.
    let mended = std::fs::read(&place).unwrap();
    assert_eq!(mended.len(), good.len());
    assert_eq!(
        std::fs::read_to_string(place.with_extension("blake3"))
            .unwrap()
            .trim(),
        Digest::blake3(&mended).to_string()
    );
}

#[test]
fn a_manifest_says_nothing_unclear() {
    let good = std::fs::read_to_string(support::root().join("models/manifest.toml")).unwrap();
    Manifest::parse(&good).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        let error = Manifest::parse(&good.replacen(from, to, 1)).err();
        assert!(
            matches!(error, Some(ModelError::Manifest(_))),
            "{to}: {error:?}"
        );
    };
    refused("optional = false", "optional = false\nverify = false");
    refused("color = 0.50", "color = nan");
    for weights in [
        "[3]",
        "[3, 1, 1]",
        "[0, 1]",
        "[-3, 1]",
        "[nan, 1]",
        "[inf, 1]",
    ] {
        refused("weights = [3, 1]", &format!("weights = {weights}"));
    }
    refused("color = 0.50", "color = 0.0");
    refused("gray = 0.51", "gray = 1.5");
    refused("color = 0.50, gray", "colour = 0.585, gray");
    refused(
        "file = \"face_detection_yunet.onnx\"",
        "file = \"../yunet.onnx\"",
    );
    refused("name = \"yunet\"", "name = \"../../etc/x\"");
    refused("name = \"reid-0095\"", "name = \"yunet\"");
    refused("role = \"embedder\"", "role = \"embeder\"");
    refused("role = \"embedder\"", "role = \"pad\"");
    refused("side = 128", "side = 0");
    refused("channels = \"bgr\"", "channels = \"grb\"");
    refused("length = 256", "length = 1024");
    refused("[\"sface\"]", "[]");
    refused("[\"sface\"]", "[\"yunet\"]");
    refused("[\"sface\"]", "[\"sface\", \"sface\"]");
    refused("sha256 = \"66e4", "sha256 = \"6e4");
    // The bounds as they are shipped, whatever was measured last.
    let start = good.find("live = ").unwrap();
    let shipped = &good[start..start + good[start..].find(", evidence").unwrap()];
    refused(shipped, "live = -4.0, attack = -3.0");
    refused(shipped, "live = nan, attack = -6.0");
    refused(shipped, "live = 1.0, attack = -6.0");
    refused("scale = 2.7, sure", "scale = 0.0, sure");
    refused(
        "fallback_for = \"yunet\"",
        "fallback_for = \"yunet-int8bq\"",
    );
    refused("fallback_for = \"yunet\"", "fallback_for = \"sface\"");
    refused("fallback_for = \"yunet\"", "fallback_for = \"none\"");
}

#[test]
fn needs_published_models_a_fixed_size_is_the_only_size() {
    let official =
        std::fs::read(support::model_mirror().join("face_detection_yunet_2023mar.onnx")).unwrap();
    let model =
        set_input_dimensions(&official, Dimension::Fixed(64), Dimension::Fixed(96)).unwrap();
    let folder = folder(&model);
    let runtime = Runtime::load(&folder.dirs.runtime).unwrap();
    let mut session = Session::open(&runtime, &folder.dirs, &folder.entry, &[]).unwrap();
    assert_eq!(
        session
            .run([1, 3, 64, 96], &vec![0.0; 3 * 64 * 96])
            .unwrap()
            .len(),
        12
    );
    for (h, w) in [(96, 64), (64, 64), (640, 640)] {
        let refused = session.run([1, 3, h, w], &vec![0.0; 3 * h * w]);
        assert!(matches!(refused, Err(ModelError::Shape { .. })));
    }
    // As many values as the shape says, or nothing runs.
    assert!(session.run([1, 3, 64, 96], &[0.0; 7]).is_err());
}
