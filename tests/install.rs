//! Installing models: where they come from, and what counts of what is fetched.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;
#[path = "install/wheels.rs"]
mod wheels;

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
