//! The loop of an attempt, played scripts: whatever arrives in whatever order, nobody is let in
//! without enough frames with a live face that matches.
//!
//! Loop, inbox, templates and `decide` are the product's own; only the models are replaced, by an
//! eye that sees what the script says. What the eye was shown is noted at the edge, so that the
//! property does not rest on the loop's own books.

use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::super::DeviceCameras;
use super::super::connection::Connection;
use super::super::context::Asker;
use super::super::presence::Records;
use super::super::tally::{SystemClock, Tally};
use super::*;
use crate::config::Config;
use crate::face::Quality;
use crate::pad::PadEvidence;
use crate::store::{Store, StoredTemplate};
use crate::types::{Detection, Digest, Embedding, Liveness, Peer, PixelFormat};
use crate::vault::TemplateKey;

const MODEL: Digest = Digest([7; 32]);
const CAMERA: &str = "recorded:mine/color";

/// Whose face a frame shows. The cosines with the best template are 1, 0.8 and 0.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Face {
    Mine,
    Alike,
    Strangers,
    /// An embedding of another length, as another model would make it.
    Unlike,
}

#[derive(Clone, Copy, Debug)]
enum Shown {
    Face(Face, Liveness),
    Hint(Hint, bool),
    Unlit,
    Broken,
}

#[derive(Clone, Debug)]
enum Step {
    Camera {
        mine: bool,
    },
    CameraFails(CameraError),
    Eye {
        ours: bool,
        threshold: f32,
    },
    EyeFails,
    Templates,
    TemplatesFail(bool),
    Frame(Shown),
    HangUp,
    /// The loop takes something before more arrives.
    Take,
}

/// What was handed to the loop, noted as it was handed over.
#[derive(Default)]
struct Notes {
    camera_is_mine: bool,
    templates: bool,
    /// A failure or a hang-up was handed over.
    broken: bool,
    /// Face, liveness, whether everything else was right when it was shown, and the threshold then.
    faces: Vec<(Face, Liveness, bool, f32)>,
}

/// Sees in a frame what the script says of its number.
struct Scripted {
    ours: bool,
    threshold: f32,
    shown: Rc<Vec<Shown>>,
    notes: Rc<RefCell<Notes>>,
}

fn embedding(face: Face) -> Embedding {
    let values: &[f32] = match face {
        Face::Mine => &[1.0, 0.0, 0.0],
        Face::Alike => &[0.8, 0.0, 0.6],
        Face::Strangers => &[0.0, 0.0, 1.0],
        Face::Unlike => &[1.0, 0.0, 0.0, 0.0],
    };
    Embedding::normalized(values.to_vec()).unwrap()
}

impl JudgeFrames for Scripted {
    fn digest(&self) -> Digest {
        if self.ours { MODEL } else { Digest([8; 32]) }
    }

    fn threshold(&self, _: Spectrum) -> f32 {
        self.threshold
    }

    fn judge(
        &mut self,
        frame: &Frame,
        _: Spectrum,
        _: &QualityLimits,
        _: &mut FrameTimes,
    ) -> Result<FrameOutcome, ModelError> {
        let face = Detection::default();
        Ok(match self.shown[frame.sequence as usize] {
            Shown::Hint(hint, seen) => FrameOutcome::Hint(hint, seen.then_some(face)),
            Shown::Unlit => FrameOutcome::Unlit,
            Shown::Broken => {
                self.notes.borrow_mut().broken = true;
                return Err(ModelError::Runtime("scripted".into()));
            }
            Shown::Face(whose, liveness) => {
                let mut notes = self.notes.borrow_mut();
                let right = self.ours && notes.camera_is_mine && notes.templates;
                notes.faces.push((whose, liveness, right, self.threshold));
                let quality = Quality::of(frame, &face);
                FrameOutcome::Judged(Box::new(JudgedFace {
                    face,
                    quality,
                    embedding: embedding(whose),
                    liveness,
                    live_score: None,
                    evidence: PadEvidence::default(),
                    eyes_shut: None,
                }))
            }
        })
    }
}

