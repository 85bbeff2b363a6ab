//! Presentation attacks made from genuine frames: crude, and named so. What a camera makes of real
//! paper and real screens is not in reach here.

use anyhow::Result;
use facelock::types::{Frame, PixelFormat};

use crate::pictures::{Dice, sample};

/// What is held before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Species {
    PrintStill,
    PrintShaken,
    PrintTurned,
    PrintBent,
    PrintZoomed,
    CutOut,
    ScreenStill,
    ReplaySharp,
    ReplayScreen,
}

pub const SPECIES: [(Species, &str); 9] = [
    (Species::PrintStill, "photograph, held still"),
    (Species::PrintShaken, "photograph, shaken"),
    (Species::PrintTurned, "photograph, turned to and fro by 40°"),
    (Species::PrintBent, "photograph, bent to and fro"),
    (Species::PrintZoomed, "photograph, brought nearer and back"),
    (
        Species::CutOut,
        "photograph with eye holes, live eyes behind",
    ),
    (
        Species::ScreenStill,
        "picture on a screen (gamma, pixel grid, glare), still",
    ),
    (
        Species::ReplaySharp,
        "video, unprocessed (the ideal replay)",
    ),
    (
        Species::ReplayScreen,
        "video on a screen (gamma, pixel grid, glare)",
    ),
];

/// Where a pixel of the presented frame comes from in the picture.
struct Pose {
    zoom: f32,
    shift: (f32, f32),
    yaw: f32,
    bend: f32,
}

fn pose(species: Species, n: usize) -> Pose {
    let t = n as f32 / 10.0;
    let wave = |period: f32| (std::f32::consts::TAU * t / period).sin();
    let mut pose = Pose {
        zoom: 0.92,
        shift: (0.0, 0.0),
        yaw: 0.0,
        bend: 0.0,
    };
    match species {
        Species::PrintShaken => pose.shift = (14.0 * wave(0.7), 9.0 * wave(0.45)),
        Species::PrintTurned => pose.yaw = 0.7 * wave(2.0),
        Species::PrintBent => pose.bend = 0.5 + 0.5 * wave(2.0),
        Species::PrintZoomed => pose.zoom = 0.85 + 0.15 * wave(2.5),
        Species::PrintStill | Species::CutOut | Species::ScreenStill => {
            pose.shift = (1.5 * wave(1.9), 1.0 * wave(1.3));
        }
        Species::ReplaySharp => pose.zoom = 1.0,
        Species::ReplayScreen => {}
    }
    pose
}

/// The attack's frames. A photograph is the first frame; a replay, and the eyes in a cut-out, are
/// the sequence.
pub fn present<'a>(
    species: Species,
    clip: &'a [Frame],
    eyes: &'a [[f32; 4]],
) -> impl Iterator<Item = Result<Frame>> + use<'a> {
    let moving = matches!(species, Species::ReplaySharp | Species::ReplayScreen);
    let mut dice = Dice::new(7);
    clip.iter().enumerate().map(move |(n, behind)| {
        if species == Species::ReplaySharp {
            return Ok(behind.clone());
        }
        let picture = if moving { behind } else { &clip[0] };
        let holes = if species == Species::CutOut {
            eyes
        } else {
            &[]
        };
        render(
            species,
            (picture, behind),
            holes,
            &pose(species, n),
            &mut dice,
        )
    })
}

fn render(
    species: Species,
    (picture, behind): (&Frame, &Frame),
    holes: &[[f32; 4]],
    pose: &Pose,
    dice: &mut Dice,
) -> Result<Frame> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    let screen = matches!(species, Species::ScreenStill | Species::ReplayScreen);
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = source((x as f32 - cx, y as f32 - cy), pose, cx);
            let (u, v) = (u + cx, v + cy);
            let inside = (0.0..width as f32).contains(&u) && (0.0..height as f32).contains(&v);
            let hole = holes
                .iter()
                .any(|h| ((u - h[0]) / h[2]).powi(2) + ((v - h[1]) / h[3]).powi(2) < 1.0);
            for channel in 0..3 {
                let light = if !inside {
                    90.0 + 30.0 * (x as f32 / width as f32)
                } else if hole {
                    sample(behind, u, v, channel)
                } else if screen {
                    glass(soft(picture, u, v, channel), (x, y), (u, v), channel)
                } else {
                    paper(soft(picture, u, v, channel))
                };
                pixels.push((light + 2.0 * dice.normal()).round() as u8);
            }
        }
    }
    Ok(Frame::new(
        width as u32,
        height as u32,
        PixelFormat::Bgr8,
        pixels,
    )?)
}

/// From the presented frame's plane back to the picture's, about the middle: a pinhole camera and a
/// plane that is turned, or a cylinder.
fn source((x, y): (f32, f32), pose: &Pose, half: f32) -> (f32, f32) {
    let (x, y) = (
        (x - pose.shift.0) / pose.zoom,
        (y - pose.shift.1) / pose.zoom,
    );
    let far = 3.0 * half;
    if pose.bend > 0.05 {
        // The visible chord of an arc that spans `bend` to each side.
        let angle = (x / half * pose.bend.sin()).clamp(-1.0, 1.0).asin();
        let depth = half / pose.bend * (1.0 - angle.cos());
        return (angle * half / pose.bend, y * (far + depth) / far);
    }
    let (sin, cos) = pose.yaw.sin_cos();
    let u = x * far / (far * cos - x * sin);
    (u, y * (far + u * sin) / far)
}

/// Printed and photographed once more: a little blur.
fn soft(picture: &Frame, u: f32, v: f32, channel: usize) -> f32 {
    let at = |du: f32, dv: f32| sample(picture, u + du, v + dv, channel);
    (4.0 * at(0.0, 0.0) + at(1.0, 0.0) + at(-1.0, 0.0) + at(0.0, 1.0) + at(0.0, -1.0)) / 8.0
}

/// Ink on paper: less contrast.
fn paper(light: f32) -> f32 {
    25.0 + 0.8 * light
}

/// A screen: steeper gamma, a pixel grid that beats with the sensor's, a glaring lamp.
fn glass(light: f32, (x, y): (usize, usize), (u, v): (f32, f32), channel: usize) -> f32 {
    let lit = 255.0 * (light / 255.0).powf(1.15);
    let phase = channel as f32 * std::f32::consts::TAU / 3.0;
    let grid = 1.0 + 0.05 * (u * 2.45 + phase).sin() + 0.05 * (v * 2.45).sin();
    let (gx, gy) = ((x as f32 - 430.0) / 70.0, (y as f32 - 130.0) / 70.0);
    lit * grid + 12.0 + 60.0 * (-(gx * gx + gy * gy)).exp()
}
