//! For whom a face is looked for: the table, and what no evidence may change.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use facelock::config::Config;
use facelock::decision::access::{Presence, gate};
use facelock_protocol::logind::Session;
use facelock_protocol::{Evidence, Gate, Named, Place, Requester, Tty};
use proptest::prelude::*;
use serde::Deserialize;

const TABLE: &str = include_str!("vectors/access.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    sessions: BTreeMap<String, Described>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    user: String,
    seat: Option<String>,
    active: Option<bool>,
    #[serde(default)]
    remote: bool,
    #[serde(default)]
    closing: bool,
    class: Option<String>,
    kind: Option<String>,
    display: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    service: String,
    subject: Option<String>,
    started_by: String,
    runs_as: Option<String>,
    names: Option<String>,
    requester: Option<String>,
    from: String,
    #[serde(default)]
    screens: Vec<String>,
    terminal: Option<String>,
    in_front: Option<u32>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    remote_host: bool,
    #[serde(default)]
    lid_closed: bool,
    gate: String,
}

fn uid(name: &str) -> u32 {
    match name {
        "root" => 0,
        "www-data" => 33,
        "postgres" => 105,
        "gdm" => 120,
        "alice" => 1000,
        "bob" => 1001,
        other => panic!("who is {other}?"),
    }
}

impl Described {
    fn session(&self) -> Session {
        Session {
            uid: uid(&self.user),
            class: self.class.clone().unwrap_or("user".into()),
            kind: self.kind.clone().unwrap_or("wayland".into()),
            seat: self.seat.clone(),
            active: self.active.unwrap_or(true),
            remote: self.remote,
            closing: self.closing,
            display: self.display.clone(),
        }
    }
}

impl Case {
    fn evidence(&self) -> Evidence {
        let requester = match self.requester.as_deref() {
            None => Requester::None,
            Some("unknown") => Requester::Unknown,
            Some(name) => Requester::Process {
                uid: uid(name),
                place: Place::Elsewhere,
            },
        };
        let names = self.names.as_deref().map(|name| match name {
            "unknown" => Named::Unknown,
            name => Named::Uid(uid(name)),
        });
        let tty = self.terminal.as_deref();
        Evidence {
            real_uid: uid(&self.started_by),
            effective_uid: uid(self.runs_as.as_deref().unwrap_or("root")),
            remote_user: names,
            remote_host: self.remote_host,
            tty: tty.map(|tty| Tty::new(tty.trim_start_matches("/dev/")).unwrap()),
            place: Place::Elsewhere,
            requester,
            lid_closed: self.lid_closed,
        }
    }

    fn presence(&self, sessions: &BTreeMap<String, Described>) -> Presence {
        let named = |name: &String| sessions[name].session();
        Presence {
            asker: vec![(self.from != "nowhere").then(|| named(&self.from))],
            shown: self.screens.iter().map(named).collect(),
            terminal: self.in_front,
            has_open_session: self.open,
        }
    }
}

fn config() -> Config {
    Config::parse("[services]\nmine = \"auto\"\noff = \"off\"").unwrap()
}

#[test]
fn the_table_holds() {
    let table: Table = toml::from_str(TABLE).unwrap();
    let config = config();
    let mut closed: Vec<&str> = Vec::new();
    for case in &table.case {
        let found = gate(
            uid(case.subject.as_deref().unwrap_or("alice")),
            config.service(&case.service),
            &case.evidence(),
            &case.presence(&table.sessions),
        );
        let found = found.map_or_else(Gate::name, |()| "open");
        assert_eq!(found, case.gate, "{}", case.name);
        closed.push(found);
    }
    for gate in Gate::ALL.map(Gate::name) {
        let elsewhere = gate == "switched-off";
        assert!(elsewhere || closed.contains(&gate), "no case closes {gate}");
    }
}

#[test]
fn a_service_that_is_off_is_off() {
    let table: Table = toml::from_str(TABLE).unwrap();
    for case in &table.case {
        let presence = case.presence(&table.sessions);
        let found = gate(1000, config().service("off"), &case.evidence(), &presence);
        assert_eq!(found, Err(Gate::SwitchedOff));
    }
}

const ALICE: u32 = 1000;

fn uids() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(ALICE), Just(1001), any::<u32>()]
}

