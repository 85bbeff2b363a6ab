//! How configuration and templates name a camera, and when a name means a camera that is there.

use super::Spectrum;

/// A camera function's stable identity: what it is and where it sits, never its node number.
///
/// `usb:VVVV:PPPP:SERIAL@BUSPATH/SPECTRUM` for USB (lower-case hex; `-` where the device has no
/// serial), `platform:BUSPATH/SPECTRUM` otherwise, `recorded:NAME/SPECTRUM` for recorded frames.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CameraIdentity(String);

impl CameraIdentity {
    pub fn new(identity: impl Into<String>) -> Self {
        Self(identity.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What its last part says it sees by.
    pub fn spectrum(&self) -> Option<Spectrum> {
        let (_, word) = self.0.rsplit_once('/')?;
        [Spectrum::Color, Spectrum::Infrared]
            .into_iter()
            .find(|spectrum| spectrum.word() == word)
    }
}

impl std::fmt::Display for CameraIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `present`, one of the cameras that are there, is the one that `stored` names.
///
/// A serial number tells two cameras of one make apart, and then the port does not count. Where it
/// does not, the port decides. PCI bus numbers never count on their own: firmware deals them out
/// anew when a card is added. A name that could mean two of the cameras means neither.
pub fn same_camera(stored: &str, present: &str, all_present: &[&str]) -> bool {
    find_camera(stored, all_present) == Some(present)
}

/// The camera that `stored` names among those that are there. See [`same_camera`].
pub fn find_camera<'a>(stored: &str, present: &[&'a str]) -> Option<&'a str> {
    let exact = present.iter().copied().find(|name| *name == stored);
    exact.or_else(|| {
        let (kind, place) = kind_and_place(stored);
        let mut alike: Vec<&str> = present
            .iter()
            .copied()
            .filter(|name| kind_and_place(name).0 == kind)
            .collect();
        alike.sort_unstable();
        alike.dedup();
        match (kind, alike.as_slice()) {
            (
                Kind::Usb {
                    serial: Some(_), ..
                },
                [only],
            ) => Some(*only),
            (Kind::Other(_), _) => None,
            _ => {
                let mut here = alike
                    .into_iter()
                    .filter(|name| kind_and_place(name).1 == place);
                here.next().filter(|_| here.next().is_none())
            }
        }
    })
}

/// Whether a camera named `from` can be the one that is now named `to`, as a person says: of the
/// same make and kind, and no serial number speaks against it.
pub fn may_have_moved(from: &str, to: &str) -> bool {
    match (kind_and_place(from).0, kind_and_place(to).0) {
        (
            Kind::Usb {
                model,
                serial,
                interface,
                spectrum,
            },
            Kind::Usb {
                model: other_model,
                serial: other_serial,
                interface: other_interface,
                spectrum: other_spectrum,
            },
        ) => {
            let serials_differ =
                serial.is_some() && other_serial.is_some() && serial != other_serial;
            !serials_differ
                && (model, interface, spectrum) == (other_model, other_interface, other_spectrum)
        }
        (Kind::Platform { spectrum }, Kind::Platform { spectrum: other }) => spectrum == other,
        _ => false,
    }
}

/// What does not depend on where a camera sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind<'a> {
    Usb {
        model: &'a str,
        serial: Option<&'a str>,
        interface: &'a str,
        spectrum: &'a str,
    },
    Platform {
        spectrum: &'a str,
    },
    /// Virtual and recorded cameras: the whole name or nothing.
    Other(&'a str),
}

fn kind_and_place(name: &str) -> (Kind<'_>, String) {
    usb(name)
        .or_else(|| {
            let (path, spectrum) = split_spectrum(name.strip_prefix("platform:")?);
            Some((Kind::Platform { spectrum }, without_pci_bus(path)))
        })
        .unwrap_or((Kind::Other(name), String::new()))
}

fn usb(name: &str) -> Option<(Kind<'_>, String)> {
    let (device, place) = name.strip_prefix("usb:")?.split_once('@')?;
    // VVVV:PPPP, then the serial number, which may hold colons itself.
    let (model, serial) = device.split_at_checked(9)?;
    let serial = serial.strip_prefix(':')?;
    let (place, spectrum) = split_spectrum(place);
    let (port, interface) = place.rsplit_once(':')?;
    let kind = Kind::Usb {
        model,
        // Zeroes are what a factory leaves in.
        serial: Some(serial).filter(|serial| serial.bytes().any(|b| !b"0-".contains(&b))),
        interface,
        spectrum,
    };
    Some((kind, without_pci_bus(port)))
}

/// The name before its spectrum, and the spectrum; empty where there is none.
fn split_spectrum(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or((name, ""))
}