/// Templates of two looks, sealed as an enrollment seals them.
fn sealed() -> (Enrollment, TemplateKey) {
    let key = TemplateKey::generate().unwrap();
    let mut enrollment = Enrollment {
        uid: 1000,
        user: "alice".into(),
        model: MODEL.0,
        protector: crate::vault::ProtectorKind::File as u8,
        sealed_key: Vec::new(),
        recovery: Vec::new(),
        templates: Vec::new(),
        integrity: Vec::new(),
    };
    for (id, values) in [(1, [0.0, 1.0, 0.0]), (2, [1.0, 0.0, 0.0])] {
        let (label, camera, sealed) = (String::new(), CAMERA.into(), Vec::new());
        let mut template = StoredTemplate {
            id,
            label,
            created: 0,
            camera,
            spectrum: Spectrum::Color,
            quality: 1.0,
            sealed,
        };
        let embedding = Embedding::normalized(values.to_vec()).unwrap();
        keys::seal_template(&enrollment, &mut template, &embedding, &key).unwrap();
        enrollment.templates.push(template);
    }
    keys::bind(&mut enrollment, &key).unwrap();
    (enrollment, key)
}

/// Leaves one thing in the inbox, as the thread it comes from would.
fn put(
    inbox: &Inbox<Result<Scripted, ModelError>, Result<Gallery, KeyError>>,
    step: Step,
    stage: &Stage,
) {
    match step {
        Step::Camera { mine } => {
            let identity = CameraIdentity::new(if mine { CAMERA } else { "recorded:other/color" });
            inbox.put_camera(identity, Spectrum::Color);
        }
        Step::CameraFails(error) => inbox.put_camera_error(error),
        Step::Eye { ours, threshold } => {
            let (shown, notes) = (Rc::clone(&stage.shown), Rc::clone(&stage.notes));
            inbox.put_engine(Ok(Scripted {
                ours,
                threshold,
                shown,
                notes,
            }));
        }
        Step::EyeFails => inbox.put_engine(Err(ModelError::Digest("scripted".into()))),
        Step::Templates => inbox.put_templates(Gallery::with_key(&stage.enrollment, &stage.key)),
        Step::TemplatesFail(panicked) => {
            inbox.put_templates(Err(if panicked {
                KeyError::Panicked
            } else {
                KeyError::Changed
            }));
        }
        Step::Frame(_) => {
            let mut frame = Frame::new(1, 1, PixelFormat::Gray8, vec![128]).unwrap();
            frame.sequence = stage.frames.replace_with(|n| *n + 1);
            let _ = inbox.put_frame(frame);
        }
        Step::HangUp => {
            inbox.hang_up();
            // Before everything that waits to be taken.
            stage.notes.borrow_mut().broken = true;
        }
        Step::Take => {}
    }
}

struct Stage {
    shown: Rc<Vec<Shown>>,
    notes: Rc<RefCell<Notes>>,
    frames: RefCell<u32>,
    enrollment: Enrollment,
    key: TemplateKey,
}

