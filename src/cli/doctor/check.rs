//! What the facts mean: one row a prerequisite. Pure.
#![forbid(unsafe_code)]

use facelock_protocol::Subject;

use super::facts::{Facts, Row, State, row};
use super::machine::{config, models, protector, sandbox, unit, user};
use super::person::{camera, enrollment, keyring, lockout, presence, services};

pub fn rows(facts: &Facts, subject: &Subject) -> Vec<Row> {
    let mut rows = vec![config(facts), unit(facts), user(facts)];
    match &facts.status {
        Err(why) => {
            rows.push(row("instance", State::Fail, why).fix("sudo journalctl -t facelock -n 20"))
        }
        Ok(report) => {
            rows.push(sandbox(report, facts));
            rows.extend(models(facts));
            rows.extend(protector(report, facts));
            rows.push(camera(report, facts));
            rows.push(enrollment(report, facts, subject));
            rows.push(lockout(report, subject));
        }
    }
    rows.extend(services(facts));
    rows.extend(keyring(facts));
    rows.extend(presence(facts));
    rows
}

#[cfg(test)]
mod tests {
    use facelock_protocol::{
        EnrollmentState, Spectrum, StatusReport, TallyReport, TemplateReport, Unavailable, UserName,
    };

    use super::*;
    use crate::cli::doctor::facts::{Model, Session};
    use crate::cli::pam::Wired;

    fn sound() -> Facts {
        let infrared = TemplateReport {
            id: 1,
            label: "face".into(),
            created: 0,
            camera: "usb/infrared".into(),
            spectrum: Spectrum::Infrared,
            quality: 0.9,
        };
        let sudo = Wired {
            service: "sudo".into(),
            file: Some("sudo".into()),
            problem: None,
        };
        Facts {
            config: Ok(()),
            socket_unit: Some(("enabled".into(), "active".into())),
            exposure: Some("0.2 SAFE".into()),
            groups: Some(vec!["facelock".into(), "video".into(), "tss".into()]),
            models: Ok(vec![Model {
                name: "yunet".into(),
                optional: false,
                pinned: Some(true),
            }]),
            tpm_device: true,
            secure_boot: Some(true),
            measured: Some(true),
            lockout_authorisation: Some(true),
            status: Ok(status()),
            templates: Some(vec![infrared]),
            cameras: None,
            services: vec![sudo],
            keyring: Some(true),
            keyring_services: vec!["lightdm"],
            session: Some(Session {
                remote: false,
                active: true,
            }),
            logind: true,
            lid_closed: false,
        }
    }

    fn status() -> StatusReport {
        StatusReport {
            enrollment: EnrollmentState::Enrolled {
                templates: 1,
                protector: "tpm".into(),
            },
            tally: TallyReport::default(),
            password: None,
            protector: "tpm".into(),
            protector_present: true,
            camera: Ok("usb/infrared".into()),
            sandbox_missing: Vec::new(),
            services: Vec::new(),
        }
    }

    /// The names of the rows that are not as they should be.
    fn amiss(change: impl FnOnce(&mut Facts)) -> Vec<(&'static str, State)> {
        let mut facts = sound();
        change(&mut facts);
        let subject = Subject {
            uid: 1000,
            name: UserName::new("alice").unwrap(),
        };
        let rows = rows(&facts, &subject);
        for row in &rows {
            let mends = row.fix.is_some() || row.state != State::Fail;
            assert!(
                mends || ["protector", "services"].contains(&row.name),
                "{row:?}"
            );
        }
        let amiss = rows.iter().filter(|row| row.state != State::Ok);
        amiss.map(|row| (row.name, row.state)).collect()
    }

    fn reported(change: impl FnOnce(&mut StatusReport)) -> impl FnOnce(&mut Facts) {
        move |facts| {
            let mut report = status();
            change(&mut report);
            facts.status = Ok(report);
        }
    }

    #[test]
    fn a_sound_machine_has_nothing_amiss() {
        assert_eq!(amiss(|_| ()), []);
    }

    #[test]
    fn each_fault_has_its_row() {
        use State::{Fail, Unknown, Warn};
        let of = |name, state| vec![(name, state)];
        assert_eq!(
            amiss(|f| f.config = Err("line 3".into())),
            of("configuration", Fail)
        );
        assert_eq!(amiss(|f| f.socket_unit = None), of("socket", Unknown));
        assert_eq!(
            amiss(|f| f.socket_unit = Some(("disabled".into(), "active".into()))),
            of("socket", Warn)
        );
        assert_eq!(
            amiss(|f| f.socket_unit = Some(("enabled".into(), "inactive".into()))),
            of("socket", Fail)
        );
        assert_eq!(amiss(|f| f.groups = None), of("user", Fail));
        assert_eq!(
            amiss(|f| f.groups = Some(vec!["video".into()])),
            of("user", Fail)
        );
        assert_eq!(
            amiss(|f| f.status = Err("gone".into())),
            of("instance", Fail)
        );
        assert_eq!(amiss(|f| f.models = Err("none".into())), of("models", Fail));
        let swapped = |f: &mut Facts| f.models.as_mut().unwrap()[0].pinned = Some(false);
        assert_eq!(amiss(swapped), of("models", Fail));
        assert_eq!(
            amiss(|f| f.secure_boot = Some(false)),
            of("secure boot", Warn)
        );
        assert_eq!(amiss(|f| f.measured = Some(false)), of("registers", Warn));
        assert_eq!(
            amiss(|f| f.lockout_authorisation = Some(false)),
            of("lockout auth", Warn)
        );
        assert_eq!(amiss(|f| f.cameras = Some(Vec::new())), of("camera", Warn));
        assert_eq!(amiss(|f| f.services.clear()), of("services", Warn));
        let wrong = |f: &mut Facts| f.services[0].problem = Some("is required".into());
        assert_eq!(amiss(wrong), of("services", Fail));
        let unread = |f: &mut Facts| (f.keyring, f.keyring_services) = (Some(true), Vec::new());
        assert_eq!(amiss(unread), of("keyring", Warn));
        assert_eq!(amiss(|f| f.keyring = Some(false)), []);
        assert_eq!(amiss(|f| f.logind = false), of("logind", Warn));
        assert_eq!(amiss(|f| f.session = None), of("session", Unknown));
        let remote = |f: &mut Facts| f.session.as_mut().unwrap().remote = true;
        assert_eq!(amiss(remote), of("session", Warn));
        assert_eq!(amiss(|f| f.lid_closed = true), of("lid", Warn));
    }

    #[test]
    fn each_fault_that_the_instance_reports_has_its_row() {
        let of = |name, state| vec![(name, state)];
        let fail = State::Fail;
        assert_eq!(
            amiss(reported(|r| r.sandbox_missing = vec!["runs as root".into()])),
            of("sandbox", fail)
        );
        assert_eq!(
            amiss(reported(|r| r.protector_present = false)),
            of("protector", fail)
        );
        assert_eq!(
            amiss(reported(|r| r.protector = "file".into())),
            of("protector", State::Warn)
        );
        assert_eq!(
            amiss(reported(|r| r.camera = Err(Unavailable::NoCamera))),
            of("camera", fail)
        );
        assert_eq!(
            amiss(reported(|r| r.enrollment = EnrollmentState::None)),
            of("enrollment", fail)
        );
        assert_eq!(
            amiss(reported(|r| r.enrollment = EnrollmentState::Damaged)),
            of("enrollment", fail)
        );
        assert_eq!(
            amiss(reported(
                |r| r.tally.lockout = Some(Unavailable::PasswordRequired)
            )),
            of("lockout", fail)
        );
    }
}
