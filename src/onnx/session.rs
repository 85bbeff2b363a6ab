//! A verified model, ready to run.
#![forbid(unsafe_code)]

use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::TensorRef;

use super::{ModelDirs, ModelEntry, ModelError, Runtime, Sizes, cache, map};
use crate::types::Digest;

/// One model's session. Never destroyed: the process ends instead, for ONNX Runtime's destructors
/// have crashed at exit.
pub struct Session {
    name: String,
    input: String,
    session: &'static mut ort::session::Session,
}

/// One output tensor.
pub struct Output {
    pub name: String,
    pub values: Vec<f32>,
}

impl Session {
    /// Opens the model: the form prepared for this CPU where there is one, else the portable file.
    /// Either is verified.
    ///
    /// # Errors
    /// [`ModelError`]; a damaged prepared form falls back to the portable file.
    pub fn open(
        runtime: &Runtime,
        dirs: &ModelDirs,
        entry: &ModelEntry,
        sizes: Sizes,
    ) -> Result<Self, ModelError> {
        let session = match cache::find(dirs, entry, sizes) {
            Some(bytes) => {
                prepared(runtime, bytes).or_else(|_| portable(runtime, dirs, entry, sizes))?
            }
            None => portable(runtime, dirs, entry, sizes)?,
        };
        let [input] = session.inputs() else {
            return Err(ModelError::Shape {
                model: entry.name.clone(),
                detail: "has not one input".into(),
            });
        };
        let input = input.name().to_owned();
        Ok(Self {
            name: entry.name.clone(),
            input,
            session: Box::leak(Box::new(session)),
        })
    }

    /// Runs the model on one NCHW tensor.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the model does not take this shape or does not give 32-bit
    /// floats.
    pub fn run(&mut self, shape: [usize; 4], values: &[f32]) -> Result<Vec<Output>, ModelError> {
        let refuse = |error: ort::Error| ModelError::Shape {
            model: self.name.clone(),
            detail: error.to_string(),
        };
        let tensor = TensorRef::from_array_view((shape.map(|n| n as i64).to_vec(), values))
            .map_err(refuse)?;
        let outputs = self
            .session
            .run(ort::inputs![self.input.as_str() => tensor])
            .map_err(refuse)?;
        let mut result = Vec::with_capacity(outputs.len());
        for (name, value) in &outputs {
            let (_, values) = value.try_extract_tensor::<f32>().map_err(refuse)?;
            result.push(Output {
                name: name.to_owned(),
                values: values.to_vec(),
            });
        }
        Ok(result)
    }

    /// The refusal of an output that is not as the pipeline needs it.
    pub fn misshapen(&self, detail: impl Into<String>) -> ModelError {
        ModelError::Shape {
            model: self.name.clone(),
            detail: detail.into(),
        }
    }
}

fn portable(
    runtime: &Runtime,
    dirs: &ModelDirs,
    entry: &ModelEntry,
    sizes: Sizes,
) -> Result<ort::session::Session, ModelError> {
    let bytes = verified(dirs, entry)?;
    let mut builder = builder(runtime, GraphOptimizationLevel::Level1)?;
    for (name, size) in sizes {
        builder = builder
            .with_dimension_override(name, *size)
            .map_err(failed)?;
    }
    builder.commit_from_memory(bytes).map_err(failed)
}

/// Already optimised, and read in place.
fn prepared(runtime: &Runtime, bytes: &'static [u8]) -> Result<ort::session::Session, ModelError> {
    let entries = [
        ("session.use_ort_model_bytes_directly", "1"),
        ("session.use_ort_model_bytes_for_initializers", "1"),
        ("session.disable_prepacking", "1"),
    ];
    let mut builder = builder(runtime, GraphOptimizationLevel::Disable)?;
    for (key, value) in entries {
        builder = builder.with_config_entry(key, value).map_err(failed)?;
    }
    builder.commit_from_memory(bytes).map_err(failed)
}

/// The model's bytes, once their digest is the manifest's.
pub fn verified(dirs: &ModelDirs, entry: &ModelEntry) -> Result<&'static [u8], ModelError> {
    let bytes = map::map(&dirs.models.join(&entry.file))?;
    if Digest::of(bytes) != entry.sha256.0 {
        return Err(ModelError::Digest(entry.file.clone()));
    }
    Ok(bytes)
}

/// One thread runs everything, and what is computed once is not planned for a second time. A
/// second thread would wake for every node of networks this small, and the plan of the first run
/// holds memory that a login of a few frames gives nothing back for. Tensors come from the arena
/// that all sessions share.
pub fn builder(
    runtime: &Runtime,
    level: GraphOptimizationLevel,
) -> Result<SessionBuilder, ModelError> {
    SessionBuilder::new(runtime.environment()?)
        .map_err(failed)?
        .with_optimization_level(level)
        .map_err(failed)?
        .with_intra_threads(1)
        .map_err(failed)?
        .with_inter_threads(1)
        .map_err(failed)?
        .with_intra_op_spinning(false)
        .map_err(failed)?
        .with_inter_op_spinning(false)
        .map_err(failed)?
        .with_memory_pattern(false)
        .map_err(failed)?
        .with_env_allocators()
        .map_err(failed)
}

pub fn failed<T>(error: ort::Error<T>) -> ModelError {
    ModelError::Runtime(error.to_string())
}
