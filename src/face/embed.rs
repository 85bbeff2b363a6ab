//! Aligned face → embedding.

use super::align::{Similarity, warp};
use crate::onnx::{Channels, EmbeddingSpec, ModelDirs, ModelEntry, ModelError, Runtime, Session};
use crate::types::{Detection, Embedding, Frame};

pub struct Embedder {
    session: Session,
    spec: EmbeddingSpec,
}

impl Embedder {
    /// # Errors
    /// [`ModelError`]; a model that is no embedder.
    pub fn open(
        runtime: &Runtime,
        dirs: &ModelDirs,
        entry: &ModelEntry,
    ) -> Result<Self, ModelError> {
        let Some(spec) = entry.embedding else {
            let fault = format!("{} is no embedder", entry.name);
            return Err(ModelError::Manifest(fault));
        };
        Ok(Self {
            session: Session::open(runtime, dirs, entry, &[])?,
            spec,
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
        let EmbeddingSpec {
            side,
            channels,
            length,
        } = self.spec;
        let Some(similarity) = Similarity::to_reference(&face.landmarks, side) else {
            return Ok(None);
        };
        let crop = warp(frame, &similarity, side);
        let planes = match channels {
            Channels::Bgr => [0, 1, 2],
            Channels::Rgb => [2, 1, 0],
        };
        let mut values = Vec::with_capacity(side * side * 3);
        for plane in planes {
            values.extend(crop.iter().skip(plane).step_by(3).map(|v| f32::from(*v)));
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