fn sessions() -> impl Strategy<Value = Session> {
    let classes = ["user", "greeter", "background", "manager", "user-early", ""];
    (
        uids(),
        proptest::sample::select(classes.to_vec()),
        proptest::option::of(Just("seat0".to_owned())),
        any::<[bool; 3]>(),
        proptest::option::of(Just(":0".to_owned())),
    )
        .prop_map(
            |(uid, class, seat, [active, remote, closing], display)| Session {
                uid,
                class: class.into(),
                kind: "x11".into(),
                seat,
                active,
                remote,
                closing,
                display,
            },
        )
}

fn evidences() -> impl Strategy<Value = Evidence> {
    let named = prop_oneof![uids().prop_map(Named::Uid), Just(Named::Unknown)];
    let requester = prop_oneof![
        Just(Requester::None),
        Just(Requester::Unknown),
        uids().prop_map(|uid| Requester::Process {
            uid,
            place: Place::Elsewhere
        })
    ];
    let ttys = ["tty1", "tty2", "ttyS0", "pts/0", ":0", ":1", "console"];
    let tty = proptest::option::of(proptest::sample::select(ttys.to_vec()));
    (
        uids(),
        uids(),
        proptest::option::of(named),
        any::<[bool; 2]>(),
        tty,
        requester,
    )
        .prop_map(
            |(real, effective, remote_user, [remote_host, lid], tty, requester)| Evidence {
                real_uid: real,
                effective_uid: effective,
                remote_user,
                remote_host,
                tty: tty.map(|tty| Tty::new(tty).unwrap()),
                place: Place::Elsewhere,
                requester,
                lid_closed: lid,
            },
        )
}

fn presences() -> impl Strategy<Value = Presence> {
    (
        proptest::collection::vec(proptest::option::of(sessions()), 0..3),
        proptest::collection::vec(sessions(), 0..3),
        proptest::option::of(1u32..4),
        any::<bool>(),
    )
        .prop_map(|(asker, shown, terminal, has_open_session)| Presence {
            asker,
            shown,
            terminal,
            has_open_session,
        })
}

/// A session in which `uid` sits before a seat's screen; written from the words, beside the code's.
fn is_in_front(session: &Session, uid: u32) -> bool {
    session.uid == uid
        && session.class.starts_with("user")
        && session.seat.is_some()
        && session.active
        && !session.remote
        && !session.closing
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn an_open_gate_has_a_person_behind_it(
        evidence in evidences(),
        presence in presences(),
        service in 0usize..40,
    ) {
        let config = config();
        let (name, service) = config
            .services()
            .iter()
            .nth(service % config.services().len())
            .unwrap();
        if gate(ALICE, Some(service), &evidence, &presence).is_ok() {
            prop_assert!(!evidence.remote_host && !evidence.lid_closed, "{name}");
            let by_alice = evidence.real_uid == ALICE
                || evidence.requester == Requester::Process { uid: ALICE, place: Place::Elsewhere }
                || evidence.remote_user == Some(Named::Uid(ALICE));
            let in_front = |session: &Session| is_in_front(session, ALICE);
            let seated = !presence.asker.is_empty()
                && presence.asker.iter().all(|session| session.as_ref().is_some_and(in_front));
            let console = evidence.real_uid == 0
                && evidence.remote_user.is_none()
                && (evidence.virtual_terminal().is_some_and(|n| presence.terminal == Some(n))
                    || presence.shown.iter().any(|session| in_front(session)
                        || session.class == "greeter"
                        && session.seat.is_some()
                        && session.active
                        && !session.remote));
            prop_assert!(by_alice && seated || console, "{name}: {evidence:?} {presence:?}");
            // Nobody else acts.
            prop_assert!([0, ALICE].contains(&evidence.real_uid));
        }
    }

    #[test]
    fn without_presence_no_gate_is_open(evidence in evidences(), service in 0usize..40) {
        let config = config();
        let service = config.services().values().nth(service % config.services().len());
        prop_assert!(gate(ALICE, service, &evidence, &Presence::default()).is_err());
    }

    #[test]
    fn an_unlisted_service_gets_no_face(evidence in evidences(), presence in presences()) {
        prop_assert_eq!(gate(ALICE, None, &evidence, &presence), Err(Gate::Unlisted));
    }
}
