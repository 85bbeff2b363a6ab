//! The loop of an attempt, played scripts: whatever arrives in whatever order, no one is let in
//! without enough frames with a live face that matches.
//!
//! Loop, inbox, templates and `decide` are the product's own; only the models are replaced, by
//! ones that see what the script says.

mod script;
mod stage;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use script::{Face, Shown, Step, any_script, start};
use stage::{Notes, Stage};

use super::*;
use crate::config::Config;
use crate::service::DeviceCameras;
use crate::service::asker::Asker;
use crate::service::connection::Connection;
use crate::service::inbox::Inbox;
use crate::service::records::Records;
use crate::service::tally::{SystemClock, Tally};
use crate::store::Store;
use crate::types::{Liveness, Peer};

type Played = (Result<Verdict, Unavailable>, Arc<Mutex<Notes>>);

/// Plays a script to the loop of an attempt that began `ago`.
fn play(script: &[Step], ago: Duration, matches: u8) -> Played {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[match]\nframes = {matches}\n[paths]\nstate = {0:?}\nrun = {0:?}",
        folder.path()
    );
    let config = Config::parse(&text).unwrap();
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let connection = Connection::new(ours);
    let clock = SystemClock {
        run: config.paths.run.clone(),
    };
    let context = context(&config, &connection, &clock, folder.path());
    let subject = Subject {
        uid: 1000,
        name: facelock_protocol::UserName::new("alice").unwrap(),
    };
    let (stage, inbox) = (Stage::new(script), Inbox::new());
    let mut steps = script.iter().cloned();
    let begun = Instant::now().checked_sub(ago).unwrap_or_else(Instant::now);
    let decision = Attempt::new(&context, &subject, true, begun).run(|_| {
        steps
            .by_ref()
            .take_while(|step| !matches!(step, Step::Take))
            .for_each(|step| stage.put(&inbox, step));
        // Nothing there: the deadline has come.
        let patience = if inbox.holds_anything() {
            Duration::from_secs(60)
        } else {
            Duration::ZERO
        };
        let arrival = inbox.next(Instant::now() + patience);
        stage.note(&arrival);
        arrival
    });
    (decision, stage.notes)
}

fn context<'a>(
    config: &'a Config,
    connection: &'a Connection,
    clock: &'a SystemClock,
    folder: &Path,
) -> Context<'a> {
    let store = |kind| Store::open(&config.paths.state, kind).unwrap();
    Context {
        asker: Asker {
            peer: Peer { uid: 0, pid: 1 },
            started: Instant::now(),
        },
        connection,
        config,
        sandbox_missing: Vec::new(),
        cameras: Arc::new(DeviceCameras),
        records: Records::new(folder.into()),
        enrollments: store("enrollments"),
        passwords: store("keyring"),
        tally: Tally::new(store("tally"), config.tally_rules(), clock),
    }
}

/// Frames that speak for a match, counted from the notes and by the faces' known cosines.
fn counted(notes: &Notes) -> usize {
    let cosine = |face| match face {
        Face::Mine => 1.0,
        Face::Alike => 0.8,
        Face::Strangers | Face::Unlike => 0.0,
    };
    let speaks = |&&(face, liveness, right, threshold): &&(Face, Liveness, bool, f32)| {
        right
            && liveness == Liveness::Live
            && face != Face::Unlike
            && cosine(face) + 1e-6 >= threshold
    };
    notes.faces.iter().filter(speaks).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_sequence_of_arrivals_lets_in_without_live_matching_faces(
        script in any_script(), ago in 0_u64..8000, matches in 1_u8..=5,
    ) {
        let (decision, notes) = play(&script, Duration::from_millis(ago), matches);
        let notes = notes.lock().unwrap();
        if decision == Ok(Verdict::Match) {
            prop_assert!(counted(&notes) >= usize::from(matches), "{:?}", notes.faces);
            prop_assert!(!notes.broken, "a failure or a hang-up came first");
            let sound = |(_, liveness, right, threshold): &(Face, Liveness, bool, f32)| {
                *right && *liveness != Liveness::Failed && threshold.is_finite()
            };
            prop_assert!(notes.faces.iter().all(sound));
        }
        // And no one is called a stranger or an attack without a judged face.
        if let Ok(Verdict::NonMatch | Verdict::AttackSuspected) = decision {
            prop_assert!(!notes.faces.is_empty() && !notes.broken);
        }
    }
}

#[test]
fn the_scripts_do_let_people_in() {
    let mut runner = TestRunner::deterministic();
    let scripts = any_script();
    let let_in = |runner: &mut TestRunner| {
        play(
            &scripts.new_tree(runner).unwrap().current(),
            Duration::ZERO,
            1,
        )
        .0 == Ok(Verdict::Match)
    };
    let matches = (0..300).filter(|_| let_in(&mut runner)).count();
    assert!(
        matches >= 20,
        "{matches} of 300: the property above would hold of nothing"
    );
}

#[test]
fn a_hang_up_comes_before_a_match_that_is_ready() {
    let face = Step::Frame(Shown::Face(Face::Mine, Liveness::Live));
    let script = [&start(0.58)[..], &[face.clone(), face.clone()]].concat();
    assert_eq!(play(&script, Duration::ZERO, 2).0, Ok(Verdict::Match));
    let gone = [&script[..], &[Step::HangUp]].concat();
    assert_eq!(
        play(&gone, Duration::ZERO, 2).0,
        Err(Unavailable::Cancelled)
    );
}
