//! What the instance says of a user and of the cameras, for a person or for a script.

use facelock_protocol::{
    CameraReport, EnrollmentState, PasswordReport, Spectrum, StatusReport, Unavailable,
};
use serde_json::{Value, json};

use super::rows::Rows;
use super::words::{self, counted, filled, said};
use crate::types::find_camera;

/// What the instance says, by label.
pub fn rows(report: &StatusReport) -> Rows {
    let mut rows = Rows::default();
    rows.add("Enrolled:", enrollment(&report.enrollment));
    let lockout = match report.tally.lockout {
        Some(reason) => words::unavailable(reason),
        None => filled("no ({count} counted)", &[("count", &report.tally.misses)]),
    };
    rows.add("Locked:", lockout);
    if let Some(rule) = report.password {
        rows.add("Password:", password(rule));
    }
    let protector = protector_in_words(&report.protector);
    rows.add("Protector:", format!("{protector} ({})", presence(report)));
    let camera = match &report.camera {
        Ok(identity) => identity.clone(),
        Err(reason) => words::unavailable(*reason),
    };
    rows.add("Camera:", camera);
    let sandbox = match report.sandbox_missing.as_slice() {
        [] => said("in force"),
        missing => filled("NOT in force: {what}", &[("what", &lacking(missing))]),
    };
    rows.add("Sandbox:", sandbox);
    rows
}

/// What the sandbox lacks.
pub fn lacking(missing: &[String]) -> String {
    let missing: Vec<String> = missing.iter().map(|what| words::heard(what)).collect();
    missing.join(", ")
}

fn enrollment(state: &EnrollmentState) -> String {
    match state {
        EnrollmentState::None => said("none"),
        EnrollmentState::Enrolled {
            templates,
            protector,
        } => counted(
            "{count} template, protected by {protector}",
            "{count} templates, protected by {protector}",
            *templates,
            &[("protector", &protector_in_words(protector))],
        ),
        EnrollmentState::Damaged => said("damaged; enroll again"),
    }
}

/// Whether the protector is there.
fn presence(report: &StatusReport) -> String {
    if report.protector_present {
        said("present")
    } else if report.camera == Err(Unavailable::SandboxMissing) {
        said("not looked for outside the sandbox")
    } else {
        let why = words::unavailable(Unavailable::VaultMissing);
        filled("MISSING: {why}", &[("why", &why)])
    }
}

/// When the password comes before the face, and what sets it.
fn password(rule: PasswordReport) -> String {
    let boot = rule
        .after_boot
        .and_then(|after| after.then(|| said("after a boot")));
    let reported =
        (rule.after_boot.is_none()).then(|| said("after a boot (once a login has reported one)"));
    let every = filled("every {hours} h", &[("hours", &rule.every_h)]);
    let unused =
        (rule.unused_h).map(|hours| filled("after {hours} h without use", &[("hours", &hours)]));
    let when: Vec<String> = [boot, reported, Some(every), unused]
        .into_iter()
        .flatten()
        .collect();
    let checked = said(match rule.spectrum {
        Spectrum::Color => "color camera: a convenience",
        Spectrum::Infrared => "infrared camera",
    });
    let when = when.join(", ");
    filled(
        "comes first: {when} ({camera})",
        &[("when", &when), ("camera", &checked)],
    )
}

/// What Secure Boot means for a key that the TPM holds; none where nothing is amiss or unknown.
pub fn boot(protector: &str, secure_boot: Option<bool>) -> Option<String> {
    (protector == "tpm" && secure_boot == Some(false)).then(|| {
        said(
            "Secure Boot is off. The TPM then gives the key to any other system that is started here. Switch Secure Boot on \
             in the firmware, then run sudo facelockctl tpm reseal.",
        )
    })
}

fn protector_in_words(protector: &str) -> String {
    match protector {
        "file" => {
            said("file (weaker than a TPM: a program that reads the disk as root reads the key)")
        }
        "tpm" => "TPM".into(),
        other => other.into(),
    }
}

pub fn json(report: &StatusReport) -> Value {
    let enrollment = match &report.enrollment {
        EnrollmentState::None => json!({ "state": "none" }),
        EnrollmentState::Enrolled {
            templates,
            protector,
        } => {
            json!({ "state": "enrolled", "templates": templates, "protector": protector })
        }
        EnrollmentState::Damaged => json!({ "state": "damaged" }),
    };
    json!({
        "outcome": "done",
        "enrollment": enrollment,
        "misses": report.tally.misses,
        "lockout": report.tally.lockout.as_ref().map(words::name),
        "lockout_seconds": match report.tally.lockout {
            Some(Unavailable::LockedOut { seconds }) => seconds,
            _ => None,
        },
        "password": report.password.map(|rule| json!({
            "spectrum": rule.spectrum.word(),
            "after_boot": rule.after_boot,
            "every_hours": rule.every_h,
            "unused_hours": rule.unused_h,
        })),
        "protector": report.protector,
        "protector_present": report.protector_present,
        "camera": report.camera.as_ref().ok(),
        "camera_unavailable": report.camera.as_ref().err().map(words::name),
        "sandbox_missing": report.sandbox_missing,
    })
}

/// `enrolled` are the identities that the user's templates name.
pub fn cameras(cameras: &[CameraReport], enrolled: &[&str]) -> String {
    if cameras.is_empty() {
        return said("No cameras.") + "\n";
    }
    let mut text = String::new();
    for camera in cameras {
        let mark = if camera.used { "*" } else { " " };
        text += &format!(
            "{mark} {}\n    {} ({}, {})\n",
            camera.identity, camera.name, camera.driver, camera.bus
        );
        text += &format!("    {}\n", words::heard_all(&camera.reason));
        if is_enrolled(camera, cameras, enrolled) {
            text += &format!("    {}\n", said("the user is enrolled on it"));
        }
        for format in &camera.formats {
            text += &format!("      {format}\n");
        }
    }
    text + &said("* would be used") + "\n"
}

/// Whether one of the enrolled names means this camera, among those that are there.
pub fn is_enrolled(camera: &CameraReport, cameras: &[CameraReport], enrolled: &[&str]) -> bool {
    let names: Vec<&str> = cameras.iter().map(|camera| &*camera.identity).collect();
    let name = Some(&*camera.identity);
    let mut enrolled = enrolled.iter();
    enrolled.any(|stored| find_camera(stored, &names) == name)
}

pub fn camera_json(camera: &CameraReport, enrolled: bool) -> Value {
    json!({
        "identity": camera.identity, "group": camera.group, "name": camera.name, "driver": camera.driver,
        "bus": camera.bus,
        "usb": camera.usb.as_ref().map(|usb| json!({
            "vendor": format!("{:04x}", usb.vendor), "product": format!("{:04x}", usb.product), "serial": usb.serial,
        })),
        "spectrum": camera.spectrum.map(Spectrum::word),
        "virtual": camera.is_virtual, "formats": camera.formats, "used": camera.used, "reason": camera.reason,
        "enrolled": enrolled,
    })
}

#[cfg(test)]
mod tests {
    use super::boot;

    #[test]
    fn secure_boot_is_spoken_of_only_where_a_key_depends_on_it() {
        let cases = [
            ("tpm", Some(false), true),
            ("tpm", Some(true), false),
            ("tpm", None, false),
            ("file", Some(false), false),
        ];
        for (protector, secure_boot, told) in cases {
            let text = boot(protector, secure_boot);
            assert_eq!(text.is_some(), told, "{protector} {secure_boot:?}");
        }
    }
}
