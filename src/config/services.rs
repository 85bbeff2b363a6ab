//! `[services]`: what is shipped, and what root writes over it.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::decision::services::{Console, Mode, Only, Service, Services};

/// A service as root writes it: `sudo = "ask"`, or a table of what differs.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    mode: Option<Mode>,
    quiet: Option<bool>,
    only: Option<Only>,
    console: Option<Console>,
}

/// Where root names no more than the service: the strictest.
const UNLISTED: Service = Service {
    mode: Mode::Confirm,
    quiet: false,
    only: Only::Any,
    console: Console::None,
};

const fn asked(mode: Mode) -> Service {
    Service { mode, ..UNLISTED }
}

/// A greeter, which logs in and unlocks. The first login is the password's: it opens the keyring,
/// and a machine that was switched off does not open for a face alone.
const fn greeter(console: Console) -> Service {
    Service {
        mode: Mode::Ask,
        only: Only::Unlock,
        console,
        ..UNLISTED
    }
}

const fn quiet(service: Service) -> Service {
    Service {
        quiet: true,
        ..service
    }
}

/// Services that give someone root: a face in front of a screen is not consent to that.
const ELEVATION: [&str; 7] = ["sudo", "sudo-i", "su", "su-l", "polkit-1", "doas", "pkexec"];

/// Programs that call PAM when Enter is pressed, or one question after the other: a face that was
/// not asked for would hold a typed password up.
const LOCKERS: [&str; 10] = [
    "swaylock",
    "gtklock",
    "i3lock",
    "hyprlock",
    "physlock",
    "vlock",
    "kde",
    "mate-screensaver",
    "xfce4-screensaver",
    "cinnamon-screensaver",
];

/// Programs that ask for a face beside the password, or before it is typed.
const HANDS_FREE: [&str; 4] = [
    "kde-face",
    "kde-fingerprint",
    "kde-smartcard",
    "xsecurelock",
];

/// The services that are shipped.
pub fn shipped() -> Services {
    let greeters = ["sddm", "plasmalogin", "lightdm", "ly", "cosmic-greeter"];
    let all = [
        (&ELEVATION[..], asked(Mode::Confirm)),
        (&LOCKERS[..], asked(Mode::Ask)),
        (&HANDS_FREE[..], asked(Mode::Auto)),
        (&["xscreensaver"], quiet(asked(Mode::Auto))),
        (&greeters[..], greeter(Console::Any)),
        (&["greetd"], quiet(greeter(Console::Any))),
        (&["gdm-password"], quiet(greeter(Console::Seat))),
        (
            &["gdm-face"],
            Service {
                mode: Mode::Auto,
                ..quiet(greeter(Console::Seat))
            },
        ),
        (&["login"], greeter(Console::Terminal)),
    ];
    all.into_iter()
        .flat_map(|(names, service)| names.iter().map(move |name| ((*name).into(), service)))
        .collect()
}

/// Reads `[services]` over what is shipped.
///
/// # Errors
/// A value that means nothing, or a service without a mode that is not shipped.
pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Services, D::Error> {
    let written = std::collections::BTreeMap::<String, Entry>::deserialize(deserializer)?;
    let mut services = shipped();
    for (name, Entry(written)) in written {
        let known = services.get(&name).copied();
        if known.is_none() && written.mode.is_none() {
            return Err(D::Error::custom(format!("services.{name} needs a mode")));
        }
        let base = known.unwrap_or(UNLISTED);
        let service = Service {
            mode: written.mode.unwrap_or(base.mode),
            quiet: written.quiet.unwrap_or(base.quiet),
            only: written.only.unwrap_or(base.only),
            console: written.console.unwrap_or(base.console),
        };
        services.insert(name, service);
    }
    Ok(services)
}

/// A mode alone, or a table.
struct Entry(Written);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("\"auto\", \"ask\", \"confirm\", \"off\", or a table with mode, quiet, only, console")
            }

            fn visit_str<E: Error>(self, mode: &str) -> Result<Written, E> {
                let mode = serde::de::value::StrDeserializer::new(mode);
                Ok(Written {
                    mode: Some(Mode::deserialize(mode)?),
                    ..Written::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
                Written::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Either).map(Entry)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn service(text: &str, name: &str) -> Option<Service> {
        Config::parse(text).unwrap().service(name).copied()
    }

    #[test]
    fn the_shipped_file_writes_every_service_out() {
        // Read alone, so that a line which is missing shows.
        let shipped: toml::Table = include_str!("../../config/config.toml").parse().unwrap();
        let written = shipped["services"].as_table().unwrap();
        assert!(written.keys().eq(super::shipped().keys()));
        for (name, service) in super::shipped() {
            let entry = written[&name].clone().try_into::<Entry>().unwrap().0;
            let base = UNLISTED;
            assert_eq!(entry.mode, Some(service.mode), "{name}");
            assert_eq!(entry.quiet.unwrap_or(base.quiet), service.quiet, "{name}");
            assert_eq!(entry.only.unwrap_or(base.only), service.only, "{name}");
            assert_eq!(
                entry.console.unwrap_or(base.console),
                service.console,
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_not_listed_gets_no_face() {
        for name in [
            "sshd",
            "cron",
            "atd",
            "chsh",
            "passwd",
            "runuser",
            "postgresql",
            "other",
            "",
        ] {
            assert_eq!(service("", name), None, "{name}");
        }
    }

    #[test]
    fn elevation_wants_to_be_confirmed_unless_root_says_otherwise() {
        assert_eq!(service("", "sudo"), Some(asked(Mode::Confirm)));
        let text = "[services]\nsudo = \"ask\"\nsu = { quiet = true }";
        assert_eq!(service(text, "sudo"), Some(asked(Mode::Ask)));
        assert_eq!(service(text, "su"), Some(quiet(asked(Mode::Confirm))));
        assert_eq!(service(text, "polkit-1"), Some(asked(Mode::Confirm)));
        assert_eq!(
            service("[services]\nsudo = \"off\"", "sudo").unwrap().mode,
            Mode::Off
        );
    }

    #[test]
    fn a_service_that_root_adds_needs_an_asker_unless_root_says_otherwise() {
        let text = "[services]\nmine = \"auto\"\ndoor = { mode = \"ask\", console = \"seat\" }";
        assert_eq!(service(text, "mine"), Some(asked(Mode::Auto)));
        assert_eq!(service(text, "door").unwrap().console, Console::Seat);
        for wrong in [
            "mine = { quiet = true }",
            "mine = \"always\"",
            "mine = true",
            "mine = { mode = \"ask\", evidence = \"seat\" }",
            "sudo = { console = \"anywhere\" }",
            "sudo = { only = true }",
        ] {
            assert!(
                Config::parse(&format!("[services]\n{wrong}")).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_greeter_s_first_login_is_the_password_s() {
        for name in [
            "gdm-password",
            "gdm-face",
            "lightdm",
            "sddm",
            "greetd",
            "login",
        ] {
            let service = service("", name).unwrap();
            assert_eq!(service.only, Only::Unlock, "{name}");
            assert_ne!(service.console, Console::None, "{name}");
        }
        let text = "[services]\nlightdm = { only = \"any\" }";
        assert_eq!(service(text, "lightdm").unwrap().only, Only::Any);
    }
}
