//! Who asks, and from where: what only this process can see.
//!
//! What MUST hold:
//! 1. Nothing is concluded but what needs no configuration and no other record
//!    ([`closed_here`]); the instance decides.
//! 2. What cannot be read is absent.

use std::fs;
use std::os::fd::AsFd as _;
use std::path::Path;

use facelock_protocol::{Asker, Evidence, Gate, Named, Place, Requester, Tty, logind};
use pam::items::{RHost, RUser, Tty as TtyItem};
use pam::module::PamHandle;

use crate::{ffi, lid};

/// Gathers the evidence of this process.
pub fn gather(handle: &PamHandle) -> Evidence {
    let text = |item: Option<&std::ffi::CStr>| item.map(|text| text.to_string_lossy().into_owned());
    let remote_host = text(handle.get_item::<RHost>().ok().flatten().map(|host| host.0));
    let user = text(handle.get_item::<RUser>().ok().flatten().map(|user| user.0));
    let tty = text(handle.get_item::<TtyItem>().ok().flatten().map(|tty| tty.0));
    let (real_uid, effective_uid) = ffi::uids();
    let place = place_of("self");
    let is_roots = real_uid == 0 && effective_uid == 0;
    Evidence {
        real_uid,
        effective_uid,
        remote_user: user
            .filter(|name| !name.is_empty())
            .map(|name| named(&name)),
        remote_host: names_another_machine(remote_host.as_deref(), effective_uid),
        tty: tty
            .filter(|tty| !tty.is_empty())
            .and_then(|tty| terminal(&tty)),
        requester: match place {
            // A session of its own says more than a descriptor that it was given.
            Place::Session(_) => Requester::None,
            Place::Manager(_) | Place::Elsewhere if is_roots => requester(),
            Place::Manager(_) | Place::Elsewhere => Requester::None,
        },
        place,
        lid_closed: lid::hides(Path::new("/")),
    }
}

/// The gates that are closed whatever the configuration and logind say.
pub fn closed_here(evidence: &Evidence, subject: u32) -> Option<Gate> {
    if evidence.remote_host {
        return Some(Gate::Remote);
    }
    match evidence.asker() {
        Asker::Uid(uid) if uid != subject => Some(Gate::OtherAsker),
        Asker::Unclear => Some(Gate::UnclearAsker),
        Asker::Uid(_) | Asker::Root => None,
    }
}

/// Whether PAM_RHOST says that the user is at another machine. A connection from this machine is no
/// exception where root's program names it: a tunnel and `ssh localhost` come from here too. A
/// locker that runs as its user names `localhost` by convention (xsecurelock).
fn names_another_machine(host: Option<&str>, effective_uid: u32) -> bool {
    match host {
        None | Some("") => false,
        Some("localhost") => effective_uid == 0,
        Some(_) => true,
    }
}

fn named(user: &str) -> Named {
    ffi::account_named(user).map_or(Named::Unknown, |(uid, _)| Named::Uid(uid))
}

/// The terminal's name. One that cannot be sent becomes `tty`, which is no terminal of this
/// machine's and closes the gate.
fn terminal(tty: &str) -> Option<Tty> {
    let name = tty.strip_prefix("/dev/").unwrap_or(tty);
    Tty::new(name).or_else(|_| Tty::new("tty")).ok()
}

fn place_of(process: &str) -> Place {
    fs::read_to_string(format!("/proc/{process}/cgroup"))
        .map_or(Place::Elsewhere, |groups| logind::place(&groups))
}

/// Who is at the other end of descriptor 0, if that is a Unix socket. The process is held by a
/// descriptor while its group is read, and must still be there afterwards: its number is its own
/// for so long.
fn requester() -> Requester {
    use rustix::net::{AddressFamily, sockopt::socket_domain};
    let input = std::io::stdin();
    if socket_domain(input.as_fd()) != Ok(AddressFamily::UNIX) {
        return Requester::None;
    }
    let known = || {
        let (pid, uid) = ffi::peer(input.as_fd())?;
        let held = ffi::peer_process(input.as_fd(), pid)?;
        let place = place_of(&pid.to_string());
        let ours = fs::metadata(format!("/proc/{pid}")).ok()?;
        let same = std::os::unix::fs::MetadataExt::uid(&ours) == uid;
        (same && ffi::is_running(&held)).then_some(Requester::Process { uid, place })
    };
    known().unwrap_or(Requester::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_any_that_root_s_program_names() {
        for host in ["10.1.2.3", "example.org", "localhost", "::1", "127.0.0.1"] {
            assert!(names_another_machine(Some(host), 0), "{host}");
        }
        for host in ["10.1.2.3", "localhost.example.org", "::1"] {
            assert!(names_another_machine(Some(host), 1000), "{host}");
        }
        assert!(!names_another_machine(Some("localhost"), 1000));
        assert!(!names_another_machine(Some(""), 0) && !names_another_machine(None, 0));
    }

    #[test]
    fn a_terminal_that_cannot_be_sent_is_not_here() {
        let evidence = |tty: &str| Evidence {
            tty: terminal(tty),
            ..Evidence::of_process(0)
        };
        assert_eq!(evidence("/dev/tty2").virtual_terminal(), Some(2));
        assert!(evidence("/dev/ttyS0").terminal_is_elsewhere());
        assert!(evidence(&"x".repeat(65)).terminal_is_elsewhere());
        assert!(evidence("tty1\n").terminal_is_elsewhere());
    }
}
