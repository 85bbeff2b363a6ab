//! What happens while it happens, to standard error.

use std::io::{IsTerminal as _, Write as _};

use facelock_protocol::{Event, Hint, Measurement, Pose, Progress, Stages};

use super::terminal::Terminal;
use super::words;

/// Tells events, and keeps what the end of the story needs.
pub struct Narrator {
    json: bool,
    /// Nothing is said while it looks.
    pub quiet: bool,
    last_hint: Option<Hint>,
    /// A turn or a tilt was asked for last.
    turning: bool,
    /// Every frame that was judged.
    pub measurements: Vec<Measurement>,
    /// When each stage was reached, as the last event has it.
    pub stages: Option<Stages>,
    /// Samples taken, and wanted.
    pub samples: Option<(u8, u8)>,
    /// What was assumed of the camera.
    pub assumed: Vec<String>,
}

impl Narrator {
    pub fn new(json: bool) -> Self {
        Self {
            json,
            quiet: false,
            last_hint: None,
            turning: false,
            measurements: Vec::new(),
            stages: None,
            samples: None,
            assumed: Vec::new(),
        }
    }

    pub fn tell(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => {
                if let Progress::SampleTaken { taken, wanted } = progress {
                    self.samples = Some((*taken, *wanted));
                }
                self.last_hint = None;
                self.turning =
                    matches!(progress, Progress::NextPose(pose) if *pose != Pose::Straight);
                self.say(&described(*progress));
            }
            Event::Hint(hint) if self.last_hint.replace(*hint) != Some(*hint) => {
                self.say(&match hint {
                    Hint::TurnALittle if self.turning => words::said(words::FURTHER),
                    other => words::hint(*other),
                })
            }
            Event::Assumed(what) => {
                let told = words::heard(what);
                self.say(&words::filled("Assumed of the camera: {what}", &[("what", &told)]));
                self.assumed.push(what.clone());
            }
            Event::Measured(measurement) => self.measured(measurement),
            Event::Hint(_)
            | Event::Preview(_)
            | Event::Service { .. }
            | Event::Within(_)
            // No login, and no peer that is given one.
            | Event::Keyring(_) => {}
        }
    }

    /// The last measurement is of no frame: it carries the times alone.
    fn measured(&mut self, measurement: &Measurement) {
        self.stages = Some(measurement.stages);
        if measurement.face[2] <= 0.0 {
            return;
        }
        if !self.json {
            self.say(&frame(measurement));
        }
        self.measurements.push(measurement.clone());
    }

    fn say(&self, text: &str) {
        if !self.quiet && (!self.json || std::io::stderr().is_terminal()) {
            let _ = writeln!(std::io::stderr(), "{}", Terminal::stderr().wrap(text, 2));
        }
    }
}

fn described(progress: Progress) -> String {
    match progress {
        Progress::Starting => words::said(words::OPENING),
        Progress::Looking => words::said(facelock_protocol::words::LOOKING),
        Progress::SampleTaken { taken, wanted } => words::said(words::SAMPLE)
            .replace("{taken}", &taken.to_string())
            .replace("{wanted}", &wanted.to_string()),
        Progress::NextPose(pose) => words::pose(pose),
    }
}

/// One judged frame, within 80 columns.
fn frame(m: &Measurement) -> String {
    let optional = |value: Option<f32>| value.map_or("-".into(), |v| format!("{v:.3}"));
    let size = format!("{:.0}x{:.0}", m.face[2], m.face[3]);
    words::filled(
        "frame {frame}  face {size}  quality {quality}  score {score} of {threshold}  live {live}",
        &[
            ("frame", &format!("{:3}", m.frame)),
            ("size", &size),
            ("quality", &format!("{:.2}", m.quality)),
            ("score", &optional(m.score)),
            ("threshold", &format!("{:.3}", m.threshold)),
            ("live", &optional(m.liveness)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_of_no_frame_is_no_frame() {
        let mut narrator = Narrator::new(true);
        let judged = Measurement {
            face: [1.0, 2.0, 200.0, 210.0],
            ..Measurement::default()
        };
        narrator.measured(&judged);
        let mut last = Measurement::default();
        last.stages.verdict = Some(812.0);
        narrator.measured(&last);
        assert_eq!(narrator.measurements, [judged]);
        assert_eq!(narrator.stages.and_then(|s| s.verdict), Some(812.0));
    }

    #[test]
    fn a_frame_fits_eighty_columns() {
        let widest = Measurement {
            frame: 999,
            face: [0.0, 0.0, 1920.0, 1080.0],
            quality: 1.0,
            score: Some(-0.999),
            threshold: 0.5,
            liveness: Some(1.0),
            ..Measurement::default()
        };
        assert!(frame(&widest).len() <= 80, "{}", frame(&widest));
    }
}
