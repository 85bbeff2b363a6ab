//! What the instance says of a user and of the cameras, for a person or for a script.

use facelock_protocol::{
    CameraReport, EnrollmentState, PasswordReport, Spectrum, StatusReport, Unavailable,
};
use serde_json::{Value, json};

use super::words;
use crate::types::find_camera;

pub fn text(report: &StatusReport) -> String {
    let enrollment = match &report.enrollment {
        EnrollmentState::None => "none".into(),
        EnrollmentState::Enrolled {
            templates,
            protector,
        } => {
            let plural = if *templates == 1 { "" } else { "s" };
            format!(
                "{templates} template{plural}, protected by {}",
                protector_in_words(protector)
            )
        }
        EnrollmentState::Damaged => "damaged; enroll again".into(),
    };
    let lockout = match report.tally.lockout {
        Some(reason) => words::unavailable(reason),
        None => format!("no ({} counted)", report.tally.misses),
    };
    let present = if report.protector_present {
        "present".into()
    } else if report.camera == Err(Unavailable::SandboxMissing) {
        "not looked for outside the sandbox".into()
    } else {
        format!("MISSING: {}", words::unavailable(Unavailable::VaultMissing))
    };
    let camera = match &report.camera {
        Ok(identity) => identity.clone(),
        Err(reason) => words::unavailable(*reason),
    };
    let sandbox = match report.sandbox_missing.as_slice() {
        [] => "in force".into(),
        missing => format!("NOT in force: {}", missing.join(", ")),
    };
    format!(
        "Enrolled:  {enrollment}\nLocked:    {lockout}\n{}Protector: {} ({present})\nCamera:    {camera}\nSandbox:   {sandbox}\n",
        report.password.map(password).unwrap_or_default(),
        protector_in_words(&report.protector),
    )
}

/// When the password comes before the face, and what sets it.
fn password(rule: PasswordReport) -> String {
    let boot = match rule.after_boot {
        Some(true) => "after a boot, ",
        Some(false) => "",
        None => "after a boot (once a login has reported one), ",
    };
    let unused = rule.unused_h.map_or_else(String::new, |hours| {
        format!(" and after {hours} h without use")
    });
    let checked = match rule.spectrum {
        Spectrum::Color => "color camera: a convenience",
        Spectrum::Infrared => "infrared camera",
    };
    format!(
        "Password:  comes first {boot}every {} h{unused} ({checked})\n",
        rule.every_h
    )
}

/// What Secure Boot means for a key that the TPM holds; empty where nothing is amiss or unknown.
pub fn boot(protector: &str, secure_boot: Option<bool>) -> &'static str {
    match (protector, secure_boot) {
        ("tpm", Some(false)) => {
            "Warning:   Secure Boot is off. The TPM then gives the key to any other system\n           \
             that is started here. Switch Secure Boot on in the firmware,\n           \
             then run sudo facelockctl tpm reseal.\n"
        }
        _ => "",
    }
}

fn protector_in_words(protector: &str) -> String {
    match protector {
        "file" => {
            "file (weaker than a TPM: a program that reads the disk as root reads the key)".into()
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
        return "No cameras.\n".into();
    }
    let mut text = String::new();
    for camera in cameras {
        let mark = if camera.used { "*" } else { " " };
        text += &format!(
            "{mark} {}\n    {} ({}, {})\n",
            camera.identity, camera.name, camera.driver, camera.bus
        );
        text += &format!("    {}\n", camera.reason);
        if is_enrolled(camera, cameras, enrolled) {
            text += "    the user is enrolled on it\n";
        }
        for format in &camera.formats {
            text += &format!("      {format}\n");
        }
    }
    text + "* would be used\n"
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
            assert_eq!(!text.is_empty(), told, "{protector} {secure_boot:?}");
            assert!(text.lines().all(|line| line.len() <= 79), "{text}");
        }
    }
}
