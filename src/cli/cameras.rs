//! What a user's templates and the cameras that are there have to do with each other.

use std::path::Path;

use facelock_protocol::{CameraReport, Reply, Request, Subject, TemplateReport};

use super::args::{Args, Move, User};
use super::failure::{Answer, Failure};
use super::print::{print_json, printed, shown};
use super::terminal::Terminal;
use super::words::{self, said};
use super::{client, json, narrate, outcome, prompt, render, status, subject};
use crate::camera::{self, CameraOptions};
use crate::config::{self, Config};
use crate::types::{find_camera, may_have_moved};

/// `devices`: the cameras, and which of them the user is enrolled on.
///
/// # Errors
/// They cannot be asked for, or standard output cannot be written.
pub fn devices(args: &Args, user: &User) -> Answer {
    let request = Request::Devices;
    let reply = client::ask(&args.socket, &request, drop)?;
    let Reply::Devices(cameras) = &reply else {
        return finish(args, &request, &reply);
    };
    let enrolled = match subject::resolve(user.name.as_deref()) {
        Ok(subject) => templates(args, &subject),
        Err(_) => Vec::new(),
    };
    let enrolled = distinct(&enrolled);
    if args.json {
        print_json(&json::cameras(cameras, &enrolled))?;
    } else {
        let text = status::cameras(cameras, &enrolled);
        printed(&Terminal::stdout().wrap(&text, 6))?;
    }
    Ok(outcome::exit(&reply))
}

/// `devices --report`: every node, by the configuration in force.
///
/// # Errors
/// Standard output cannot be written.
pub fn described(json: bool) -> Answer {
    let text = match Config::load(Path::new(config::PATH)) {
        Ok(config) => camera::report(&config.camera_options()),
        Err(error) => {
            let text = camera::report(&CameraOptions::default());
            let told = said("# the configuration cannot be used, so this is by the defaults:");
            format!("{told} {error}\n{text}")
        }
    };
    shown(&text, json)
}

/// `camera move`: shows both, and asks.
///
/// # Errors
/// There is nothing to move, it is not clear where to, or the person says no.
pub fn moved(args: &Args, subject: &Subject, options: &Move) -> Result<Request, Failure> {
    let reply = client::ask(&args.socket, &Request::Devices, drop)?;
    let cameras = match &reply {
        Reply::Devices(cameras) => cameras,
        Reply::Unavailable(reason) => return Err(Failure::unavailable(*reason)),
        Reply::Denied(denied) => return Err(Failure::denied(*denied)),
        _ => return Err(Failure::broken()),
    };
    let enrolled = templates(args, subject);
    let (from, to) = (options.from.as_deref(), options.to.as_deref());
    let (from, to) = pair(&distinct(&enrolled), cameras, from, to)?;
    let question = [
        words::of_user("The templates of {user} name", subject.name.as_str()),
        format!("  {from}"),
        said("The camera that is here is"),
        format!("  {to}"),
        said("Is it the same camera?"),
    ]
    .join("\n");
    if !options.yes && !prompt::confirm(&question, "--yes")? {
        return Err(Failure::declined());
    }
    Ok(Request::MoveCamera {
        subject: subject.clone(),
        from,
        to,
    })
}

/// The one enrolled camera that is not there, and the one camera it can be.
fn pair(
    enrolled: &[&str],
    cameras: &[CameraReport],
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(String, String), Failure> {
    let names: Vec<&str> = cameras.iter().map(|camera| &*camera.identity).collect();
    let gone = |name: &&&str| find_camera(name, &names).is_none();
    let named = |name: &&&str| from.is_none_or(|from| from == **name);
    let mut from = enrolled.iter().filter(named).filter(gone);
    let (Some(from), None) = (from.next(), from.next()) else {
        let text = said(
            "there must be one enrolled camera that is not here; facelockctl list names them (--from)",
        );
        return Err(Failure::new("no_camera_to_move", text));
    };
    let mut candidates = names
        .iter()
        .filter(|name| may_have_moved(from, name) && to.is_none_or(|to| to == **name));
    match (candidates.next(), candidates.next()) {
        (Some(to), None) => Ok(((*from).into(), (*to).into())),
        (Some(_), Some(_)) => Err(Failure::new(
            "several_cameras",
            said("more than one camera can be it; name one with --to"),
        )),
        (None, _) => Err(Failure::new(
            "no_such_camera",
            said("no camera that is here can be the enrolled one; enroll again"),
        )),
    }
}

/// The user's templates; none where they cannot be asked for.
pub fn templates(args: &Args, subject: &Subject) -> Vec<TemplateReport> {
    let request = Request::List {
        subject: subject.clone(),
    };
    match client::ask_briefly(&args.socket, &request) {
        Ok(Reply::Templates(templates)) => templates,
        _ => Vec::new(),
    }
}

pub fn distinct(templates: &[TemplateReport]) -> Vec<&str> {
    let mut names: Vec<&str> = templates.iter().map(|template| &*template.camera).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn finish(args: &Args, request: &Request, reply: &Reply) -> Answer {
    let narrator = narrate::Narrator::new(args.json);
    if args.json {
        json::finish(request, reply, &narrator)
    } else {
        render::finish(request, reply, &narrator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(identity: &str) -> CameraReport {
        CameraReport {
            identity: identity.into(),
            group: String::new(),
            name: String::new(),
            driver: String::new(),
            bus: String::new(),
            usb: None,
            spectrum: None,
            is_virtual: false,
            formats: Vec::new(),
            used: false,
            reason: String::new(),
        }
    }

    #[test]
    fn a_script_hears_on_which_cameras_the_user_is_enrolled() {
        let (own, other) = (
            "usb:5986:118c:SN1@usb-0000:00:14.0-6:1.0/color",
            "usb:046d:0825:-@usb-0000:00:14.0-1.2:1.0/color",
        );
        let cameras = [camera(other), camera(own)];
        // It was in another port when the template was made.
        let stored = own.replace("14.0-6", "14.0-3");
        let told = json::cameras(&cameras, &[&stored]);
        let enrolled = |index: usize| told["cameras"][index]["enrolled"].clone();
        assert_eq!((enrolled(0), enrolled(1)), (false.into(), true.into()));
    }

    #[test]
    fn only_a_camera_that_is_gone_moves_and_only_to_one_that_it_can_be() {
        let at = |port| format!("usb:046d:0825:-@usb-0000:00:14.0-{port}:1.0/color");
        let (one, two, three) = (at(1), at(2), at(3));
        let other = camera("usb:5986:118c:-@usb-0000:00:14.0-6:1.0/color");
        let enrolled = [one.as_str()];
        let moved = pair(&enrolled, &[camera(&two), other.clone()], None, None);
        assert_eq!(moved.unwrap(), (one.clone(), two.clone()));
        assert!(pair(&enrolled, &[camera(&one), camera(&two)], None, None).is_err());
        assert!(pair(&enrolled, &[other], None, None).is_err());
        let both = [camera(&two), camera(&three)];
        assert!(pair(&enrolled, &both, None, None).is_err());
        let named = pair(&enrolled, &both, None, Some(three.as_str()));
        assert_eq!(named.unwrap(), (one, three));
    }
}