/// Plays a script to the loop of an attempt that began `ago`.
fn play(
    script: &[Step],
    ago: Duration,
    matches: u8,
) -> (Result<Verdict, Unavailable>, Rc<RefCell<Notes>>) {
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
    let store = |kind| Store::open(&config.paths.state, kind).unwrap();
    let context = Context {
        asker: Asker {
            peer: Peer { uid: 0, pid: 1 },
            started: Instant::now(),
        },
        connection: &connection,
        config: &config,
        sandbox_missing: Vec::new(),
        cameras: Arc::new(DeviceCameras),
        records: Records::new(folder.path().into()),
        enrollments: store("enrollments"),
        tally: Tally::new(store("tally"), config.tally_rules(), &clock),
    };
    let subject = Subject {
        uid: 1000,
        name: facelock_protocol::UserName::new("alice").unwrap(),
    };
    let shown = script.iter().filter_map(|step| {
        if let Step::Frame(shown) = step {
            Some(*shown)
        } else {
            None
        }
    });
    let (enrollment, key) = sealed();
    let notes = Rc::<RefCell<Notes>>::default();
    let stage = Stage {
        shown: Rc::new(shown.collect()),
        notes: notes.clone(),
        frames: RefCell::new(0),
        enrollment,
        key,
    };
    let inbox = Inbox::new();
    let mut steps = script.iter().cloned();
    let begun = Instant::now().checked_sub(ago).unwrap_or_else(Instant::now);
    let decision = Attempt::new(&context, &subject, true, begun).run(|_| {
        steps
            .by_ref()
            .take_while(|step| !matches!(step, Step::Take))
            .for_each(|step| put(&inbox, step, &stage));
        // Nothing there: the deadline has come.
        let patience = if inbox.holds_anything() {
            Duration::from_secs(60)
        } else {
            Duration::ZERO
        };
        let arrival = inbox.next(Instant::now() + patience);
        let mut notes = stage.notes.borrow_mut();
        match &arrival {
            Arrival::Camera(identity, _) => notes.camera_is_mine = identity.as_str() == CAMERA,
            Arrival::Templates(Ok(_)) => notes.templates = true,
            Arrival::HungUp | Arrival::Templates(Err(_)) | Arrival::Engine(Err(_)) => {
                notes.broken = true
            }
            Arrival::CameraFailed(error) => notes.broken |= *error != CameraError::TimedOut,
            Arrival::Engine(Ok(_)) | Arrival::Frame(_) | Arrival::Deadline => {}
        }
        arrival
    });
    (decision, notes)
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

fn any_frame() -> impl Strategy<Value = Step> {
    let face = prop_oneof![8 => Just(Face::Mine), 2 => Just(Face::Alike), 3 => Just(Face::Strangers), 1 => Just(Face::Unlike)];
    let liveness = prop_oneof![
        8 => Just(Liveness::Live), 2 => Just(Liveness::Attack), 3 => Just(Liveness::Undecided), 1 => Just(Liveness::Failed)
    ];
    let hint = prop_oneof![
        Just(Hint::NoFace),
        Just(Hint::TooDark),
        Just(Hint::ManyFaces),
        Just(Hint::LookAtCamera)
    ];
    prop_oneof![
        12 => (face, liveness).prop_map(|(face, liveness)| Shown::Face(face, liveness)),
        4 => (hint, any::<bool>()).prop_map(|(hint, face)| Shown::Hint(hint, face)),
        1 => Just(Shown::Unlit),
        1 => Just(Shown::Broken),
    ]
    .prop_map(Step::Frame)
}

fn any_threshold() -> impl Strategy<Value = f32> {
    prop_oneof![
        16 => Just(0.58_f32), 2 => Just(0.9_f32), 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => Just(f32::NEG_INFINITY)
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let error = prop_oneof![
        Just(CameraError::TimedOut),
        Just(CameraError::Unplugged),
        Just(CameraError::Busy),
        Just(CameraError::Failed("scripted".into()))
    ];
    prop_oneof![
        2 => prop::bool::weighted(0.9).prop_map(|mine| Step::Camera { mine }),
        2 => (prop::bool::weighted(0.9), any_threshold()).prop_map(|(ours, threshold)| Step::Eye { ours, threshold }),
        2 => Just(Step::Templates),
        16 => any_frame(),
        16 => Just(Step::Take),
        1 => error.prop_map(Step::CameraFails),
        1 => prop_oneof![Just(Step::EyeFails), any::<bool>().prop_map(Step::TemplatesFail)],
        1 => Just(Step::HangUp),
    ]
}

/// Any order of anything, half of the time after a start as it should be.
fn any_script() -> impl Strategy<Value = Vec<Step>> {
    let start = |threshold| {
        vec![
            Step::Camera { mine: true },
            Step::Eye {
                ours: true,
                threshold,
            },
            Step::Templates,
        ]
    };
    (
        any::<bool>(),
        any_threshold(),
        prop::collection::vec(any_step(), 0..40),
    )
        .prop_map(move |(started, threshold, steps)| {
            if started {
                [start(threshold), steps].concat()
            } else {
                steps
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_sequence_of_arrivals_lets_in_without_live_matching_faces(
        script in any_script(), ago in 0_u64..8000, matches in 1_u8..=5,
    ) {
        let (decision, notes) = play(&script, Duration::from_millis(ago), matches);
        let notes = notes.borrow();
        if decision == Ok(Verdict::Match) {
            prop_assert!(counted(&notes) >= usize::from(matches), "{:?}", notes.faces);
            prop_assert!(!notes.broken, "a failure or a hang-up came first");
            let sound = |(_, liveness, right, threshold): &(Face, Liveness, bool, f32)| {
                *right && *liveness != Liveness::Failed && threshold.is_finite()
            };
            prop_assert!(notes.faces.iter().all(sound));
        }
        // And nobody is called a stranger or an attack who was not looked at.
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
    let start = [
        Step::Camera { mine: true },
        Step::Eye {
            ours: true,
            threshold: 0.58,
        },
        Step::Templates,
    ];
    let script = [&start[..], &[face.clone(), face.clone()]].concat();
    assert_eq!(play(&script, Duration::ZERO, 2).0, Ok(Verdict::Match));
    let gone = [&script[..], &[Step::HangUp]].concat();
    assert_eq!(
        play(&gone, Duration::ZERO, 2).0,
        Err(Unavailable::Cancelled)
    );
}
