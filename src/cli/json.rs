//! Replies for a script; docs/json.md is the schema, and a test holds both together.

use facelock_protocol::{
    CameraReport, Measurement, Reply, Request, Spectrum, Stages, TemplateReport, Verdict,
};
use serde_json::{Value, json};

use super::failure::{Answer, Exit, Failure};
use super::narrate::Narrator;
use super::{print_json, render, status, words};

/// Prints the reply; the exit status that goes with it.
///
/// # Errors
/// Standard output cannot be written.
pub fn finish(request: &Request, reply: &Reply, narrator: &Narrator) -> Answer {
    let (mut value, exit) = match render::failure(request, reply) {
        Some(failure) => (failure.json(), failure.exit),
        None => (document(reply), exit(reply)),
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
}

/// The exit status of a reply that is no failure.
pub fn exit(reply: &Reply) -> Exit {
    match reply {
        Reply::Verdict(Verdict::NonMatch | Verdict::AttackSuspected) => Exit::NoMatch,
        Reply::Unavailable(_) => Exit::Unavailable,
        Reply::Denied(_) => Exit::Denied,
        Reply::Verdict(Verdict::Match)
        | Reply::Enrolled(_)
        | Reply::Templates(_)
        | Reply::Status(_)
        | Reply::Devices(_)
        | Reply::Done { .. } => Exit::Done,
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
        Reply::Done { changed } => json!({ "outcome": "done", "changed": changed }),
    }
}

/// The cameras, and whether the user is enrolled on each.
pub fn cameras(cameras: &[CameraReport], enrolled: &[&str]) -> Value {
    let report =
        |camera| status::camera_json(camera, status::is_enrolled(camera, cameras, enrolled));
    json!({ "outcome": "done", "cameras": cameras.iter().map(report).collect::<Value>() })
}

pub fn spectrum(spectrum: Spectrum) -> &'static str {
    spectrum.word()
}

fn template(t: &TemplateReport) -> Value {
    json!({
        "id": t.id, "label": t.label, "created": t.created, "camera": t.camera,
        "spectrum": spectrum(t.spectrum), "quality": t.quality,
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
