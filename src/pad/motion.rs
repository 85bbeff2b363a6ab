//! Motion: a picture that is tilted or turned stays flat, a head does not.
//!
//! Eyes and mouth corners of two frames fix a homography, which carries every point of a flat
//! picture, the nose as well. A real nose stands out of that plane: a head that turns by θ narrows
//! by 1 − cos θ and moves its nose by its depth times sin θ. So where the four points were deformed
//! and the nose went along with their plane, the thing is flat. Nothing is said of a face that
//! keeps still or moves as a whole, and the window slides, so that what a face did before does not
//! count for ever. A replayed video moves like its subject and passes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::detector::{Detector, Judgement, Part};
use crate::onnx::ModelError;
use crate::types::{Detection, Frame, Liveness, Point, Spectrum};

/// How far back frames are compared with.
const WINDOW: Duration = Duration::from_secs(2);
/// Frames kept at most.
const MOST: usize = 64;
/// Deformation from which two views say anything: a flat picture turned by about 30 degrees, and
/// more than noise makes of landmarks that keep still.
const DEFORMED: f32 = 0.15;
/// Parallax of the nose over deformation: below, flat; from [`SOLID`], not.
const FLAT: f32 = 0.35;
const SOLID: f32 = 1.0;
/// Pairs of views that must agree.
const ENOUGH: usize = 3;

#[derive(Default)]
pub struct Motion {
    views: VecDeque<(Instant, [Point; 5])>,
}

/// Two views of a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// How unevenly the plane of eyes and mouth was stretched: 1 − smaller / larger stretch, 0..=1.
    pub deformation: f32,
    /// How far the nose left that plane's motion, in distances between the eyes.
    pub parallax: f32,
}

impl Detector for Motion {
    fn name(&self) -> &'static str {
        "motion"
    }

    fn part(&self, _: Spectrum) -> Part {
        Part::Vetoes
    }

    fn judge(&mut self, frame: &Frame, face: &Detection) -> Result<Judgement, ModelError> {
        Ok(self.watch(frame.captured, face))
    }

    fn reset(&mut self) {
        self.views.clear();
    }
}

