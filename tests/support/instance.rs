//! The replay instance behind a socket, started as systemd starts it: one process a connection, the
//! connection as fd 3.
#![allow(dead_code)]

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use facelock::store::{Lock, Store};
use facelock_protocol::client::{Client, Heard, Patience, Plain};
use facelock_protocol::{
    Event, Evidence, MESSAGE_CAP, Message, Place, Reply, Request, ServiceName, SessionId, Subject,
    Unavailable, UserName, Verdict,
};

/// Instances that root's programs may have at work at once.
pub const PLACES: u32 = 24;

/// A listening socket, a state folder, a configuration and a camera of recorded frames.
pub struct Machine {
    pub folder: tempfile::TempDir,
    pub socket: PathBuf,
    /// The pid of every instance started, then its end.
    pub started: Receiver<u32>,
    pub ended: Receiver<ExitStatus>,
}

/// The person of most tests.
pub fn alice() -> Subject {
    Subject {
        uid: 4242,
        name: UserName::new("alice").unwrap(),
    }
}

impl Machine {
    /// A machine with a key file for a vault.
    pub fn new() -> Self {
        Self::with("[vault]\nprotector = \"file\"\n")
    }

    /// A machine with these sections in its configuration, beside the paths.
    pub fn with(sections: &str) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "run as root: the configuration must be root's"
        );
        let folder = tempfile::tempdir().unwrap();
        let models = crate::support::models();
        let sections = &judging_what_is_installed(sections);
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("state")).unwrap();
        std::fs::create_dir(at("run")).unwrap();
        let require = if sections.contains("[sandbox]") {
            ""
        } else {
            "[sandbox]\nrequire = false\n"
        };
        let services = if sections.contains("[services]") {
            ""
        } else {
            "[services]\ntest = \"auto\"\n"
        };
        let config = format!(
            "{sections}\n{services}{require}[paths]\nstate = {:?}\nrun = {:?}\nevents = {:?}\nmodels = {:?}\ncache = {:?}\nruntime = {:?}\n",
            at("state"),
            at("run"),
            at("events"),
            models.models,
            models.cache,
            models.runtime
        );
        std::fs::write(at("config.toml"), config).unwrap();
        for subject in [alice(), bob()] {
            seat(
                &at("root"),
                &subject,
                "ACTIVE=1\nSTATE=active\nREMOTE=0\nSEAT=seat0\n",
            );
        }
        let socket = at("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let (starting, started) = channel();
        let (ending, ended) = channel();
        let (config, camera, root) = (at("config.toml"), at("camera"), at("root"));
        std::thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                let mut child = start(connection, &config, &camera, &root);
                let _ = starting.send(child.id());
                let ending = ending.clone();
                std::thread::spawn(move || ending.send(child.wait().unwrap()));
            }
        });
        Self {
            folder,
            socket,
            started,
            ended,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts recorded frames in front of the camera, with a timeline; its name is `camera` unless
    /// the timeline says another.
    pub fn show_with(&self, sample: &str, timeline: &str) {
        let folder = self.path(&format!(
            "frames-{}",
            std::fs::read_dir(self.folder.path()).unwrap().count()
        ));
        std::fs::create_dir(&folder).unwrap();
        for entry in std::fs::read_dir(crate::support::sample(sample)).unwrap() {
            let entry = entry.unwrap();
            std::os::unix::fs::symlink(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        let name = if timeline.contains("name =") {
            ""
        } else {
            "name = \"camera\"\n"
        };
        std::fs::write(folder.join("timeline.toml"), format!("{name}{timeline}")).unwrap();
        self.point(&folder);
    }

    /// Puts a folder of frames in front of the camera.
    pub fn point(&self, folder: &Path) {
        let link = self.path("camera");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(folder, link).unwrap();
    }

    pub fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
    }

    pub fn ask(&self, request: &Request) -> Reply {
        self.ask_telling(request).0
    }

    pub fn ask_telling(&self, request: &Request) -> (Reply, Vec<Event>) {
        let patience = Patience::EachMessage(Duration::from_secs(60));
        let mut events = Vec::new();
        let mut client = Client::over(self.connect().into(), patience, Plain);
        let reply = client.ask(request, None, |heard| {
            if let Heard::Event(event) = heard {
                events.push(event);
            }
            true
        });
        (reply.unwrap(), events)
    }

    pub fn enroll(&self) -> Reply {
        self.ask(&Request::Enroll {
            subject: alice(),
            label: None,
        })
    }

    pub fn verify(&self) -> Reply {
        self.ask(&verification(alice()))
    }

    /// A verification of alice that the instance works on by now: she may ask, and the attempt is
    /// charged.
    pub fn verify_under_way(&self) -> UnixStream {
        let charged = self.path("state/tally").join(alice().uid.to_string());
        let before = std::fs::read(&charged).ok();
        let mut stream = self.connect();
        facelock_protocol::write_message(&mut stream, &verification(alice())).unwrap();
        eventually("the attempt is charged", || {
            std::fs::read(&charged).ok() != before
        });
        stream
    }

    /// Takes one of root's places as an instance of root's would, if it is free now.
    pub fn take_place(&self, n: u32) -> Option<Lock> {
        let store = Store::open(&self.path("run"), "slots").unwrap();
        store.lock_nth(0, n).ok()
    }

    /// Waits until every instance has ended, and with it what it had to settle.
    pub fn wait_until_idle(&self) {
        eventually("every instance ends", || {
            (0..PLACES).all(|n| self.take_place(n).is_some())
        });
    }

    /// The next instance's end.
    pub fn exit_status(&self) -> ExitStatus {
        self.ended.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

/// Waits until it holds, however slow this machine is.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What logind would record of a user with one session; `session` says where that is.
pub fn seat(root: &Path, subject: &Subject, session: &str) {
    let at = |path: String| root.join("run/systemd").join(path);
    for folder in ["sessions", "users", "seats"] {
        std::fs::create_dir_all(at(folder.into())).unwrap();
    }
    let uid = subject.uid;
    let record = format!("UID={uid}\nTYPE=tty\nCLASS=user\n{session}");
    std::fs::write(at(format!("sessions/c{uid}")), record).unwrap();
    let record = format!("STATE=active\nDISPLAY=c{uid}\nSESSIONS=c{uid}\n");
    std::fs::write(at(format!("users/{uid}")), record).unwrap();
}

/// What the PAM module sees in a setuid program that the subject runs in that session.
pub fn evidence(subject: &Subject) -> Evidence {
    Evidence {
        real_uid: subject.uid,
        effective_uid: 0,
        place: Place::Session(SessionId::new(format!("c{}", subject.uid)).unwrap()),
        ..Evidence::of_process(0)
    }
}

pub fn verification(subject: Subject) -> Request {
    asking(subject, "test", Some(facelock_protocol::Consent::Auto))
}

pub fn asking(
    subject: Subject,
    service: &str,
    consent: Option<facelock_protocol::Consent>,
) -> Request {
    Request::Verify {
        evidence: evidence(&subject),
        subject,
        service: ServiceName::new(service).unwrap(),
        consent,
    }
}

fn start(connection: UnixStream, config: &Path, camera: &Path, root: &Path) -> Child {
    // sd_listen_fds(3): the descriptor is number 3, and the variables name this very process.
    Command::new("sh")
        .args([
            "-c",
            "export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\" 3<&0 </dev/null",
            "sh",
        ])
        .arg(env!("CARGO_BIN_EXE_facelock-instance-replay"))
        .arg("--config")
        .arg(config)
        .arg("--frames")
        .arg(camera)
        .arg("--root")
        .arg(root)
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(connection)))
        .stderr(if std::env::var_os("FACELOCK_TEST_JOURNAL").is_some() {
            Stdio::inherit()
        } else {
            Stdio::null()
        })
        .spawn()
        .unwrap()
}

pub const MATCH: Reply = Reply::Verdict(Verdict::Match);
pub const NON_MATCH: Reply = Reply::Verdict(Verdict::NonMatch);

pub fn unavailable(reason: Unavailable) -> Reply {
    Reply::Unavailable(reason)
}

pub fn bob() -> Subject {
    Subject {
        uid: 4243,
        name: UserName::new("bob").unwrap(),
    }
}

/// Alice, enrolled from the astronaut's portrait.
pub fn enrolled() -> Machine {
    enrolled_with("[vault]\nprotector = \"file\"\n")
}

pub fn enrolled_with(sections: &str) -> Machine {
    let machine = Machine::with(sections);
    machine.show_with("astronaut", "");
    let reply = machine.enroll();
    assert!(matches!(reply, Reply::Enrolled(_)), "{reply:?}");
    machine.exit_status();
    machine
}

/// The answer to what was asked.
pub fn reply(stream: &mut UnixStream) -> Reply {
    loop {
        match facelock_protocol::read_message(stream, MESSAGE_CAP).unwrap() {
            Message::Event(_) => {}
            Message::Reply(reply) => return reply,
        }
    }
}

/// The sections, with every detector off where the networks that judge liveness are not installed:
/// the tests whose subject is liveness are left out there, and name what they need.
fn judging_what_is_installed(sections: &str) -> String {
    let installed = crate::support::models()
        .models
        .join("minifasnet_v2_2.7_80x80.onnx");
    if installed.exists() {
        return sections.into();
    }
    let keys = ["cnn = ", "infrared = ", "motion = "];
    let other = |line: &&str| !keys.iter().any(|key| line.starts_with(key));
    let kept: Vec<&str> = sections.lines().filter(other).collect();
    let off = "[pad]\ncnn = false\ninfrared = false\nmotion = false\n";
    let kept = kept.join("\n") + "\n";
    if kept.contains("[pad]\n") {
        kept.replace("[pad]\n", off)
    } else {
        kept + off
    }
}
