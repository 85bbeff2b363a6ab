//! Ctrl-C while the module looks, in hosts that catch the signal (sudo), ignore it (login) or die
//! of it (su): on a terminal of their own, in processes of their own.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::undocumented_unsafe_blocks
)]

mod host;

use std::io::{BufRead as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use facelock_protocol::{REQUEST_CAP, Request};
use host::{AUTHINFO_UNAVAIL, Host, Server};

static CAUGHT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn catch(_: libc::c_int) {
    CAUGHT.fetch_add(1, Ordering::SeqCst);
}

/// Without libtest: a signal that a host ignores is kept only for its first thread, and libtest
/// runs tests in others.
fn main() {
    match std::env::var("FACELOCK_TEST_HOST") {
        Ok(kind) => host_process(&kind),
        Err(_) => ctrl_c_ends_a_look_at_once_and_reaches_the_host(),
    }
}

/// The host, started by the test below with the way it treats SIGINT.
fn host_process(kind: &str) {
    let action: libc::sighandler_t = match kind {
        "catches" => catch as *const () as libc::sighandler_t,
        "ignores" => libc::SIG_IGN,
        _ => libc::SIG_DFL,
    };
    unsafe { libc::signal(libc::SIGINT, action) };
    // The host has one thread; the script's, which stands for another process, takes no signal.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    unsafe {
        libc::sigaddset(&mut set, libc::SIGINT);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
    }
    let server = Server::start(|stream| {
        let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        // Told once the module waits.
        println!("\nLOOKING");
        let _ = std::io::stdout().flush();
        std::thread::sleep(Duration::from_secs(20));
    });
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &set, std::ptr::null_mut()) };
    let host = Host::new(&server.stack("mode=auto timeout=15"));
    let begun = Instant::now();
    let code = host.authenticate(0);
    println!(
        "\nENDED code={code} caught={} quick={}",
        CAUGHT.load(Ordering::SeqCst),
        begun.elapsed() < Duration::from_secs(5)
    );
}

/// Presses Ctrl-C on the terminal of such a host; what it said at its end, and the signal that it
/// died of.
fn interrupted(kind: &str) -> (Option<String>, Option<i32>) {
    let (mut terminal, mut slave) = (0, 0);
    let none = std::ptr::null_mut();
    let opened =
        unsafe { libc::openpty(&mut terminal, &mut slave, none, none.cast(), none.cast()) };
    assert_eq!(opened, 0);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env("FACELOCK_TEST_HOST", kind)
        .stdin(unsafe { <Stdio as std::os::fd::FromRawFd>::from_raw_fd(slave) })
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    unsafe {
        std::os::unix::process::CommandExt::pre_exec(&mut command, || {
            libc::setsid();
            libc::ioctl(0, libc::TIOCSCTTY, 0);
            Ok(())
        });
    }
    let mut child = command.spawn().unwrap();
    drop(command);
    let said = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut ended = None;
    for line in said.lines().map_while(Result::ok) {
        if line == "LOOKING" {
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(
                unsafe { libc::write(terminal, c"\x03".as_ptr().cast(), 1) },
                1
            );
        }
        if line.starts_with("ENDED") {
            ended = Some(line);
            break;
        }
    }
    if ended.is_some() {
        // The script's thread still sleeps.
        let _ = child.kill();
    }
    let status = child.wait().unwrap();
    unsafe { libc::close(terminal) };
    (ended.clone(), status.signal().filter(|_| ended.is_none()))
}

fn ctrl_c_ends_a_look_at_once_and_reaches_the_host() {
    let unavailable = |caught| format!("ENDED code={AUTHINFO_UNAVAIL} caught={caught} quick=true");
    assert_eq!(interrupted("catches"), (Some(unavailable(1)), None));
    assert_eq!(interrupted("ignores"), (Some(unavailable(0)), None));
    assert_eq!(interrupted("dies"), (None, Some(libc::SIGINT)));
}
