//! Times whole logins: a fresh instance each, recorded frames, the TPM and the key file in turn.
//! Called by scripts/bench.
//!
//! usage: bench-login RUNS INSTANCE CONFIG-TPM CONFIG-FILE FRAMES
#![allow(unsafe_code, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::type_complexity, clippy::zombie_processes)]

use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use facelock_protocol::client::{Client, Heard, Patience, Plain};
use facelock_protocol::{Event, Reply, Request, Stages, Subject, UserName, Verdict};

/// One login: the answer, its stages in ms since `main`, and in all: wall ms, CPU ms, peak KiB.
struct Run {
    reply: Reply,
    stages: Stages,
    wall: f32,
    cpu: f32,
    peak: i64,
}

fn run(instance: &str, config: &str, frames: &str, request: &Request) -> Run {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let begun = Instant::now();
    let child = Command::new("sh")
        .args([
            "-c",
            "export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\" 3<&0 </dev/null",
            "sh",
            instance,
        ])
        .args(["--config", config, "--frames", frames])
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stages = Stages::default();
    let patience = Patience::EachMessage(Duration::from_secs(60));
    let reply = Client::over(ours.into(), patience, Plain).ask(request, None, |heard| {
        if let Heard::Event(Event::Measured(measurement)) = heard {
            stages = measurement.stages;
        }
        true
    });
    let wall = begun.elapsed().as_secs_f32() * 1000.0;
    // SAFETY: both structures are plain numbers, and the child is waited for nowhere else.
    let usage = unsafe {
        let (mut status, mut usage) = (0, std::mem::zeroed::<libc::rusage>());
        assert_eq!(
            libc::wait4(child.id().cast_signed(), &mut status, 0, &mut usage),
            child.id().cast_signed()
        );
        usage
    };
    let seconds = |t: libc::timeval| t.tv_sec as f32 * 1000.0 + t.tv_usec as f32 / 1000.0;
    Run {
        reply: reply.unwrap(),
        stages,
        wall,
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        peak: usage.ru_maxrss,
    }
}

fn median(mut values: Vec<f32>) -> (f32, f32) {
    values.sort_by(f32::total_cmp);
    (values[values.len() / 2], values[values.len() * 9 / 10])
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, runs, instance, tpm, file, frames] = &arguments[..] else {
        panic!("see the top of this file")
    };
    let runs: usize = runs.parse().unwrap();
    let subject = Subject {
        uid: 1,
        name: UserName::new("daemon").unwrap(),
    };
    for (name, config) in [("TPM (swtpm)", tpm), ("key file", file)] {
        let enrolled = run(
            instance,
            config,
            frames,
            &Request::Enroll {
                subject: subject.clone(),
                label: None,
            },
        );
        assert!(
            matches!(enrolled.reply, Reply::Enrolled(_)),
            "{:?}",
            enrolled.reply
        );
        let request = Request::Test {
            subject: subject.clone(),
        };
        let logins: Vec<Run> = (0..runs)
            .map(|_| run(instance, config, frames, &request))
            .collect();
        assert!(
            logins
                .iter()
                .all(|login| login.reply == Reply::Verdict(Verdict::Match)),
            "not every login matched"
        );
        println!("\n{name}: {runs} cold processes, milliseconds, median (90th percentile)");
        let rows: [(&str, fn(&Run) -> Option<f32>); 13] = [
            ("spawn to reply", |r| Some(r.wall)),
            ("main to request read", |r| r.stages.request_read),
            ("main to camera open", |r| r.stages.camera_open),
            ("main to first frame", |r| r.stages.first_frame),
            ("main to models ready", |r| r.stages.models_ready),
            ("main to vault open", |r| r.stages.vault_open),
            ("one detection", |r| r.stages.detect),
            ("one liveness judgement", |r| r.stages.pad),
            ("one embedding", |r| r.stages.embed),
            ("main to verdict", |r| r.stages.verdict),
            ("spawn to main and reply to end", |r| {
                Some(r.wall - r.stages.verdict?)
            }),
            ("CPU time", |r| Some(r.cpu)),
            ("peak memory, MB", |r| Some(r.peak as f32 / 1024.0)),
        ];
        for (label, value) in rows {
            let values: Vec<f32> = logins.iter().filter_map(value).collect();
            if values.len() == runs {
                let (half, ninety) = median(values);
                println!("  {label:32} {half:7.1} ({ninety:.1})");
            }
        }
    }
}
