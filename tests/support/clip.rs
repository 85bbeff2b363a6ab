//! A clip of a real head that turns to its left and back. It is evaluation data, and no part of the
//! repository.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::process::Command;

use facelock::types::{Frame, PixelFormat};

const SIZE: (usize, usize) = (640, 480);
/// At ten frames a second: the first look straight ahead, the turn, and the last look.
const TURN: std::ops::Range<usize> = 78..98;
/// Before the turn: what an enrollment sees.
const BEFORE: std::ops::Range<usize> = 0..60;

pub struct Turning {
    pub before: Vec<Frame>,
    /// Straight, to the left, straight.
    turn: Vec<Frame>,
}

pub fn turning() -> Turning {
    let path = crate::support::data("clips/d3.mp4");
    let filter =
        "fps=10,scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:-1:-1:color=gray";
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-t", "10", "-i"])
        .arg(&path)
        .args(["-vf", filter, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"])
        .output()
        .expect("ffmpeg reads the clip");
    let size = SIZE.0 * SIZE.1 * 3;
    let frames: Vec<Frame> = output
        .stdout
        .chunks_exact(size)
        .map(|pixels| frame(pixels.to_vec()))
        .collect();
    let turn = frames
        .get(TURN)
        .unwrap_or_else(|| panic!("{} is too short", path.display()))
        .to_vec();
    Turning {
        before: frames[BEFORE].to_vec(),
        turn,
    }
}

impl Turning {
    /// The turn, with half a second straight before it.
    pub fn turned(&self) -> Vec<Frame> {
        [vec![self.turn[0].clone(); 5], self.turn.clone()].concat()
    }
}

fn frame(pixels: Vec<u8>) -> Frame {
    Frame::new(SIZE.0 as u32, SIZE.1 as u32, PixelFormat::Bgr8, pixels).unwrap()
}
