//! What is measured, and shown to root alone.

use serde::{Deserialize, Serialize};

use crate::Hint;

/// Duration on the wire, in milliseconds.
pub type Milliseconds = u32;

/// One judged frame. Scores are cosines, -1..=1; quality is 0..=1; the box is in pixels of the
/// frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub frame: u32,
    pub detection_score: f32,
    /// x, y, width, height.
    pub face: [f32; 4],
    /// x, y of right eye, left eye, nose, right and left mouth corner (the subject's right and
    /// left).
    pub landmarks: [[f32; 2]; 5],
    pub quality: f32,
    /// Absent where the frame was not good enough to be compared.
    pub score: Option<f32>,
    pub threshold: f32,
    /// Presentation attack detection: 0 (attack) ..= 1 (live); absent where nothing could be
    /// measured.
    pub liveness: Option<f32>,
    pub stages: Stages,
}

/// When each stage was reached, in milliseconds since `main`; absent when it was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    pub request_read: Option<f32>,
    pub camera_open: Option<f32>,
    pub first_frame: Option<f32>,
    pub first_lit_frame: Option<f32>,
    pub models_ready: Option<f32>,
    pub vault_open: Option<f32>,
    /// Duration of the last detection, alignment with embedding, and presentation attack detection.
    pub detect: Option<f32>,
    pub embed: Option<f32>,
    pub pad: Option<f32>,
    pub verdict: Option<f32>,
}

/// A frame to look at: 8-bit gray or RGB, rows without padding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewFrame {
    pub width: u32,
    pub height: u32,
    /// 1 or 3 bytes a pixel; `width * height * channels` bytes in all.
    pub channels: u8,
    pub pixels: Vec<u8>,
    /// Mean brightness, 0..=255.
    pub brightness: f32,
    pub measurement: Option<Measurement>,
    pub hint: Option<Hint>,
}

/// One mode of a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeTime {
    /// `MJPG 640x480`, as the configuration and quirks name one.
    pub format: String,
    /// From opening to the first lit frame, the middle of several tries; absent where none came.
    pub first_lit: Option<Milliseconds>,
}