impl Motion {
    fn watch(&mut self, at: Instant, face: &Detection) -> Judgement {
        while self.views.len() >= MOST
            || self
                .views
                .front()
                .is_some_and(|(then, _)| at.duration_since(*then) > WINDOW)
        {
            self.views.pop_front();
        }
        let mut ratios: Vec<f32> = Vec::new();
        for (_, before) in &self.views {
            let Some(change) = change(before, &face.landmarks) else {
                continue;
            };
            if !change.deformation.is_finite() || !change.parallax.is_finite() {
                return Judgement::FAILED;
            }
            if change.deformation >= DEFORMED {
                ratios.push(change.parallax / change.deformation);
            }
        }
        self.views.push_back((at, face.landmarks));
        if ratios.len() < ENOUGH {
            return Judgement::UNDECIDED;
        }
        ratios.sort_by(f32::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        let live = match ratio {
            ratio if ratio < FLAT => Liveness::Attack,
            ratio if ratio >= SOLID => Liveness::Live,
            _ => Liveness::Undecided,
        };
        Judgement {
            live,
            score: Some((ratio / SOLID / 2.0).clamp(0.0, 1.0)),
            reading: Some(ratio),
        }
    }
}

/// Compares two views. `None` where the landmarks span no plane.
pub fn change(before: &[Point; 5], after: &[Point; 5]) -> Option<Change> {
    let plane =
        |face: &[Point; 5]| [0, 1, 3, 4].map(|n| (f64::from(face[n].x), f64::from(face[n].y)));
    let (from, to) = (plane(before), plane(after));
    let nose = (f64::from(before[2].x), f64::from(before[2].y));
    let (x, y) = homography(&from, &to, nose)?;
    let eyes = (to[1].0 - to[0].0).hypot(to[1].1 - to[0].1);
    let (dx, dy) = (x - f64::from(after[2].x), y - f64::from(after[2].y));
    // In the picture's own measure: against the longer of both sides, so that a narrow view does
    // not blow it up.
    let down =
        (to[2].0 + to[3].0 - to[0].0 - to[1].0).hypot(to[2].1 + to[3].1 - to[0].1 - to[1].1) / 2.0;
    let size = eyes.max(down);
    (size > 1.0).then_some(())?;
    Some(Change {
        deformation: deformation(&from, &to)? as f32,
        parallax: (dx.hypot(dy) / size) as f32,
    })
}

/// Least-squares affinity of the four points; how unequal its two stretches are.
fn deformation(from: &[(f64, f64); 4], to: &[(f64, f64); 4]) -> Option<f64> {
    let mean = |points: &[(f64, f64); 4]| {
        let sum = points
            .iter()
            .fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
        (sum.0 / 4.0, sum.1 / 4.0)
    };
    let (a, b) = (mean(from), mean(to));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    let mut cross = [0.0; 4];
    for (p, q) in from.iter().zip(to) {
        let (px, py, qx, qy) = (p.0 - a.0, p.1 - a.1, q.0 - b.0, q.1 - b.1);
        xx += px * px;
        xy += px * py;
        yy += py * py;
        cross = [
            cross[0] + qx * px,
            cross[1] + qx * py,
            cross[2] + qy * px,
            cross[3] + qy * py,
        ];
    }
    let determinant = xx * yy - xy * xy;
    (determinant.abs() > 1e-6).then_some(())?;
    let row = |u: f64, v: f64| {
        (
            (u * yy - v * xy) / determinant,
            (v * xx - u * xy) / determinant,
        )
    };
    let ((m0, m1), (m2, m3)) = (row(cross[0], cross[1]), row(cross[2], cross[3]));
    // Singular values of a 2x2 matrix, closed form.
    let (e, f, g, h) = (
        (m0 + m3) / 2.0,
        (m0 - m3) / 2.0,
        (m2 + m1) / 2.0,
        (m2 - m1) / 2.0,
    );
    let (q, r) = (e.hypot(h), f.hypot(g));
    (q + r > 1e-9).then(|| 1.0 - (q - r).abs() / (q + r))
}

/// Where the homography of four pairs of points takes a fifth. Hartley & Zisserman, Multiple View
/// Geometry, 4.1, with h33 = 1.
fn homography(
    from: &[(f64, f64); 4],
    to: &[(f64, f64); 4],
    point: (f64, f64),
) -> Option<(f64, f64)> {
    // About the first point and in units of the first side: well conditioned.
    let scale = |p: &[(f64, f64); 4]| (p[3].0 - p[0].0).hypot(p[3].1 - p[0].1);
    let (s, t) = (scale(from), scale(to));
    (s > 1e-6 && t > 1e-6).then_some(())?;
    let near = |p: (f64, f64)| ((p.0 - from[0].0) / s, (p.1 - from[0].1) / s);
    let far = |p: (f64, f64)| ((p.0 - to[0].0) / t, (p.1 - to[0].1) / t);
    let mut system = [[0.0; 9]; 8];
    for (n, (p, q)) in from.iter().zip(to).enumerate() {
        let ((x, y), (u, v)) = (near(*p), far(*q));
        system[2 * n] = [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u];
        system[2 * n + 1] = [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v];
    }
    let h = solve(system)?;
    let (x, y) = near(point);
    let w = h[6] * x + h[7] * y + 1.0;
    (w.abs() > 1e-6).then(|| {
        let (u, v) = (
            (h[0] * x + h[1] * y + h[2]) / w,
            (h[3] * x + h[4] * y + h[5]) / w,
        );
        (u * t + to[0].0, v * t + to[0].1)
    })
}

/// Gaussian elimination with partial pivoting; the last column is the right side.
fn solve(mut a: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let pivot =
            (column..8).max_by(|m, n| a[*m][column].abs().total_cmp(&a[*n][column].abs()))?;
        a.swap(column, pivot);
        let pivot = a[column];
        (pivot[column].abs() > 1e-9).then_some(())?;
        for (n, row) in a.iter_mut().enumerate() {
            if n != column {
                let factor = row[column] / pivot[column];
                row.iter_mut()
                    .zip(pivot)
                    .for_each(|(value, above)| *value -= factor * above);
            }
        }
    }
    Some(std::array::from_fn(|n| a[n][8] / a[n][n]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Eyes, nose, mouth corners; the nose stands out by `depth` distances between the eyes.
    fn seen(yaw: f64, pitch: f64, depth: f64, shift: (f64, f64)) -> [Point; 5] {
        let (sy, cy) = yaw.to_radians().sin_cos();
        let (sp, cp) = pitch.to_radians().sin_cos();
        [
            (-0.5, -0.5, 0.0),
            (0.5, -0.5, 0.0),
            (0.0, 0.1, -depth),
            (-0.4, 0.6, 0.0),
            (0.4, 0.6, 0.0),
        ]
        .map(|(x, y, z)| {
            let (x, z) = (x * cy + z * sy, z * cy - x * sy);
            let (y, z) = (y * cp - z * sp, z * cp + y * sp);
            // A pinhole camera six eye distances away.
            let near = 100.0 * 6.0 / (6.0 + z);
            Point {
                x: (320.0 + shift.0 + x * near) as f32,
                y: (240.0 + shift.1 + y * near) as f32,
            }
        })
    }

    fn watch(motion: &mut Motion, views: impl IntoIterator<Item = [Point; 5]>) -> Vec<Liveness> {
        let start = Instant::now();
        let step = |n: usize| start + Duration::from_millis(33 * n as u64);
        let face = |landmarks| Detection {
            landmarks,
            ..Detection::default()
        };
        views
            .into_iter()
            .enumerate()
            .map(|(n, view)| motion.watch(step(n), &face(view)).live)
            .collect()
    }

    fn turn(depth: f64) -> Vec<[Point; 5]> {
        (0..40)
            .map(|n| seen(f64::from(n) * 0.9, 0.0, depth, (f64::from(n), 0.0)))
            .collect()
    }

    #[test]
    fn a_picture_that_is_turned_is_flat_and_a_head_is_not() {
        assert!(watch(&mut Motion::default(), turn(0.0)).contains(&Liveness::Attack));
        let head = watch(&mut Motion::default(), turn(0.5));
        assert!(
            !head.contains(&Liveness::Attack) && head.contains(&Liveness::Live),
            "{head:?}"
        );
    }

    #[test]
    fn stillness_and_shaking_say_nothing() {
        let still = watch(
            &mut Motion::default(),
            (0..100).map(|_| seen(0.0, 0.0, 0.5, (0.0, 0.0))),
        );
        assert!(still.iter().all(|live| *live == Liveness::Undecided));
        let shaken = (0..100).map(|n| {
            seen(
                0.0,
                0.0,
                0.0,
                (f64::from(n % 7) * 9.0, f64::from(n % 5) * 9.0),
            )
        });
        assert!(
            watch(&mut Motion::default(), shaken)
                .iter()
                .all(|live| *live == Liveness::Undecided)
        );
    }

    #[test]
    fn what_was_seen_before_the_window_is_forgotten() {
        let mut motion = Motion::default();
        assert!(watch(&mut motion, turn(0.0)).contains(&Liveness::Attack));
        let last = seen(35.0, 0.0, 0.0, (39.0, 0.0));
        let later = Instant::now() + Duration::from_secs(10);
        let face = Detection {
            landmarks: last,
            ..Detection::default()
        };
        assert_eq!(motion.watch(later, &face), Judgement::UNDECIDED);
    }

    proptest! {
        #[test]
        fn no_landmarks_break_it(
            views in prop::collection::vec(
                prop::array::uniform5((any::<f32>(), any::<f32>())),
                0..20,
            ),
        ) {
            let views = views.into_iter().map(|view| view.map(|(x, y)| Point { x, y }));
            watch(&mut Motion::default(), views);
        }
    }
}
