//! One login by a fresh instance, and what is told of it.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use facelock_protocol::client::{Client, Heard, Patience, Plain};
use facelock_protocol::{
    EnrollmentState, Event, Reply, Request, Stages, Subject, UserName, Verdict,
};

/// One program with its configuration and the frames before its camera.
pub struct Place<'a> {
    pub instance: &'a str,
    pub config: &'a str,
    pub frames: &'a str,
}

/// One login: the answer, its stages in ms since `main`, and in all: wall ms, CPU ms, peak KiB.
pub struct Login {
    reply: Reply,
    stages: Stages,
    /// From what the first face measured to the reply, in ms: the second look, and what ends it.
    second: Option<f32>,
    /// From the reply to the end of the connection, in ms.
    ending: f32,
    wall: f32,
    cpu: f32,
    peak: i64,
}

impl Login {
    /// To the models, and to the reply; the time before `main` is part of both.
    pub fn spawn_to(&self) -> [f32; 2] {
        let before = self.wall - self.stages.verdict.unwrap_or(self.wall);
        [before + self.stages.models_ready.unwrap_or(0.0), self.wall]
    }
}

/// A figure of a login.
type Figure = fn(&Login) -> Option<f32>;

/// What is told, in this order.
pub const ROWS: [(&str, Figure); 16] = [
    ("spawn to reply", |login| Some(login.wall)),
    ("main to request read", |login| login.stages.request_read),
    ("main to camera open", |login| login.stages.camera_open),
    ("main to first frame", |login| login.stages.first_frame),
    ("main to models ready", |login| login.stages.models_ready),
    ("main to vault open", |login| login.stages.vault_open),
    ("one detection", |login| login.stages.detect),
    ("one liveness judgement", |login| login.stages.pad),
    ("one embedding", |login| login.stages.embed),
    ("main to verdict", |login| login.stages.verdict),
    ("spawn to main and verdict to reply", |login| {
        Some(login.wall - login.stages.verdict?)
    }),
    ("first frame to verdict", |login| {
        Some(login.stages.verdict? - login.stages.first_frame?)
    }),
    ("first look done to reply", |login| login.second),
    ("reply to the connection's end", |login| Some(login.ending)),
    ("CPU time", |login| Some(login.cpu)),
    ("peak memory, MB", |login| Some(login.peak as f32 / 1024.0)),
];

fn subject() -> Subject {
    Subject {
        uid: 1,
        name: UserName::new("daemon").unwrap(),
    }
}

impl Place<'_> {
    /// Enrolls who is in the frames.
    pub fn enroll(&self) {
        let request = Request::Enroll {
            subject: subject(),
            label: None,
        };
        let reply = self.ask(&request).reply;
        assert!(matches!(reply, Reply::Enrolled(_)), "{reply:?}");
    }

    /// The same, where nobody is enrolled.
    pub fn enroll_once(&self) {
        let reply = self.ask(&Request::Status { subject: subject() }).reply;
        let Reply::Status(status) = reply else {
            panic!("no status: {reply:?}")
        };
        if status.enrollment == EnrollmentState::None {
            self.enroll();
        }
    }

    /// One login, which must match.
    pub fn login(&self) -> Login {
        let login = self.ask(&Request::Test { subject: subject() });
        assert_eq!(login.reply, Reply::Verdict(Verdict::Match));
        login
    }

    fn ask(&self, request: &Request) -> Login {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let begun = Instant::now();
        let child = Command::new("sh")
            .args([
                "-c",
                "export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\" 3<&0 </dev/null",
                "sh",
                self.instance,
            ])
            .args(["--config", self.config, "--frames", self.frames])
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut end = ours.try_clone().unwrap();
        let (mut stages, mut first) = (Stages::default(), None);
        let patience = Patience::EachMessage(Duration::from_secs(60));
        let reply = Client::over(ours.into(), patience, Plain).ask(request, None, |heard| {
            if let Heard::Event(Event::Measured(measurement)) = heard {
                stages = measurement.stages;
                first = first.or(measurement.score.map(|_| Instant::now()));
            }
            true
        });
        let replied = Instant::now();
        end.read_to_end(&mut Vec::new()).unwrap();
        let ended_at = Instant::now();
        let between = |from: Instant, to: Instant| to.duration_since(from).as_secs_f32() * 1000.0;
        let (cpu, peak) = ended(child.id());
        Login {
            reply: reply.unwrap(),
            stages,
            second: first.map(|first| between(first, replied)),
            ending: between(replied, ended_at),
            wall: between(begun, replied),
            cpu,
            peak,
        }
    }
}

/// Waits for a process; the processor time it took, in milliseconds, and its largest size, in KiB.
fn ended(child: u32) -> (f32, i64) {
    let child = child.cast_signed();
    // SAFETY: both structures are plain numbers, and the child is waited for nowhere else.
    let usage = unsafe {
        let (mut status, mut usage) = (0, std::mem::zeroed::<libc::rusage>());
        assert_eq!(libc::wait4(child, &mut status, 0, &mut usage), child);
        usage
    };
    let milliseconds = |t: libc::timeval| t.tv_sec as f32 * 1000.0 + t.tv_usec as f32 / 1000.0;
    let cpu = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    (cpu, usage.ru_maxrss)
}

/// The value below which a part of them lie.
pub fn quantile(values: &[f32], part: f32) -> f32 {
    let mut values = values.to_vec();
    values.sort_by(f32::total_cmp);
    let at = (values.len() as f32 * part) as usize;
    values[at.min(values.len() - 1)]
}
