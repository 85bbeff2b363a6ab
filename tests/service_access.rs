//! The gates, as a peer meets them: the real instance, logind's records in a folder, no camera.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

#[path = "support/instance.rs"]
mod instance;
mod support;

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use facelock_protocol::{
    Evidence, Gate, Message, Named, Place, Reply, Request, Requester, ServiceName, Unavailable,
};
use instance::{MATCH, Machine, alice, asking, bob, enrolled, evidence, seat, unavailable};

const FRONT: &str = "ACTIVE=1\nSTATE=active\nREMOTE=0\nSEAT=seat0\n";

fn closed(gate: Gate) -> Reply {
    unavailable(Unavailable::NotAdmitted(gate))
}

fn with(evidence: Evidence) -> Request {
    Request::Verify {
        subject: alice(),
        service: ServiceName::new("test").unwrap(),
        consent: None,
        evidence,
    }
}

#[test]
fn a_closed_gate_opens_no_camera_and_counts_nothing() {
    let machine = enrolled();
    // There is no camera to open: any attempt to would say so.
    std::fs::remove_file(machine.path("camera")).unwrap();
    let by_bob = Evidence {
        real_uid: bob().uid,
        ..evidence(&alice())
    };
    let over_a_socket = Evidence {
        real_uid: 0,
        requester: Requester::Process {
            uid: bob().uid,
            place: evidence(&bob()).place,
        },
        remote_user: Some(Named::Uid(alice().uid)),
        ..evidence(&alice())
    };
    let nowhere = Evidence {
        place: Place::Elsewhere,
        ..evidence(&alice())
    };
    for (request, gate) in [
        (with(by_bob), Gate::OtherAsker),
        (with(over_a_socket), Gate::UnclearAsker),
        (with(nowhere), Gate::NoSession),
        (with(Evidence::of_process(0)), Gate::RootAlone),
        (asking(alice(), "postgresql", None), Gate::Unlisted),
    ] {
        assert_eq!(machine.ask(&request), closed(gate), "{request:?}");
    }
    for (session, gate) in [
        (
            "ACTIVE=1\nSTATE=active\nREMOTE=1\nREMOTE_HOST=192.0.2.7\n",
            Gate::Remote,
        ),
        ("ACTIVE=1\nSTATE=active\nREMOTE=0\n", Gate::NoSeat),
        (
            "ACTIVE=0\nSTATE=online\nREMOTE=0\nSEAT=seat0\n",
            Gate::Inactive,
        ),
        (
            "ACTIVE=1\nSTATE=online\nREMOTE=0\nSEAT=seat0\n",
            Gate::Inactive,
        ),
        ("STATE=active\nREMOTE=0\nSEAT=seat0\n", Gate::NoSession),
        (
            "UID=4243\nACTIVE=1\nSTATE=active\nREMOTE=0\nSEAT=seat0\n",
            Gate::NoSession,
        ),
    ] {
        seat(&machine.path("root"), &alice(), session);
        assert_eq!(machine.verify(), closed(gate), "{session}");
    }
    std::fs::remove_dir_all(machine.path("root")).unwrap();
    assert_eq!(
        machine.verify(),
        closed(Gate::NoSession),
        "no records at all"
    );
    // The control: in front of the seat, the camera is missed.
    seat(&machine.path("root"), &alice(), FRONT);
    assert_eq!(machine.verify(), unavailable(Unavailable::NoCamera));
}

