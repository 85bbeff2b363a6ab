//! Replies for a script; docs/json.md is the schema, and a test holds both together.

use facelock_protocol::{
    CameraReport, Measurement, ModeTime, Reply, Request, Stages, TemplateReport,
};
use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::narrate::Narrator;
use super::print::print_json;
use super::{outcome, status, words};

/// Prints the reply; the exit status that goes with it.
///
/// # Errors
/// Standard output cannot be written.
pub fn finish(request: &Request, reply: &Reply, narrator: &Narrator) -> Answer {
    let (mut value, exit) = match outcome::failure(request, reply) {
        Some(failure) => (failure.json(), failure.exit),
        None => (document(reply), outcome::exit(reply)),
    };
    measured(&mut value, narrator);
    print_json(&value)?;
    Ok(exit)
}

/// Adds what was measured on the way.
pub fn measured(value: &mut Value, narrator: &Narrator) {
    if !narrator.measurements.is_empty() {
        value["measurements"] = narrator.measurements.iter().map(measurement).collect();
    }
    if let Some(times) = &narrator.stages {
        value["stages"] = stages(times);
    }
    if !narrator.assumed.is_empty() {
        value["assumed"] = json!(narrator.assumed);
    }
}

fn document(reply: &Reply) -> Value {
    match reply {
        Reply::Verdict(verdict) => json!({ "outcome": words::name(verdict) }),
        Reply::Unavailable(reason) => Failure::unavailable(*reason).json(),
        Reply::Denied(denied) => Failure::denied(*denied).json(),
        Reply::Enrolled(report) => json!({
            "outcome": "enrolled",
            "protector": report.protector,
            "recovery_key": report.recovery_key.as_ref().map(|key| &key.0),
            "warning": report.warning,
            "templates": report.templates.iter().map(template).collect::<Value>(),
        }),
        Reply::Templates(templates) => json!({
            "outcome": "done", "templates": templates.iter().map(template).collect::<Value>(),
        }),
        Reply::Status(report) => status::json(report),
        Reply::Devices(reports) => cameras(reports, &[]),
        Reply::ModeTimes(times) => json!({ "outcome": "done", "modes": modes(times) }),
        Reply::Keyring { kept } => json!({ "outcome": "done", "kept": kept }),
        Reply::Done { changed } => json!({ "outcome": "done", "changed": changed }),
    }
}

/// The cameras, and whether the user is enrolled on each.
pub fn cameras(cameras: &[CameraReport], enrolled: &[&str]) -> Value {
    let report =
        |camera| status::camera_json(camera, status::is_enrolled(camera, cameras, enrolled));
    json!({ "outcome": "done", "cameras": cameras.iter().map(report).collect::<Value>() })
}

/// How soon each mode gave its first lit frame.
pub fn modes(times: &[ModeTime]) -> Value {
    let mode = |time: &ModeTime| json!({ "format": time.format, "first_lit_ms": time.first_lit });
    times.iter().map(mode).collect()
}

fn template(t: &TemplateReport) -> Value {
    json!({
        "id": t.id, "label": t.label, "created": t.created, "camera": t.camera,
        "spectrum": t.spectrum.word(), "quality": t.quality,
    })
}

fn measurement(m: &Measurement) -> Value {
    json!({
        "frame": m.frame, "detection_score": m.detection_score, "face": m.face, "landmarks": m.landmarks,
        "quality": m.quality, "score": m.score, "threshold": m.threshold, "liveness": m.liveness,
        "stages": stages(&m.stages),
    })
}

fn stages(stages: &Stages) -> Value {
    json!(stages)
}
