//! The similarity that puts five landmarks where an embedder expects them, and the crop it makes.

use crate::types::{Frame, PixelFormat, Point};

/// Where the landmarks lie in a 112x112 crop (ArcFace's template, insightface `face_align.py`).
pub const REFERENCE: [Point; 5] = [
    Point {
        x: 38.2946,
        y: 51.6963,
    },
    Point {
        x: 73.5318,
        y: 51.5014,
    },
    Point {
        x: 56.0252,
        y: 71.7366,
    },
    Point {
        x: 41.5493,
        y: 92.3655,
    },
    Point {
        x: 70.7299,
        y: 92.2041,
    },
];
const REFERENCE_SIDE: f64 = 112.0;

/// `[a -b tx; b a ty]`: frame to crop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    pub a: f64,
    pub b: f64,
    pub tx: f64,
    pub ty: f64,
}

impl Similarity {
    /// The least-squares similarity without reflection from `landmarks` to the reference in a crop
    /// of `side` pixels (Umeyama 1991, in closed form for two dimensions). `None` where the
    /// landmarks are one point or not finite.
    pub fn to_reference(landmarks: &[Point; 5], side: usize) -> Option<Self> {
        let scale = side as f64 / REFERENCE_SIDE;
        let source = landmarks.map(|p| (f64::from(p.x), f64::from(p.y)));
        let target = REFERENCE.map(|p| (f64::from(p.x) * scale, f64::from(p.y) * scale));
        let mean = |points: &[(f64, f64); 5]| {
            let sum = points
                .iter()
                .fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
            (sum.0 / 5.0, sum.1 / 5.0)
        };
        let (source_mean, target_mean) = (mean(&source), mean(&target));
        let (mut along, mut across, mut norm) = (0.0, 0.0, 0.0);
        for (s, d) in source.iter().zip(&target) {
            let (sx, sy) = (s.0 - source_mean.0, s.1 - source_mean.1);
            let (dx, dy) = (d.0 - target_mean.0, d.1 - target_mean.1);
            along += sx * dx + sy * dy;
            across += sx * dy - sy * dx;
            norm += sx * sx + sy * sy;
        }
        let (a, b) = (along / norm, across / norm);
        let tx = target_mean.0 - (a * source_mean.0 - b * source_mean.1);
        let ty = target_mean.1 - (b * source_mean.0 + a * source_mean.1);
        let usable =
            norm > 1e-6 && [a, b, tx, ty].iter().all(|v| v.is_finite()) && a * a + b * b > 1e-9;
        usable.then_some(Self { a, b, tx, ty })
    }

    /// Where a point comes to lie.
    pub fn apply(&self, point: Point) -> Point {
        let (x, y) = (f64::from(point.x), f64::from(point.y));
        let (u, v) = (
            self.a * x - self.b * y + self.tx,
            self.b * x + self.a * y + self.ty,
        );
        Point {
            x: u as f32,
            y: v as f32,
        }
    }

    /// Crop to frame.
    pub fn inverse(&self) -> Self {
        let norm = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / norm, -self.b / norm);
        Self {
            a,
            b,
            tx: -(a * self.tx - b * self.ty),
            ty: -(b * self.tx + a * self.ty),
        }
    }
}

/// The aligned crop: `side * side * 3` bytes, BGR; gray frames are replicated. Bilinear, black
/// outside the frame, rounded to whole gray levels as OpenCV's `warpAffine` does.
pub fn warp(frame: &Frame, similarity: &Similarity, side: usize) -> Vec<u8> {
    match frame.format() {
        PixelFormat::Bgr8 => warp_channels::<3>(frame, similarity, side),
        PixelFormat::Gray8 => warp_channels::<1>(frame, similarity, side),
    }
}

fn warp_channels<const C: usize>(frame: &Frame, similarity: &Similarity, side: usize) -> Vec<u8> {
    let back = similarity.inverse();
    let stride = frame.width() as usize * C;
    let (right, bottom) = (f64::from(frame.width() - 1), f64::from(frame.height() - 1));
    let mut crop = vec![0; side * side * 3];
    for (v, line) in crop.chunks_exact_mut(side * 3).enumerate() {
        let (tx, ty) = (back.tx - back.b * v as f64, back.ty + back.a * v as f64);
        for (u, to) in line.chunks_exact_mut(3).enumerate() {
            let (x, y) = (tx + back.a * u as f64, ty + back.b * u as f64);
            let inside = x >= 0.0 && y >= 0.0 && x < right && y < bottom;
            if !inside {
                to.copy_from_slice(&at_edge(frame, x as f32, y as f32));
                continue;
            }
            // Not `fract`, which is a call of the C library where the processor's own instruction
            // may not be used.
            let (column, row) = (x as u32, y as u32);
            let (fx, fy) = ((x - f64::from(column)) as f32, (y - f64::from(row)) as f32);
            let from = row as usize * stride + column as usize * C;
            let upper = &frame.pixels()[from..][..2 * C];
            let lower = &frame.pixels()[from + stride..][..2 * C];
            let channel = |c: usize| {
                let mix = |row: &[u8]| f32::from(row[c]) * (1.0 - fx) + f32::from(row[C + c]) * fx;
                // Never negative: adding a half and cutting off is rounding.
                (mix(upper) * (1.0 - fy) + mix(lower) * fy + 0.5) as u8
            };
            let color = if C == 3 {
                [channel(0), channel(1), channel(2)]
            } else {
                [channel(0); 3]
            };
            to.copy_from_slice(&color);
        }
    }
    crop
}

