//! The tally as a peer meets it: every guess counts, however the attempt ends, and nobody else's
//! places are taken.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(not(feature = "replay"))]
compile_error!("these tests need recorded frames: cargo test --features replay, or scripts/test");

#[path = "support/instance.rs"]
mod instance;
mod support;

use std::time::Duration;

use facelock_protocol::{Reply, Request, Unavailable};
use instance::{
    MATCH, Machine, NON_MATCH, PLACES, alice, bob, enrolled, enrolled_with, eventually,
    unavailable, verification,
};

/// Verifications of alice that are under way; their peers.
fn under_way(machine: &Machine, n: usize) -> Vec<std::os::unix::net::UnixStream> {
    (0..n).map(|_| machine.verify_under_way()).collect()
}

#[test]
fn one_user_cannot_take_every_place() {
    let machine = enrolled();
    machine.show_with("empty", "first_frame_ms = 60000");
    let peers = under_way(&machine, 4);
    assert_eq!(machine.verify(), unavailable(Unavailable::Busy));
    assert_eq!(
        machine.ask(&verification(bob())),
        unavailable(Unavailable::NotEnrolled),
        "bob has places of his own"
    );
    drop(peers);
    machine.wait_until_idle();
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), MATCH);
}

#[test]
fn peers_that_ask_nothing_cannot_take_every_place() {
    let machine = Machine::new();
    let silent = machine.connect();
    eventually("a silent peer has a place", || {
        machine.take_place(0).is_none()
    });
    drop(silent);
    machine.wait_until_idle();
    let places: Vec<_> = (0..PLACES).map(|n| machine.take_place(n)).collect();
    assert!(places.iter().all(Option::is_some));
    assert_eq!(machine.verify(), unavailable(Unavailable::Busy));
    drop(places);
    assert_eq!(machine.verify(), unavailable(Unavailable::NotEnrolled));
}

fn misses(machine: &Machine) -> u32 {
    let Reply::Status(status) = machine.ask(&Request::Status { subject: alice() }) else {
        panic!("no status")
    };
    status.tally.misses
}

#[test]
fn a_guess_counts_whoever_hangs_up_before_the_verdict() {
    let machine = enrolled_with("[vault]\nprotector = \"file\"\n");
    // A second of looks: too few for a verdict until somebody else has had enough of it.
    machine.show_with("hopper", "fps = 3.0");
    let peers = under_way(&machine, 1);
    std::thread::sleep(Duration::from_secs(1));
    drop(peers);
    assert_eq!(misses_in_the_end(&machine), 1);
    // The person whom the templates are of may change her mind.
    machine.show_with("astronaut-later", "first_frame_ms = 60000");
    drop(under_way(&machine, 1));
    assert_eq!(misses_in_the_end(&machine), 1);
}

/// Misses counted once every attempt is settled.
fn misses_in_the_end(machine: &Machine) -> u32 {
    machine.wait_until_idle();
    misses(machine)
}

#[test]
fn a_guess_counts_where_the_instance_is_killed() {
    let machine = enrolled();
    while machine.started.try_recv().is_ok() {}
    machine.show_with("hopper", "first_frame_ms = 60000");
    let _peers = under_way(&machine, 1);
    let pid = machine
        .started
        .recv_timeout(Duration::from_secs(5))
        .unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid as i32).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    assert!(!machine.exit_status().success());
    assert_eq!(misses(&machine), 1);
}

#[test]
fn instances_at_once_count_every_guess() {
    let machine = enrolled();
    machine.show_with("hopper", "");
    for mut peer in under_way(&machine, 4) {
        assert_eq!(instance::reply(&mut peer), NON_MATCH);
    }
    assert_eq!(misses(&machine), 4);
    assert_eq!(machine.verify(), NON_MATCH);
    assert!(matches!(
        machine.verify(),
        Reply::Unavailable(Unavailable::LockedOut { .. })
    ));
}

#[test]
fn a_damaged_tally_counts_for_nobody_until_root_begins_it_anew() {
    let machine = enrolled();
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), MATCH);
    assert_eq!(misses(&machine), 0, "which waits for what is still written");
    let path = machine.path("state/tally").join(alice().uid.to_string());
    std::fs::write(&path, b"\x01nonsense").unwrap();
    assert_eq!(machine.verify(), unavailable(Unavailable::StoreFailed));
    assert_eq!(
        machine.ask(&Request::Unlock { subject: alice() }),
        Reply::Done { changed: true }
    );
    assert_eq!(machine.verify(), MATCH);
}

#[test]
fn misses_lock_out_by_every_path_and_root_unlocks() {
    let machine = enrolled_with("[vault]\nprotector = \"file\"\n[tally]\nmisses = 2\ntotal = 50\n");
    machine.show_with("hopper", "");
    assert_eq!(machine.verify(), NON_MATCH);
    assert_eq!(machine.ask(&Request::Test { subject: alice() }), NON_MATCH);
    machine.show_with("astronaut-later", "");
    let locked = machine.verify();
    assert!(
        matches!(
            locked,
            Reply::Unavailable(Unavailable::LockedOut { seconds: Some(_) })
        ),
        "{locked:?}"
    );
    let locked = machine.ask(&Request::Test { subject: alice() });
    assert!(
        matches!(locked, Reply::Unavailable(Unavailable::LockedOut { .. })),
        "{locked:?}"
    );
    assert_eq!(
        machine.ask(&Request::Unlock { subject: alice() }),
        Reply::Done { changed: true }
    );
    assert_eq!(machine.verify(), MATCH);
}

#[test]
fn a_reported_password_makes_the_lockout_wait_for_a_password() {
    let machine = enrolled_with("[vault]\nprotector = \"file\"\n[tally]\nmisses = 1\ntotal = 50\n");
    let record = || machine.ask(&Request::RecordPassword { subject: alice() });
    assert_eq!(record(), Reply::Done { changed: true });
    machine.show_with("hopper", "");
    assert_eq!(machine.verify(), NON_MATCH);
    machine.show_with("astronaut-later", "");
    assert_eq!(
        machine.verify(),
        unavailable(Unavailable::LockedOut { seconds: None })
    );
    assert_eq!(record(), Reply::Done { changed: true });
    assert_eq!(machine.verify(), MATCH);
}