/// The path with the domain and bus taken out of each PCI address: `0000:07:00.3` is `00.3`, and
/// `pci0000:00` is `pci`.
fn without_pci_bus(path: &str) -> String {
    let parts = path.split_inclusive(['-', '_']);
    parts
        .map(|part| {
            let address = part.trim_end_matches(['-', '_']);
            let (fields, end) = (
                address.split(':').collect::<Vec<_>>(),
                &part[address.len()..],
            );
            let hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
            match fields[..] {
                [domain, bus, function] if hex(domain) && hex(bus) && function.contains('.') => {
                    format!("{function}{end}")
                }
                [domain, bus] if hex(bus) && domain.strip_prefix("pci").is_some_and(hex) => {
                    format!("pci{end}")
                }
                _ => part.to_owned(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIAL: &str = "usb:5986:118c:SN0001@usb-0000:07:00.3-1:1.0/color";
    const BARE: &str = "usb:046d:0825:-@usb-0000:07:00.3-1.4:1.0/color";

    fn found<'a>(stored: &str, present: &[&'a str]) -> Option<&'a str> {
        find_camera(stored, present)
    }

    #[test]
    fn a_serial_number_goes_with_its_camera_to_any_port() {
        let moved = "usb:5986:118c:SN0001@usb-0000:00:14.0-6:1.0/color";
        assert_eq!(found(SERIAL, &[BARE, moved]), Some(moved));
        assert!(same_camera(SERIAL, moved, &[moved]));
        for other in [
            "usb:5986:118c:SN0002@usb-0000:07:00.3-1:1.0/color",
            "usb:5986:118d:SN0001@usb-0000:07:00.3-1:1.0/color",
            "usb:5986:118c:-@usb-0000:07:00.3-1:1.0/color",
            "usb:5986:118c:SN0001@usb-0000:07:00.3-1:1.2/color",
            "usb:5986:118c:SN0001@usb-0000:07:00.3-1:1.0/infrared",
        ] {
            assert_eq!(found(SERIAL, &[other]), None, "{other}");
        }
    }

    #[test]
    fn a_serial_number_that_two_cameras_have_tells_nothing_and_the_port_decides() {
        let [here, there, third] = [
            "usb:5986:118c:SN0001@usb-0000:06:00.3-1:1.0/color",
            "usb:5986:118c:SN0001@usb-0000:06:00.3-2:1.0/color",
            "usb:5986:118c:SN0001@usb-0000:06:00.3-3:1.0/color",
        ];
        assert_eq!(found(SERIAL, &[there, here]), Some(here));
        assert_eq!(found(SERIAL, &[there, third]), None);
    }

    #[test]
    fn without_a_serial_number_the_port_decides_and_pci_buses_may_be_renumbered() {
        let renumbered = "usb:046d:0825:-@usb-0000:06:00.3-1.4:1.0/color";
        let other_port = "usb:046d:0825:-@usb-0000:07:00.3-1.3:1.0/color";
        let other_controller = "usb:046d:0825:-@usb-0000:07:00.4-1.4:1.0/color";
        assert_eq!(found(BARE, &[other_port, renumbered]), Some(renumbered));
        assert_eq!(found(BARE, &[other_port]), None);
        assert_eq!(found(BARE, &[other_controller]), None);
        // The exact name goes first; two that are as near as each other are neither.
        assert_eq!(found(BARE, &[renumbered, BARE]), Some(BARE));
        let again = "usb:046d:0825:-@usb-0000:05:00.3-1.4:1.0/color";
        assert_eq!(found(BARE, &[renumbered, again]), None);
        // Nodes of one function are one camera.
        assert_eq!(found(BARE, &[renumbered, renumbered]), Some(renumbered));
        let zeroes = |port| format!("usb:046d:0825:00000000@usb-0000:07:00.3-{port}:1.0/color");
        assert_eq!(found(&zeroes(1), &[&zeroes(2)]), None);
    }

    #[test]
    fn a_camera_on_the_machines_own_bus_is_renumbered_too() {
        let stored = "platform:pci0000:00_0000:00:05.0_intel-ipu6/color";
        let moved = "platform:pci0000:00_0000:01:05.0_intel-ipu6/color";
        let other = "platform:pci0000:00_0000:00:06.0_intel-ipu6/color";
        assert_eq!(found(stored, &[other, moved]), Some(moved));
        assert_eq!(found(stored, &[other]), None);
        let soc = "platform:platform_soc_fe801000.csi/color";
        assert_eq!(found(soc, &[soc]), Some(soc));
        assert_eq!(
            found(soc, &["platform:platform_soc_fe802000.csi/color"]),
            None
        );
    }

    #[test]
    fn other_names_are_taken_as_they_are_and_hostile_ones_do_no_harm() {
        for name in [
            "recorded:a/color",
            "virtual:Camera/color",
            "usb:",
            "usb:1:2@",
            "",
            "@/",
        ] {
            assert_eq!(found(name, &[name]), Some(name));
            assert_eq!(found(name, &[BARE, SERIAL, "usb:é:é@/", "x"]), None);
        }
    }

    #[test]
    fn a_camera_moves_to_a_name_of_its_own_make_only() {
        let moved = "usb:046d:0825:-@usb-0000:00:14.0-2:1.0/color";
        assert!(may_have_moved(BARE, moved));
        assert!(may_have_moved(BARE, &moved.replace(":-@", ":S1@")));
        assert!(!may_have_moved(BARE, &moved.replace("color", "infrared")));
        assert!(!may_have_moved(BARE, &moved.replace("0825", "0826")));
        assert!(!may_have_moved(BARE, &moved.replace(":1.0", ":1.2")));
        assert!(!may_have_moved(SERIAL, &SERIAL.replace("SN0001", "SN0002")));
        assert!(!may_have_moved("recorded:a/color", "recorded:b/color"));
    }

    #[test]
    fn a_name_says_its_spectrum() {
        let spectrum = |name: &str| CameraIdentity::new(name).spectrum();
        assert_eq!(spectrum(SERIAL), Some(Spectrum::Color));
        assert_eq!(spectrum("usb:1:2/infrared"), Some(Spectrum::Infrared));
        assert_eq!(spectrum("usb:1:2/unused"), None);
    }
}
