//! A device that serves one connection at a time, as `/dev/tpm0` does: a terminal, behind which the
//! software TPM answers, and which the kernel opens a second time only for one that administers the
//! machine.

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::termios::{
    OptionalActions, ioctl_tiocexcl, ioctl_tiocnxcl, tcgetattr, tcsetattr, ttyname,
};

use super::handles::{administer_nothing, terminal};
use super::*;

#[test]
fn a_connection_that_breaks_is_closed_before_the_next_one_is_opened() {
    let tpm = Swtpm::start();
    let proxy = TpmProxy::before(&tpm);
    let key = key();
    let sealed = open(&proxy.tcti()).seal(&key).unwrap();

    let [host, device] = terminal();
    let mut raw = tcgetattr(&device).unwrap();
    raw.make_raw();
    tcsetattr(&device, OptionalActions::Now, &raw).unwrap();
    let path = ttyname(&device, Vec::new()).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let port = proxy.port();
    std::thread::spawn(move || serve(host, port));

    proxy.next(command::UNSEAL, 2, Fate::Cut(3));
    let tcti = format!("device:{path}");
    let unsealing = std::thread::spawn(move || {
        administer_nothing();
        let mut protector = open(&tcti);
        ioctl_tiocexcl(&device).unwrap();
        std::thread::spawn(move || free_once_closed(&device, &path));
        protector.unseal(&sealed)
    });
    let opened = unsealing.join().unwrap();
    assert_eq!(opened.unwrap().bytes(), key.bytes());
}

/// The device may be opened once it is open here alone.
fn free_once_closed(device: &OwnedFd, path: &str) {
    loop {
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let here =
            open.filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to == Path::new(path)));
        if here.count() == 1 {
            ioctl_tiocnxcl(device).unwrap();
        } else {
            ioctl_tiocexcl(device).unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Passes each command on, and what comes back of its reply.
fn serve(host: OwnedFd, port: u16) {
    let mut host = std::fs::File::from(host);
    let mut tpm = TcpStream::connect(("127.0.0.1", port)).unwrap();
    loop {
        let Ok(command) = message(&mut host) else {
            return;
        };
        tpm.write_all(&command).unwrap();
        match message(&mut tpm) {
            Ok(reply) => host.write_all(&reply).unwrap(),
            Err(short) => {
                host.write_all(&short).unwrap();
                tpm = TcpStream::connect(("127.0.0.1", port)).unwrap();
            }
        }
    }
}

/// A whole message, or what came of it before the end.
fn message(from: &mut impl Read) -> Result<Vec<u8>, Vec<u8>> {
    let mut message = Vec::new();
    let _ = from.take(10).read_to_end(&mut message);
    let Some(length) = message.get(2..6) else {
        return Err(message);
    };
    let length = u32::from_be_bytes(length.try_into().unwrap());
    let _ = from.take(u64::from(length) - 10).read_to_end(&mut message);
    let whole = message.len() == length as usize;
    if whole { Ok(message) } else { Err(message) }
}
