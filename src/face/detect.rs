//! YuNet: boxes, five landmarks, scores.

use crate::onnx::{ModelDirs, ModelEntry, ModelError, Runtime, Session};
use crate::types::{Detection, Frame, Point, Rect};

use super::scale::fill;

/// The canvas a login detects on, width and height: half of 640x480, where every face of 46 pixels
/// and more at full size was still found; 4:3, 16:9 and upright frames fit into it.
pub const CANVAS: (usize, usize) = (320, 256);
/// Faces below this score are none. On LFW the wanted face scored 0.88 and more in 99.9 % of the
/// images.
const SCORE: f32 = 0.7;
/// Overlapping boxes above this intersection over union are one face (OpenCV's default).
const OVERLAP: f32 = 0.3;
const STRIDES: [usize; 3] = [8, 16, 32];
/// Most faces looked at in one frame.
const MOST: usize = 64;

pub struct Detector {
    session: Session,
    canvas: Option<(usize, usize)>,
    input: Vec<f32>,
}

impl Detector {
    /// Opens the detector. Frames are scaled down to fit `canvas` (width, height; multiples of 32);
    /// without one they are judged at their own size.
    pub fn open(
        runtime: &Runtime,
        dirs: &ModelDirs,
        entry: &ModelEntry,
        canvas: Option<(usize, usize)>,
    ) -> Result<Self, ModelError> {
        let session = match canvas {
            Some(canvas) => Session::open(runtime, dirs, entry, &sizes(canvas))?,
            None => Session::open(runtime, dirs, entry, &[])?,
        };
        Ok(Self {
            session,
            canvas,
            input: Vec::new(),
        })
    }

    /// The faces of a frame, largest first; coordinates in the frame's pixels.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the model's outputs are not YuNet's.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, ModelError> {
        let (w, h) = (frame.width() as usize, frame.height() as usize);
        let (width, height) = self
            .canvas
            .unwrap_or((w.next_multiple_of(32), h.next_multiple_of(32)));
        let scale = (width as f32 / w as f32)
            .min(height as f32 / h as f32)
            .min(1.0);
        fill(&mut self.input, frame, (width, height), scale);
        let outputs = self.session.run([1, 3, height, width], &self.input)?;
        let mut faces = Vec::new();
        for stride in STRIDES {
            let cells = (width / stride) * (height / stride);
            let tensor = |name: &str, values: usize| {
                let name = format!("{name}_{stride}");
                let output = outputs.iter().find(|output| output.name == name);
                let values = output
                    .map(|output| output.values.as_slice())
                    .filter(|v| v.len() == cells * values);
                values.ok_or_else(|| {
                    self.session
                        .misshapen(format!("no output {name} of {cells} cells"))
                })
            };
            let (cls, obj, bbox, kps) = (
                tensor("cls", 1)?,
                tensor("obj", 1)?,
                tensor("bbox", 4)?,
                tensor("kps", 10)?,
            );
            let columns = width / stride;
            let level = Level {
                stride: stride as f32,
                columns,
                cls,
                obj,
                bbox,
                kps,
            };
            faces.extend((0..cells).filter_map(|cell| level.decode(cell)));
        }
        let mut faces = suppress(faces);
        for face in &mut faces {
            rescale(face, 1.0 / scale);
        }
        faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        Ok(faces)
    }
}

/// The sizes that the detector is prepared for at install.
pub fn detector_sizes() -> [[(&'static str, i64); 2]; 1] {
    [sizes(CANVAS)]
}

/// The names of YuNet's free dimensions, with a canvas's size.
pub fn sizes((width, height): (usize, usize)) -> [(&'static str, i64); 2] {
    [("height", height as i64), ("width", width as i64)]
}

struct Level<'a> {
    stride: f32,
    columns: usize,
    cls: &'a [f32],
    obj: &'a [f32],
    bbox: &'a [f32],
    kps: &'a [f32],
}

impl Level<'_> {
    /// One prior a cell, without an offset (libfacedetection; OpenCV `face_detect.cpp`).
    fn decode(&self, cell: usize) -> Option<Detection> {
        let score = (self.cls[cell].clamp(0.0, 1.0) * self.obj[cell].clamp(0.0, 1.0)).sqrt();
        if score.is_nan() || score < SCORE {
            return None;
        }
        let (row, column) = ((cell / self.columns) as f32, (cell % self.columns) as f32);
        let b = &self.bbox[cell * 4..cell * 4 + 4];
        let (cx, cy) = ((column + b[0]) * self.stride, (row + b[1]) * self.stride);
        let (width, height) = (b[2].exp() * self.stride, b[3].exp() * self.stride);
        let bounds = Rect {
            x: cx - width / 2.0,
            y: cy - height / 2.0,
            width,
            height,
        };
        let k = &self.kps[cell * 10..cell * 10 + 10];
        let landmarks = std::array::from_fn(|n| Point {
            x: (column + k[2 * n]) * self.stride,
            y: (row + k[2 * n + 1]) * self.stride,
        });
        let finite = [bounds.x, bounds.y, width, height]
            .iter()
            .all(|v| v.is_finite())
            && landmarks
                .iter()
                .all(|p: &Point| p.x.is_finite() && p.y.is_finite());
        finite.then_some(Detection {
            bounds,
            landmarks,
            score,
        })
    }
}

/// Non-maximum suppression, best score first; boxes in whole pixels, as OpenCV has it.
fn suppress(mut faces: Vec<Detection>) -> Vec<Detection> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for face in faces {
        if kept.len() < MOST
            && kept
                .iter()
                .all(|other| overlap(&face.bounds, &other.bounds) <= OVERLAP)
        {
            kept.push(face);
        }
    }
    kept
}

fn overlap(a: &Rect, b: &Rect) -> f32 {
    let whole = |r: &Rect| (r.x.trunc(), r.y.trunc(), r.width.trunc(), r.height.trunc());
    let ((ax, ay, aw, ah), (bx, by, bw, bh)) = (whole(a), whole(b));
    let width = ((ax + aw).min(bx + bw) - ax.max(bx)).max(0.0);
    let height = ((ay + ah).min(by + bh) - ay.max(by)).max(0.0);
    let both = width * height;
    let either = aw * ah + bw * bh - both;
    if either > 0.0 { both / either } else { 0.0 }
}

fn rescale(face: &mut Detection, factor: f32) {
    let b = &mut face.bounds;
    for value in [&mut b.x, &mut b.y, &mut b.width, &mut b.height] {
        *value *= factor;
    }
    for point in &mut face.landmarks {
        point.x *= factor;
        point.y *= factor;
    }
}
