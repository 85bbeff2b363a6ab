//! What is this user's: a camera, an enrollment, services, and being there.
#![forbid(unsafe_code)]

use facelock_protocol::{EnrollmentState, Spectrum, StatusReport, Subject};

use super::facts::{Facts, Row, State, row};
use crate::cli::pam::Wired;
use crate::cli::words::{self, counted, filled, said};

pub fn camera(report: &StatusReport, facts: &Facts) -> Row {
    let identity = match &report.camera {
        Err(reason) => {
            return row("camera", State::Fail, words::unavailable(*reason))
                .fix("sudo facelockctl devices");
        }
        Ok(identity) => identity,
    };
    let infrared = facts.cameras.as_ref().map(|cameras| {
        cameras
            .iter()
            .any(|camera| camera.spectrum == Some(Spectrum::Infrared) && !camera.is_virtual)
    });
    match infrared {
        Some(false) => row(
            "camera",
            State::Warn,
            filled(
                "{camera}; no infrared camera: a good picture is harder to tell from a face",
                &[("camera", identity)],
            ),
        )
        .fix(said("docs/security.md says what that is worth")),
        _ => row("camera", State::Ok, identity),
    }
}

pub fn enrollment(report: &StatusReport, facts: &Facts, subject: &Subject) -> Row {
    let name = &subject.name;
    match &report.enrollment {
        EnrollmentState::None => row(
            "enrollment",
            State::Fail,
            filled("no face is enrolled for {user}", &[("user", name)]),
        )
        .fix(format!("sudo facelockctl enroll --user {name}")),
        EnrollmentState::Damaged => row(
            "enrollment",
            State::Fail,
            said("the stored templates cannot be used"),
        )
        .fix(filled(
            "sudo facelockctl clear --user {user}, then enroll again",
            &[("user", name)],
        )),
        EnrollmentState::Enrolled { templates, .. } => {
            let by = |light| {
                let all = facts.templates.iter().flatten();
                all.filter(|template| template.spectrum == light).count()
            };
            let what = match &facts.templates {
                Some(_) => counted(
                    "{count} template: {infrared} infrared, {color} color",
                    "{count} templates: {infrared} infrared, {color} color",
                    *templates,
                    &[
                        ("infrared", &by(Spectrum::Infrared)),
                        ("color", &by(Spectrum::Color)),
                    ],
                ),
                None => counted("{count} template", "{count} templates", *templates, &[]),
            };
            row("enrollment", State::Ok, what)
        }
    }
}

pub fn lockout(report: &StatusReport, subject: &Subject) -> Row {
    match report.tally.lockout {
        None => row(
            "lockout",
            State::Ok,
            counted(
                "none; {count} miss counted",
                "none; {count} misses counted",
                report.tally.misses,
                &[],
            ),
        ),
        Some(reason) => row("lockout", State::Fail, words::unavailable(reason))
            .fix(format!("sudo facelockctl unlock --user {}", subject.name)),
    }
}

pub fn services(facts: &Facts) -> Vec<Row> {
    let asking: Vec<&Wired> = facts.services.iter().filter(|s| s.file.is_some()).collect();
    let wrong = asking.iter().filter_map(|service| {
        let problem = service.problem.as_ref()?;
        Some(row(
            "services",
            State::Fail,
            format!("{}: {problem}", service.service),
        ))
    });
    let mut rows: Vec<Row> = wrong.collect();
    if asking.is_empty() {
        rows.push(
            row(
                "services",
                State::Warn,
                said("no PAM service asks for a face"),
            )
            .fix(said(
                "sudo facelockctl pam enable sudo, or the name of your screen locker",
            )),
        );
    } else if rows.is_empty() {
        let names: Vec<&str> = asking.iter().map(|s| s.service.as_str()).collect();
        rows.push(row("services", State::Ok, names.join(" ")));
    }
    rows
}

/// Whether a login by face opens the keyring or wallet, too.
pub fn keyring(facts: &Facts) -> Option<Row> {
    let given = facts.keyring_services.join(" ");
    Some(match (facts.keyring?, given.is_empty()) {
        (false, _) => row(
            "keyring",
            State::Ok,
            said("no login password is kept for it"),
        ),
        (true, false) => row(
            "keyring",
            State::Ok,
            filled(
                "a login password is kept for it, and given to {services}",
                &[("services", &given)],
            ),
        ),
        (true, true) => row(
            "keyring",
            State::Warn,
            said("a login password is kept for it, and no login program is given it"),
        )
        .fix(said(words::ENABLE_LOGIN)),
    })
}

pub fn presence(facts: &Facts) -> Vec<Row> {
    let mut rows = Vec::new();
    if !facts.logind {
        rows.push(row(
            "logind",
            State::Warn,
            said("does not run: Facelock cannot tell who sits at this machine"),
        ));
    }
    match &facts.session {
        Some(session) if session.remote => rows.push(row(
            "session",
            State::Warn,
            said("this one is remote: no face is looked for from here"),
        )),
        Some(session) if !session.active => rows.push(row(
            "session",
            State::Warn,
            said("this one is not in front: no face is looked for from here"),
        )),
        Some(_) => rows.push(row(
            "session",
            State::Ok,
            said("this one is local and in front"),
        )),
        None => rows.push(row(
            "session",
            State::Unknown,
            said("this process has none of its own"),
        )),
    }
    if facts.lid_closed {
        rows.push(
            row("lid", State::Warn, said("is closed: no face is looked for")).fix(said("open it")),
        );
    }
    rows
}
