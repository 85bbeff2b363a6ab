//! Events and replies, for a person or for a script.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use facelock_protocol::{
    EnrolledReport, Event, Hint, Measurement, Progress, Reply, Spectrum, TemplateReport, Verdict,
};
use serde_json::{Value, json};

use super::{status, words};

/// The documented exit statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    NoMatch = 1,
    Usage = 2,
    Unavailable = 3,
    Denied = 4,
    Connection = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Tells what happens while it happens (to standard error), and the result (to standard output).
pub struct Narrator {
    json: bool,
    last_hint: Option<Hint>,
    measurements: Vec<Measurement>,
}

impl Narrator {
    pub fn new(json: bool) -> Self {
        Self {
            json,
            last_hint: None,
            measurements: Vec::new(),
        }
    }

    pub fn tell(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => self.say(&describe(*progress)),
            Event::Hint(hint) if self.last_hint.replace(*hint) != Some(*hint) => {
                self.say(words::hint(*hint))
            }
            Event::Measured(measurement) => {
                if !self.json {
                    self.say(&measured(measurement));
                }
                self.measurements.push(measurement.clone());
            }
            Event::Hint(_) | Event::Preview(_) | Event::Consent(_) => {}
        }
    }

    /// Prints the reply; the exit status that goes with it.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn finish(self, reply: &Reply) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        if self.json {
            let mut value = to_json(reply);
            if !self.measurements.is_empty() {
                value["measurements"] = self.measurements.iter().map(measurement_json).collect();
            }
            serde_json::to_writer_pretty(&mut out, &value)?;
            writeln!(out)?;
        } else {
            write!(out, "{}", to_text(reply))?;
        }
        Ok(exit(reply))
    }

    fn say(&self, text: &str) {
        if !self.json || std::io::stderr().is_terminal() {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}

fn describe(progress: Progress) -> String {
    match progress {
        Progress::Starting => "Opening the camera".into(),
        Progress::Looking => "Looking for you".into(),
        Progress::LookTaken { taken, wanted } => format!("Look {taken} of {wanted} taken"),
        Progress::NextLook(look) => words::look(look).into(),
    }
}

fn measured(m: &Measurement) -> String {
    let optional = |value: Option<f32>| value.map_or("    -".into(), |v| format!("{v:5.3}"));
    format!(
        "frame {:3}  face {:3.0}x{:<3.0} detection {:.2}  quality {:.2}  score {} (threshold {:.3})  live {}",
        m.frame,
        m.face[2],
        m.face[3],
        m.detection_score,
        m.quality,
        optional(m.score),
        m.threshold,
        optional(m.liveness),
    )
}

fn exit(reply: &Reply) -> Exit {
    match reply {
        Reply::Verdict(Verdict::Match) => Exit::Done,
        Reply::Verdict(Verdict::NonMatch | Verdict::AttackSuspected) => Exit::NoMatch,
        Reply::Unavailable(_) => Exit::Unavailable,
        Reply::Denied(_) => Exit::Denied,
        Reply::Enrolled(_)
        | Reply::Templates(_)
        | Reply::Status(_)
        | Reply::Devices(_)
        | Reply::Done { .. } => Exit::Done,
    }
}

fn to_text(reply: &Reply) -> String {
    match reply {
        Reply::Verdict(verdict) => format!("{}\n", words::verdict(*verdict)),
        Reply::Unavailable(reason) => format!("Unavailable: {}\n", words::unavailable(*reason)),
        Reply::Denied(denied) => format!("Denied: {}\n", words::denied(*denied)),
        Reply::Enrolled(report) => enrolled(report),
        Reply::Templates(templates) if templates.is_empty() => "No templates.\n".into(),
        Reply::Templates(templates) => table(templates),
        Reply::Status(report) => status::text(report),
        Reply::Devices(cameras) => status::cameras(cameras),
        Reply::Done { changed: true } => "Done.\n".into(),
        Reply::Done { changed: false } => "Nothing to do.\n".into(),
    }
}

fn enrolled(report: &EnrolledReport) -> String {
    let mut text = format!(
        "Enrolled, protected by {}.\n{}",
        report.protector,
        table(&report.templates)
    );
    if let Some(warning) = &report.warning {
        text += &format!("\nNote: {warning}\n");
    }
    if let Some(key) = &report.recovery_key {
        text += &format!(
            "\nRecovery key: {}\nWrite it down: it is shown once. After a firmware or boot change the TPM no longer opens\n\
             the templates, and `facelockctl tpm reseal` asks for it. Without it, enroll again.\n",
            key.0
        );
    }
    text
}

fn table(templates: &[TemplateReport]) -> String {
    let mut text = format!(
        "{:>3}  {:<20} {:<10} {:>7}  {}\n",
        "no.", "label", "spectrum", "quality", "camera"
    );
    for t in templates {
        text += &format!(
            "{:>3}  {:<20} {:<10} {:>7.2}  {}\n",
            t.id,
            t.label,
            spectrum(t.spectrum),
            t.quality,
            t.camera
        );
    }
    text
}

pub fn spectrum(spectrum: Spectrum) -> &'static str {
    match spectrum {
        Spectrum::Color => "color",
        Spectrum::Infrared => "infrared",
    }
}

fn to_json(reply: &Reply) -> Value {
    match reply {
        Reply::Verdict(verdict) => json!({ "outcome": words::name(verdict) }),
        Reply::Unavailable(reason) => {
            let mut value = json!({ "outcome": "unavailable", "reason": words::name(reason) });
            if let facelock_protocol::Unavailable::LockedOut { seconds } = reason {
                value["seconds"] = json!(seconds);
            }
            value
        }
        Reply::Denied(denied) => json!({ "outcome": "denied", "reason": words::name(denied) }),
        Reply::Enrolled(report) => json!({
            "outcome": "enrolled",
            "protector": report.protector,
            "recovery_key": report.recovery_key.as_ref().map(|key| &key.0),
            "warning": report.warning,
            "templates": report.templates.iter().map(template_json).collect::<Value>(),
        }),
        Reply::Templates(templates) => {
            json!({ "templates": templates.iter().map(template_json).collect::<Value>() })
        }
        Reply::Status(report) => status::json(report),
        Reply::Devices(cameras) => {
            json!({ "cameras": cameras.iter().map(status::camera_json).collect::<Value>() })
        }
        Reply::Done { changed } => json!({ "outcome": "done", "changed": changed }),
    }
}

fn template_json(t: &TemplateReport) -> Value {
    json!({
        "id": t.id, "label": t.label, "created": t.created, "camera": t.camera,
        "spectrum": spectrum(t.spectrum), "quality": t.quality,
    })
}

fn measurement_json(m: &Measurement) -> Value {
    json!({
        "frame": m.frame, "detection_score": m.detection_score, "face": m.face, "landmarks": m.landmarks,
        "quality": m.quality, "score": m.score, "threshold": m.threshold, "liveness": m.liveness, "stages": m.stages,
    })
}
