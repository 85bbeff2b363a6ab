//! Aligned face → embedding.

use super::align::{Similarity, warp};
use crate::onnx::{ModelDirs, ModelEntry, ModelError, Role, Runtime, Session};
use crate::types::{Detection, Embedding, Frame};

/// How a network wants its crop.
#[derive(Clone, Copy, Debug)]
struct Input {
    side: usize,
    /// The crop's channel (blue, green, red) that each plane takes.
    planes: [usize; 3],
    mean: [f32; 3],
    /// Values are `(v - mean) * factor`.
    factor: [f32; 3],
    /// Values the network gives.
    length: usize,
}

const REID: Input = Input {
    side: 128,
    planes: [0, 1, 2],
    mean: [0.0; 3],
    factor: [1.0; 3],
    length: 256,
};

/// ImageNet's mean and deviation, as the network was trained (foamliu/MobileFaceNet `data_gen.py`).
const MOBILE_FACE_NET: Input = Input {
    side: 112,
    planes: [2, 1, 0],
    mean: [0.485 * 255.0, 0.456 * 255.0, 0.406 * 255.0],
    factor: [
        1.0 / (0.229 * 255.0),
        1.0 / (0.224 * 255.0),
        1.0 / (0.225 * 255.0),
    ],
    length: 128,
};

pub struct Embedder {
    session: Session,
    input: Input,
}

impl Embedder {
    /// # Errors
    /// [`ModelError`]; a model that is no embedder.
    pub fn open(
        runtime: &Runtime,
        dirs: &ModelDirs,
        entry: &ModelEntry,
    ) -> Result<Self, ModelError> {
        let input = match entry.role {
            Role::Embedder => REID,
            Role::Fusion => MOBILE_FACE_NET,
            _ => {
                return Err(ModelError::Manifest(format!(
                    "{} is no embedder",
                    entry.name
                )));
            }
        };
        Ok(Self {
            session: Session::open(runtime, dirs, entry, &[])?,
            input,
        })
    }

    /// Aligns the face and embeds it. `None` where landmarks or features are degenerate: such a
    /// face is never compared.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the network gives something else than an embedding.
    pub fn embed(
        &mut self,
        frame: &Frame,
        face: &Detection,
    ) -> Result<Option<Embedding>, ModelError> {
        let Input {
            side,
            planes,
            mean,
            factor,
            length,
        } = self.input;
        let Some(similarity) = Similarity::to_reference(&face.landmarks, side) else {
            return Ok(None);
        };
        let crop = warp(frame, &similarity, side);
        let mut values = Vec::with_capacity(side * side * 3);
        for (c, channel) in planes.into_iter().enumerate() {
            values.extend(
                crop.iter()
                    .skip(channel)
                    .step_by(3)
                    .map(|v| (f32::from(*v) - mean[c]) * factor[c]),
            );
        }
        let mut outputs = self.session.run([1, 3, side, side], &values)?;
        match outputs.pop() {
            Some(output) if outputs.is_empty() && output.values.len() == length => {
                Ok(Embedding::normalized(output.values))
            }
            _ => Err(self
                .session
                .misshapen(format!("does not give one embedding of {length} values"))),
        }
    }
}
