//! What is the same for every user of this machine.
#![forbid(unsafe_code)]

use std::fmt::Display;

use facelock_protocol::{StatusReport, Unavailable};

use super::facts::{Facts, Model, Row, State, row};
use crate::cli::status;
use crate::cli::words::{self, counted, filled, said};

pub fn config(facts: &Facts) -> Row {
    match &facts.config {
        Ok(()) => row("configuration", State::Ok, said("is understood")),
        Err(why) => row("configuration", State::Fail, why)
            .fix(said("mend that line; until then face login is off")),
    }
}

pub fn unit(facts: &Facts) -> Row {
    let help = "sudo systemctl enable --now facelock.socket";
    match &facts.socket_unit {
        None => row("socket", State::Unknown, said("systemctl does not answer")),
        Some((enabled, active)) if active == "active" && enabled == "enabled" => row(
            "socket",
            State::Ok,
            said("facelock.socket is enabled and listens"),
        ),
        Some((enabled, active)) if active == "active" => {
            let what = filled(
                "facelock.socket listens, and is {state}: not after the next boot",
                &[("state", enabled)],
            );
            row("socket", State::Warn, what).fix(help)
        }
        Some((enabled, active)) => {
            let values: [(&str, &dyn Display); 2] = [("active", active), ("enabled", enabled)];
            let what = filled("facelock.socket is {active} ({enabled})", &values);
            row("socket", State::Fail, what).fix(help)
        }
    }
}

pub fn user(facts: &Facts) -> Row {
    let Some(groups) = &facts.groups else {
        return row("user", State::Fail, said("there is no user facelock"))
            .fix("sudo systemd-sysusers facelock.conf");
    };
    let missing: Vec<&str> = ["video", "tss"]
        .into_iter()
        .filter(|wanted| !groups.iter().any(|group| group == wanted))
        .collect();
    if missing.is_empty() {
        return row(
            "user",
            State::Ok,
            said("facelock is in groups video and tss"),
        );
    }
    let what = filled(
        "facelock is not in these groups: {groups}",
        &[("groups", &missing.join(" "))],
    );
    row("user", State::Fail, what).fix(format!("sudo usermod -aG {} facelock", missing.join(",")))
}

pub fn sandbox(report: &StatusReport, facts: &Facts) -> Row {
    let exposure = facts.exposure.as_ref();
    let exposure = exposure.map_or(String::new(), |score| {
        format!(" (systemd-analyze: {score})")
    });
    match report.sandbox_missing.as_slice() {
        [] => row("sandbox", State::Ok, said("is in force") + &exposure),
        missing => row(
            "sandbox",
            State::Fail,
            filled("lacks: {what}", &[("what", &status::lacking(missing))]),
        )
        .fix(said(
            "systemctl cat facelock@.service shows what a drop-in took away",
        )),
    }
}

pub fn models(facts: &Facts) -> Vec<Row> {
    let help = "sudo facelockctl models install";
    let models = match &facts.models {
        Err(why) => return vec![row("models", State::Fail, why).fix(help)],
        Ok(models) => models,
    };
    let missing = |model: &&Model| !model.optional && model.pinned.is_none();
    let wrong = |model: &&Model| model.pinned == Some(false);
    let amiss: Vec<String> = models
        .iter()
        .filter(|model| missing(model) || wrong(model))
        .map(|model| {
            filled(
                if model.pinned.is_none() {
                    "{model} is missing"
                } else {
                    "{model} is not the pinned file"
                },
                &[("model", &model.name)],
            )
        })
        .collect();
    if amiss.is_empty() {
        let there = models
            .iter()
            .filter(|model| model.pinned == Some(true))
            .count();
        return vec![row(
            "models",
            State::Ok,
            counted(
                "{count} file, the pinned one",
                "{count} files, each the pinned one",
                there as u32,
                &[],
            ),
        )];
    }
    vec![row("models", State::Fail, amiss.join("; ")).fix(help)]
}

pub fn protector(report: &StatusReport, facts: &Facts) -> Vec<Row> {
    let tpm = report.protector != "file";
    let mut rows = Vec::new();
    if !report.protector_present {
        let reason = if facts.tpm_device {
            Unavailable::VaultFailed
        } else {
            Unavailable::VaultMissing
        };
        rows.push(row("protector", State::Fail, words::unavailable(reason)));
    } else if tpm {
        rows.push(row("protector", State::Ok, said("the TPM answers")));
    } else {
        rows.push(
            row(
                "protector",
                State::Warn,
                said("a key file: root of this disk can read it, started from a stick too"),
            )
            .fix(said(
                "set protector = \"tpm\" under [vault] where there is a TPM, and enroll again",
            )),
        );
    }
    if tpm {
        rows.extend(platform(facts));
    }
    rows
}

/// What a key in the TPM rests on.
fn platform(facts: &Facts) -> Vec<Row> {
    let mut rows = Vec::new();
    match facts.secure_boot {
        Some(true) => rows.push(row("secure boot", State::Ok, said("is on"))),
        Some(false) => rows.push(
            row(
                "secure boot",
                State::Warn,
                said("is off: another system started here is not told from this one"),
            )
            .fix(said(
                "switch it on in the firmware, then sudo facelockctl tpm reseal",
            )),
        ),
        None => rows.push(row(
            "secure boot",
            State::Unknown,
            said("this firmware does not say"),
        )),
    }
    if facts.measured == Some(false) {
        rows.push(
            row(
                "registers",
                State::Warn,
                said(
                    "PCR 7 is empty: the firmware measures nothing, so the key is bound to nothing",
                ),
            )
            .fix(said(
                "switch measured boot (TPM, fTPM, PTT) on in the firmware",
            )),
        );
    }
    if facts.lockout_authorisation == Some(false) {
        rows.push(
            row("lockout auth", State::Warn, said("the TPM's lockout authorisation is not set: root can reset its guard against guessing"))
                .fix(said("sudo tpm2_changeauth -c lockout, with a password kept elsewhere")),
        );
    }
    rows
}