/// BGR at a position of which a corner may be outside the frame, which is black there.
fn at_edge(frame: &Frame, x: f32, y: f32) -> [u8; 3] {
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let (x0, y0) = (x0 as i64, y0 as i64);
    let (x1, y1) = (x0.saturating_add(1), y0.saturating_add(1));
    let corners = [
        (pixel(frame, x0, y0), (1.0 - fx) * (1.0 - fy)),
        (pixel(frame, x1, y0), fx * (1.0 - fy)),
        (pixel(frame, x0, y1), (1.0 - fx) * fy),
        (pixel(frame, x1, y1), fx * fy),
    ];
    let channel = |c: usize| {
        corners
            .iter()
            .map(|(p, weight)| f32::from(p[c]) * weight)
            .sum::<f32>()
            .round() as u8
    };
    [channel(0), channel(1), channel(2)]
}

fn pixel(frame: &Frame, x: i64, y: i64) -> [u8; 3] {
    if !(0..i64::from(frame.width())).contains(&x) || !(0..i64::from(frame.height())).contains(&y) {
        return [0; 3];
    }
    let at = y as usize * frame.width() as usize + x as usize;
    match frame.format() {
        PixelFormat::Gray8 => [frame.pixels()[at]; 3],
        PixelFormat::Bgr8 => {
            let p = &frame.pixels()[at * 3..at * 3 + 3];
            [p[0], p[1], p[2]]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_maps_to_itself() {
        let m = Similarity::to_reference(&REFERENCE, 112).unwrap();
        assert!(
            (m.a - 1.0).abs() < 1e-9 && m.b.abs() < 1e-9 && m.tx.abs() < 1e-6 && m.ty.abs() < 1e-6
        );
    }

    #[test]
    fn an_inverse_leads_back() {
        let m = Similarity {
            a: 0.7,
            b: -0.4,
            tx: 12.0,
            ty: -50.0,
        };
        for point in REFERENCE {
            let back = m.inverse().apply(m.apply(point));
            assert!((back.x - point.x).abs() < 1e-3 && (back.y - point.y).abs() < 1e-3);
        }
    }

    #[test]
    fn landmarks_that_are_no_face_have_no_alignment() {
        assert_eq!(
            Similarity::to_reference(&[Point { x: 5.0, y: 5.0 }; 5], 112),
            None
        );
        let mut points = REFERENCE;
        points[2].x = f32::NAN;
        assert_eq!(Similarity::to_reference(&points, 112), None);
    }

    #[test]
    fn a_crop_shows_what_lies_there() {
        let pixels: Vec<u8> = (0..30).collect();
        let frame = Frame::new(6, 5, PixelFormat::Gray8, pixels).unwrap();
        let crop = warp(
            &frame,
            &Similarity {
                a: 1.0,
                b: 0.0,
                tx: -1.0,
                ty: -2.0,
            },
            3,
        );
        let firsts: Vec<u8> = crop.iter().step_by(3).copied().collect();
        assert_eq!(firsts, [13, 14, 15, 19, 20, 21, 25, 26, 27]);
        // A quarter turn: the crop's columns are the frame's rows.
        let turned = warp(
            &frame,
            &Similarity {
                a: 0.0,
                b: 1.0,
                tx: 4.0,
                ty: 0.0,
            },
            3,
        );
        let firsts: Vec<u8> = turned.iter().step_by(3).copied().collect();
        assert_eq!(firsts, [24, 18, 12, 25, 19, 13, 26, 20, 14]);
        // Half way between pixels, in color.
        let frame = Frame::new(
            2,
            2,
            PixelFormat::Bgr8,
            vec![0, 10, 20, 2, 12, 22, 4, 14, 24, 6, 16, 26],
        )
        .unwrap();
        assert_eq!(
            warp(
                &frame,
                &Similarity {
                    a: 1.0,
                    b: 0.0,
                    tx: -0.5,
                    ty: -0.5
                },
                1
            ),
            [3, 13, 23]
        );
    }

    #[test]
    fn a_crop_from_outside_the_frame_is_black() {
        let frame = Frame::new(4, 4, PixelFormat::Gray8, vec![200; 16]).unwrap();
        for far in [1e7, 1e30, f64::MAX] {
            let away = Similarity {
                a: 1.0,
                b: 0.0,
                tx: far,
                ty: -far,
            };
            assert!(warp(&frame, &away, 8).iter().all(|v| *v == 0));
        }
    }
}