/// Sends a request as alice's own process, and takes the reply.
fn ask_as_alice(machine: &Machine, request: &Request) -> Reply {
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(machine.folder.path(), open).unwrap();
    let open = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(&machine.socket, open).unwrap();
    let program = format!(
        "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect({:?})\n\
         s.sendall(bytes({:?}))\nwhile b:=s.recv(4096): sys.stdout.buffer.write(b)\n",
        machine.socket,
        facelock_protocol::encode(request).unwrap()
    );
    let mut peer = Command::new("setpriv")
        .args([
            "--reuid",
            "4242",
            "--clear-groups",
            "/usr/bin/python3",
            "-c",
            &program,
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    let mut output = peer.stdout.take().unwrap();
    output.read_to_end(&mut told).unwrap();
    peer.wait().unwrap();
    let mut told = told.as_slice();
    loop {
        match facelock_protocol::read_message(&mut told, facelock_protocol::MESSAGE_CAP).unwrap() {
            Message::Event(_) => {}
            Message::Reply(reply) => return reply,
        }
    }
}

#[test]
fn a_peer_that_is_not_root_proves_nothing_by_saying_it() {
    let machine = enrolled();
    machine.show_with("astronaut-later", "");
    // The test's own process group is no session's: /proc shows it, and it counts.
    let in_a_session =
        facelock_protocol::logind::place(&std::fs::read_to_string("/proc/self/cgroup").unwrap())
            != Place::Elsewhere;
    let claimed = with(evidence(&alice()));
    if !in_a_session {
        assert_eq!(ask_as_alice(&machine, &claimed), closed(Gate::NoSession));
    }
    // Whatever it claims: the session that logind shows for its uid is remote.
    seat(
        &machine.path("root"),
        &alice(),
        "ACTIVE=1\nSTATE=active\nREMOTE=1\n",
    );
    seat(&machine.path("root"), &bob(), FRONT);
    for place in [
        evidence(&bob()).place,
        Place::Manager(bob().uid),
        Place::Elsewhere,
    ] {
        let lie = with(Evidence {
            place,
            ..Evidence::of_process(0)
        });
        let reply = ask_as_alice(&machine, &lie);
        assert!(
            matches!(reply, Reply::Unavailable(Unavailable::NotAdmitted(_))),
            "{reply:?}"
        );
    }
}

#[test]
fn status_shows_the_gate_of_every_service() {
    let machine = enrolled();
    let gate_of = |wanted: &str| {
        let Reply::Status(report) = machine.ask(&Request::Status { subject: alice() }) else {
            panic!("no status")
        };
        let mut services = report.services.into_iter();
        services
            .find(|service| service.service == wanted)
            .map(|service| service.closed)
    };
    assert_eq!(gate_of("test"), Some(None));
    assert_eq!(gate_of("sudo"), Some(None));
    assert_eq!(gate_of("gdm-password"), Some(Some(Gate::NotShown)));
    assert_eq!(gate_of("sshd"), None);
    seat(
        &machine.path("root"),
        &alice(),
        "ACTIVE=1\nSTATE=active\nREMOTE=1\n",
    );
    assert_eq!(gate_of("test"), Some(Some(Gate::Remote)));
}

#[test]
fn a_service_that_unlocks_waits_for_the_first_login() {
    let machine = Machine::with(
        "[vault]\nprotector = \"file\"\n[services]\ntest = { mode = \"auto\", only = \"unlock\", console = \"seat\" }\n",
    );
    machine.show_with("astronaut", "");
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    machine.show_with("astronaut-later", "");
    // A greeter is shown; alice has no session, then one behind it.
    let root = machine.path("root/run/systemd");
    std::fs::write(root.join("seats/seat0"), "ACTIVE=c1\n").unwrap();
    let greeter = format!("UID=120\nTYPE=wayland\nCLASS=greeter\n{FRONT}");
    std::fs::write(root.join("sessions/c1"), greeter).unwrap();
    std::fs::remove_file(root.join("users/4242")).unwrap();
    let by_root = with(Evidence::of_process(0));
    assert_eq!(machine.ask(&by_root), closed(Gate::FirstLogin));
    let behind = "ACTIVE=0\nSTATE=online\nREMOTE=0\nSEAT=seat0\n";
    seat(&machine.path("root"), &alice(), behind);
    assert_eq!(machine.ask(&by_root), MATCH);
}

#[test]
fn of_two_sessions_at_a_seat_the_one_in_front_counts_for_the_user_s_services() {
    let machine = enrolled();
    machine.show_with("astronaut-later", "");
    let service = with(Evidence {
        place: Place::Manager(alice().uid),
        ..evidence(&alice())
    });
    // logind goes on naming the session that was first, and the user now sits in the other.
    let behind = "ACTIVE=0\nSTATE=online\nREMOTE=0\nSEAT=seat0\n";
    seat(&machine.path("root"), &alice(), behind);
    assert_eq!(machine.ask(&service), closed(Gate::Inactive));
    let root = machine.path("root/run/systemd");
    let front = format!("UID={}\nTYPE=tty\nCLASS=user\n{FRONT}", alice().uid);
    std::fs::write(root.join("sessions/c7"), front).unwrap();
    std::fs::write(root.join("seats/seat0"), "ACTIVE=c7\n").unwrap();
    assert_eq!(machine.ask(&service), MATCH);
}
