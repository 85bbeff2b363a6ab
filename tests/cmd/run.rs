//! Runs one case: facelockctl, a scripted server, a terminal where the case wants one.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use facelock_protocol::{Message, REQUEST_CAP, Request};

/// No case takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long what was written is waited for behind a case's end.
const DRAIN: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(default)]
    pub args: Vec<String>,
    /// In place of `args`: a line for a shell in which `facelockctl` is the program.
    pub shell: Option<String>,
    /// The messages the server answers with, as JSON; without it there is no server.
    pub server: Option<Vec<String>>,
    /// In place of `server`: the same for each connection in its turn.
    pub servers: Option<Vec<Vec<String>>>,
    /// Who runs it, in place of root.
    pub uid: Option<u32>,
    /// Columns and rows of the terminal it runs in; everything shown is then in `stdout`.
    pub terminal: Option<[usize; 2]>,
    /// What is typed, each after something is shown; without a terminal, standard input.
    #[serde(default)]
    pub typed: Vec<[String; 2]>,
    #[serde(default)]
    pub env: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub status: i32,
    /// Exact but for `[..]`, which stands for anything within a line; not looked at where absent.
    pub stdout: Option<String>,
    pub stderr: Option<String>,
    /// The heading in docs/json.md that standard output must fit.
    pub json: Option<String>,
}

impl Case {
    pub fn of(args: &[&str]) -> Self {
        Self {
            args: args.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }
}

/// What was shown.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

pub fn run(case: &Case) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let socket = folder.path().join("socket");
    if let Some(scripts) = scripts(case) {
        serve(UnixListener::bind(&socket).unwrap(), scripts);
        std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o666)).unwrap();
    }
    let mut command = command(case, folder.path(), &socket);
    command
        .env_clear()
        .env("PATH", path(folder.path()))
        .env("TERM", "xterm-256color")
        .env("LC_ALL", "C.UTF-8")
        .env("ROOT", env!("CARGO_MANIFEST_DIR"))
        .envs(&case.env)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(uid) = case.uid {
        command.uid(uid).gid(uid);
    }
    let mut child = command.spawn().unwrap();
    let shown = [
        collect(child.stdout.take().unwrap()),
        collect(child.stderr.take().unwrap()),
    ];
    let mut stdin = child.stdin.take().unwrap();
    for [after, text] in &case.typed {
        wait_until(|| after.is_empty() || text_of(&shown[0]).contains(after.as_str()));
        let _ = stdin.write_all(text.as_bytes());
        let _ = stdin.flush();
    }
    // A terminal stays: the end of input would be typed into it.
    let stdin = case.terminal.map(|_| stdin);
    let status = ended(&mut child);
    drop(stdin);
    let clean = |text: String| {
        let text = text.replace("\r\n", "\n");
        text.replace(folder.path().to_str().unwrap(), "FOLDER")
    };
    // What reads the pipes may be behind; a program that stays may hold them open.
    let begun = Instant::now();
    while begun.elapsed() < DRAIN && !shown.iter().all(|kept| Arc::strong_count(kept) == 1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    Run {
        status,
        stdout: clean(text_of(&shown[0])),
        stderr: clean(text_of(&shown[1])),
    }
}

fn command(case: &Case, folder: &Path, socket: &Path) -> Command {
    let program = program(case, folder);
    let line = case.shell.clone().unwrap_or_else(|| {
        let quoted = |text: &String| format!("'{}'", text.replace('\'', r"'\''"));
        let args: Vec<String> = case.args.iter().map(quoted).collect();
        format!("exec facelockctl {}", args.join(" "))
    });
    // Every verb goes through the socket of the case.
    let wrapper = folder.join("facelockctl");
    let text = format!(
        "#!/bin/sh\nexec {} --socket {} \"$@\"\n",
        program.display(),
        socket.display()
    );
    std::fs::write(&wrapper, text).unwrap();
    std::fs::set_permissions(&wrapper, PermissionsExt::from_mode(0o755)).unwrap();
    match case.terminal {
        None => {
            let mut command = Command::new("sh");
            command.args(["-c", &line]);
            command
        }
        Some([columns, rows]) => {
            let line = format!("stty cols {columns} rows {rows}; {line}");
            let mut command = Command::new("script");
            command.args(["-qec", &line, "/dev/null"]);
            command
        }
    }
}

/// The program itself, or a copy where another user must reach it.
fn program(case: &Case, folder: &Path) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_facelockctl"));
    if case.uid.is_none() {
        return program;
    }
    let copy = folder.join("program");
    std::fs::copy(program, &copy).unwrap();
    copy
}

fn path(folder: &Path) -> String {
    format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", folder.display())
}

/// What is answered, a connection at a time; the last of them over and over.
fn scripts(case: &Case) -> Option<Vec<Vec<String>>> {
    let one = case.server.clone().map(|script| vec![script]);
    case.servers.clone().or(one)
}

fn serve(listener: UnixListener, scripts: Vec<Vec<String>>) {
    let message = |text: &String| {
        serde_json::from_str::<Message>(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let script = |script: &Vec<String>| script.iter().map(message).collect();
    let scripts: Vec<Vec<Message>> = scripts.iter().map(script).collect();
    std::thread::spawn(move || {
        let mut turn = 0;
        while let Ok((mut stream, _)) = listener.accept() {
            answer(&mut stream, &scripts[turn.min(scripts.len() - 1)]);
            turn += 1;
        }
    });
}

fn answer(stream: &mut UnixStream, messages: &[Message]) {
    let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
    for message in messages {
        let _ = facelock_protocol::write_message(stream, message);
    }
}

fn collect(mut stream: impl std::io::Read + Send + 'static) -> Arc<Mutex<Vec<u8>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    std::thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut part) {
            keep.lock().unwrap().extend_from_slice(&part[..n]);
        }
    });
    kept
}

fn text_of(bytes: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&bytes.lock().unwrap()).into_owned()
}

fn wait_until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn ended(child: &mut Child) -> i32 {
    let begun = Instant::now();
    loop {
        match child.try_wait().unwrap() {
            Some(status) => return status.code().unwrap_or(-1),
            None if begun.elapsed() > PATIENCE => {
                let _ = child.kill();
                return -2;
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Whether `shown` is what `wanted` says, line by line.
pub fn matches(wanted: &str, shown: &str) -> bool {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (wanted, shown) = (lines(wanted), lines(shown));
    wanted.len() == shown.len() && wanted.iter().zip(&shown).all(|(w, s)| line_matches(w, s))
}

fn line_matches(wanted: &str, shown: &str) -> bool {
    let mut parts = wanted.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = shown.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
