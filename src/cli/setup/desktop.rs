//! Which services this machine's desktop has, and what a face costs in each. Pure.
#![forbid(unsafe_code)]

use crate::cli::pam::Wired;
use crate::cli::words::said;

/// What is said before a service is switched on.
fn what(service: &str) -> Option<String> {
    Some(said(match service {
        "sudo" => "sudo: the face is looked for at once, and Enter confirms a match.",
        "polkit-1" => "polkit's dialogs: a match is confirmed in the dialog.",
        "swaylock" | "gtklock" | "i3lock" | "physlock" | "vlock" => {
            "The screen locker: Enter alone asks for the face; a typed password is not held up."
        }
        "hyprlock" => {
            "hyprlock: Enter alone asks for the face; general:ignore_empty_input must be false in hyprlock.conf."
        }
        "mate-screensaver" | "xfce4-screensaver" | "cinnamon-screensaver" => {
            "The screen locker: Enter alone asks for the face."
        }
        "xscreensaver" | "xsecurelock" => {
            "The screen locker: the face is looked for when it wakes."
        }
        "kde-fingerprint" | "kde-smartcard" => {
            "Plasma's lock screen: the face is looked for while the password field works as before."
        }
        "gdm-password" => {
            "GNOME's lock screen: Enter on the empty field asks for the face. docs/desktops/gnome.md has a way without Enter."
        }
        "lightdm" | "sddm" | "plasmalogin" | "greetd" | "ly" | "cosmic-greeter" => {
            "The login screen: Enter on the empty field asks for the face. The first login after a start stays the password's."
        }
        _ => return None,
    }))
}

/// Services that --yes alone switches on: what a person asks for by name is their own screen lock
/// and sudo.
pub fn is_first(service: &str) -> bool {
    let login = [
        "lightdm",
        "sddm",
        "plasmalogin",
        "greetd",
        "ly",
        "cosmic-greeter",
        "polkit-1",
    ];
    what(service).is_some() && !login.contains(&service)
}

/// Services to offer, each with what it costs: those that `named` lists, else every one that is
/// here, is known, and asks for no face yet. Where there is a fingerprint `reader`, its slot stays
/// its own.
pub fn offered(here: &[Wired], named: &[String], reader: bool) -> Vec<(String, String)> {
    let known = |name: &str| what(name).unwrap_or_else(|| said("This service:"));
    if !named.is_empty() {
        return named
            .iter()
            .map(|name| (name.clone(), known(name)))
            .collect();
    }
    let has = |name: &str| here.iter().any(|service| service.service == name);
    let asks = |name: &str| here.iter().any(|s| s.service == name && s.file.is_some());
    let mut offered: Vec<(String, String)> = here
        .iter()
        .map(|service| service.service.as_str())
        // A face in one of Plasma's own slots needs no Enter.
        .filter(|name| !name.starts_with("kde"))
        .filter(|name| !asks(name))
        .filter_map(|name| Some((name.to_owned(), what(name)?)))
        .collect();
    let slot = if reader {
        "kde-smartcard"
    } else {
        "kde-fingerprint"
    };
    if has("kde") && !asks(slot) {
        offered.push((slot.to_owned(), known(slot)));
    }
    offered.sort_by_key(|(name, _)| (!is_first(name), name != "sudo"));
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(services: &[(&str, bool)]) -> Vec<Wired> {
        let wired = |(service, asks): &(&str, bool)| Wired {
            service: (*service).into(),
            file: asks.then(|| (*service).into()),
            problem: None,
        };
        services.iter().map(wired).collect()
    }

    fn names(services: &[(&str, bool)]) -> Vec<String> {
        let offered = offered(&here(services), &[], false);
        offered.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn what_is_here_and_asks_for_no_face_is_offered() {
        let services = [
            ("chsh", false),
            ("lightdm", false),
            ("sudo", false),
            ("swaylock", true),
            ("sshd", false),
        ];
        assert_eq!(names(&services), ["sudo", "lightdm"]);
    }

    #[test]
    fn plasma_gets_a_slot_beside_the_password() {
        assert_eq!(names(&[("kde", false)]), ["kde-fingerprint"]);
        assert_eq!(
            names(&[("kde", false), ("kde-fingerprint", true)]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_named_is_offered_whatever_it_is() {
        let offered = offered(&[], &["myservice".into()], false);
        assert_eq!(offered[0].0, "myservice");
    }
}
