//! What stands in for models, templates and threads. What the models were shown is noted at this
//! edge, so that the property does not rest on the loop's own books.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use super::script::{Face, Shown, Step};
use crate::camera::{CameraError, Sink as _};
use crate::face::{Quality, QualityLimits, Weights};
use crate::onnx::ModelError;
use crate::pad::PadEvidence;
use crate::pipeline::frame::{FrameOutcome, FrameTimes, JudgeFrames, JudgedFace};
use crate::service::inbox::{Arrival, Inbox};
use crate::service::templates::{self, Gallery, KeyError};
use crate::store::{Enrollment, Margin, StoredTemplate};
use crate::types::{
    CameraIdentity, Detection, Digest, Embedding, Frame, Liveness, PixelFormat, Spectrum,
};
use crate::vault::TemplateKey;

const MODEL: Digest = Digest([7; 32]);
const NETWORKS: Digest = Digest([5; 32]);
const CAMERA: &str = "recorded:mine/color";
/// Of the templates' margins the lower.
const MARGIN: f32 = 2.0;

/// What was handed to the loop, noted as it was handed over.
#[derive(Default)]
pub struct Notes {
    pub camera_is_mine: bool,
    pub templates: bool,
    /// A failure or a hang-up was handed over.
    pub broken: bool,
    /// Face, liveness, whether everything else was right when it was shown, and the threshold then.
    pub faces: Vec<(Face, Liveness, bool, f32)>,
}

/// Sees in a frame what the script says of its number.
struct Scripted {
    ours: bool,
    threshold: f32,
    /// The margin of the person it was told to expect.
    expected: Option<f32>,
    shown: Arc<Vec<Shown>>,
    notes: Arc<Mutex<Notes>>,
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

    fn weights(&self) -> &Weights {
        static ALIKE: Weights = Weights::ALIKE;
        &ALIKE
    }

    fn networks(&self) -> Option<Digest> {
        Some(NETWORKS)
    }

    fn expect(&mut self, own: Option<f32>) {
        self.expected = own;
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
                self.notes.lock().unwrap().broken = true;
                return Err(ModelError::Runtime("scripted".into()));
            }
            Shown::Face(whose, liveness) => {
                let mut notes = self.notes.lock().unwrap();
                let right = self.ours && notes.camera_is_mine && notes.templates;
                let right = right && self.expected == Some(MARGIN);
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
            margin: Some(Margin {
                networks: NETWORKS.0,
                reading: MARGIN * id as f32,
            }),
        };
        let embedding = Embedding::normalized(values.to_vec()).unwrap();
        templates::seal_template(&enrollment, &mut template, &embedding, &key).unwrap();
        enrollment.templates.push(template);
    }
    templates::bind(&mut enrollment, &key).unwrap();
    (enrollment, key)
}

pub struct Stage {
    shown: Arc<Vec<Shown>>,
    pub notes: Arc<Mutex<Notes>>,
    frames: RefCell<u32>,
    enrollment: Enrollment,
    key: TemplateKey,
}

impl Stage {
    pub fn new(script: &[Step]) -> Self {
        let shown = script.iter().filter_map(|step| match step {
            Step::Frame(shown) => Some(*shown),
            _ => None,
        });
        let (enrollment, key) = sealed();
        Self {
            shown: Arc::new(shown.collect()),
            notes: Arc::default(),
            frames: RefCell::new(0),
            enrollment,
            key,
        }
    }

    /// Leaves one thing in the inbox, as the thread it comes from would.
    pub fn put(&self, inbox: &Inbox, step: Step) {
        match step {
            Step::Camera { mine } => {
                let identity =
                    CameraIdentity::new(if mine { CAMERA } else { "recorded:other/color" });
                inbox.opened(&identity, Spectrum::Color);
            }
            Step::CameraFails(error) => inbox.put_camera_error(error),
            Step::Models { ours, threshold } => {
                let (shown, notes) = (Arc::clone(&self.shown), Arc::clone(&self.notes));
                inbox.put_models(Ok(Box::new(Scripted {
                    ours,
                    threshold,
                    expected: None,
                    shown,
                    notes,
                })));
            }
            Step::ModelsFail => inbox.put_models(Err(ModelError::Digest("scripted".into()))),
            Step::Templates => inbox.put_templates(Gallery::with_key(&self.enrollment, &self.key)),
            Step::TemplatesFail(panicked) => {
                inbox.put_templates(Err(if panicked {
                    KeyError::Panicked
                } else {
                    KeyError::Changed
                }));
            }
            Step::Frame(_) => {
                let mut frame = Frame::new(1, 1, PixelFormat::Gray8, vec![128]).unwrap();
                frame.sequence = self.frames.replace_with(|n| *n + 1);
                inbox.deliver(frame);
            }
            Step::HangUp => {
                inbox.hang_up();
                // Before everything that waits to be taken.
                self.notes.lock().unwrap().broken = true;
            }
            Step::Take => {}
        }
    }

    /// Notes what the loop takes.
    pub fn note(&self, arrival: &Arrival) {
        let mut notes = self.notes.lock().unwrap();
        match arrival {
            Arrival::Camera(identity, _) => notes.camera_is_mine = identity.as_str() == CAMERA,
            Arrival::Templates(Ok(_)) => notes.templates = true,
            Arrival::HungUp | Arrival::Templates(Err(_)) | Arrival::Models(Err(_)) => {
                notes.broken = true;
            }
            Arrival::CameraFailed(error) => notes.broken |= *error != CameraError::TimedOut,
            Arrival::Models(Ok(_)) | Arrival::Frame(_) | Arrival::Deadline => {}
        }
    }
}
