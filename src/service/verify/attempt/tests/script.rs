//! Scripts: what arrives at the loop, in any order.

use proptest::prelude::*;

use crate::camera::CameraError;
use crate::types::{Hint, Liveness};

/// Whose face a frame shows. The cosines with the best template are 1, 0.8 and 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Face {
    Mine,
    Alike,
    Strangers,
    /// An embedding of another length, as another model would make it.
    Unlike,
}

#[derive(Clone, Copy, Debug)]
pub enum Shown {
    Face(Face, Liveness),
    Hint(Hint, bool),
    Unlit,
    Broken,
}

#[derive(Clone, Debug)]
pub enum Step {
    Camera {
        mine: bool,
    },
    CameraFails(CameraError),
    Models {
        ours: bool,
        threshold: f32,
    },
    ModelsFail,
    Templates,
    TemplatesFail(bool),
    Frame(Shown),
    HangUp,
    /// The loop takes something before more arrives.
    Take,
}

/// A start as it should be.
pub fn start(threshold: f32) -> [Step; 3] {
    let models = Step::Models {
        ours: true,
        threshold,
    };
    [Step::Camera { mine: true }, models, Step::Templates]
}

fn any_frame() -> impl Strategy<Value = Step> {
    let face = prop_oneof![
        8 => Just(Face::Mine),
        2 => Just(Face::Alike),
        3 => Just(Face::Strangers),
        1 => Just(Face::Unlike),
    ];
    let liveness = prop_oneof![
        8 => Just(Liveness::Live),
        2 => Just(Liveness::Attack),
        3 => Just(Liveness::Undecided),
        1 => Just(Liveness::Failed),
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
        16 => Just(0.58_f32),
        2 => Just(0.9_f32),
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let error = prop_oneof![
        Just(CameraError::TimedOut),
        Just(CameraError::Unplugged),
        Just(CameraError::Busy),
        Just(CameraError::Failed("scripted".into()))
    ];
    let models = (prop::bool::weighted(0.9), any_threshold())
        .prop_map(|(ours, threshold)| Step::Models { ours, threshold });
    prop_oneof![
        2 => prop::bool::weighted(0.9).prop_map(|mine| Step::Camera { mine }),
        2 => models,
        2 => Just(Step::Templates),
        16 => any_frame(),
        16 => Just(Step::Take),
        1 => error.prop_map(Step::CameraFails),
        1 => prop_oneof![Just(Step::ModelsFail), any::<bool>().prop_map(Step::TemplatesFail)],
        1 => Just(Step::HangUp),
    ]
}

/// Any order of anything, half of the time after a start as it should be.
pub fn any_script() -> impl Strategy<Value = Vec<Step>> {
    (
        any::<bool>(),
        any_threshold(),
        prop::collection::vec(any_step(), 0..40),
    )
        .prop_map(move |(started, threshold, steps)| {
            if started {
                [&start(threshold)[..], &steps].concat()
            } else {
                steps
            }
        })
}
