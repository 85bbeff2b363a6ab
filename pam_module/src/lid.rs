//! Whether a closed lid keeps the person from the camera.
//!
//! A lid's sensor alone says little: it is stuck on some machines, and a closed laptop at a desk
//! has a camera beside its monitor. logind's own answer (LidClosed, Docked) needs the bus; it is
//! made of the same files, which need nothing.
#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

/// A connector of a graphics card, by the kernel's words for it.
struct Connector {
    /// Such as `card1-eDP-1`.
    name: String,
    /// `connected` or not.
    status: String,
    /// `enabled` where a picture goes to it.
    enabled: String,
    /// `On` where its power is not saved.
    power: String,
}

/// Connectors that a monitor is plugged into, as logind counts them.
const EXTERNAL: [&str; 12] = [
    "VGA-",
    "DVI-I-",
    "DVI-D-",
    "DVI-A-",
    "Composite-",
    "SVIDEO-",
    "Component-",
    "DIN-",
    "DP-",
    "HDMI-A-",
    "HDMI-B-",
    "TV-",
];

/// Whether the lid is closed, and nothing says that a person is at this machine all the same.
/// `root` is `/`, or a recorded tree in tests.
pub fn hides(root: &Path) -> bool {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let lids: Vec<String> = entries(&root.join("proc/acpi/button/lid"))
        .map(|lid| read(&lid.join("state")))
        .collect();
    if !closed(&lids) {
        return false;
    }
    let graphics = root.join("sys/class/drm");
    let mut connectors = entries(&graphics).filter_map(|folder| {
        Some(Connector {
            name: folder.file_name()?.to_str()?.to_owned(),
            status: read(&folder.join("status")),
            enabled: read(&folder.join("enabled")),
            power: read(&folder.join("dpms")),
        })
    });
    !connectors.any(|connector| shows(&connector))
}

fn entries(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// One lid that is open is enough: a second sensor that says otherwise is stuck.
fn closed(lids: &[String]) -> bool {
    let is = |lid: &String, word| lid.split_whitespace().any(|said| said == word);
    lids.iter().any(|lid| is(lid, "closed")) && !lids.iter().any(|lid| is(lid, "open"))
}

/// A monitor is plugged in, or the machine's own panel is lit, which it is not below a closed lid.
fn shows(connector: &Connector) -> bool {
    // `card1-DP-2`: what follows the card's name is the connector's.
    let Some((_, kind)) = connector.name.split_once('-') else {
        return false;
    };
    if connector.status.trim() != "connected" {
        return false;
    }
    let external = EXTERNAL.iter().any(|prefix| kind.starts_with(prefix));
    let panel = ["eDP-", "LVDS-", "DSI-"]
        .iter()
        .any(|prefix| kind.starts_with(prefix));
    let lit = connector.enabled.trim() == "enabled" && connector.power.trim() == "On";
    external || panel && lit
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen<'a> = (&'a str, &'a str, &'a str, &'a str);

    fn machine(lids: &[&str], connectors: &[Seen]) -> bool {
        let root = tempfile::tempdir().unwrap();
        let write = |path: String, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        };
        for (n, lid) in lids.iter().enumerate() {
            let state = format!("state:      {lid}");
            write(format!("proc/acpi/button/lid/LID{n}/state"), &state);
        }
        for (name, status, enabled, power) in connectors {
            write(format!("sys/class/drm/{name}/status"), status);
            write(format!("sys/class/drm/{name}/enabled"), enabled);
            write(format!("sys/class/drm/{name}/dpms"), power);
        }
        hides(root.path())
    }

    const DARK: Seen = ("card1-eDP-1", "connected", "disabled", "Off");
    const LIT: Seen = ("card1-eDP-1", "connected", "enabled", "On");

    #[test]
    fn a_closed_laptop_hides_the_person() {
        assert!(machine(&["closed"], &[DARK]));
        assert!(machine(&["closed"], &[]), "no graphics that could tell");
        let blank = ("card1-eDP-1", "connected", "enabled", "Off");
        assert!(machine(&["closed"], &[blank]));
        let unplugged = ("card1-HDMI-A-1", "disconnected", "disabled", "Off");
        assert!(machine(&["closed"], &[DARK, unplugged]));
        let written = ("card1-Writeback-1", "connected", "enabled", "On");
        assert!(machine(&["closed"], &[written]), "no monitor");
    }

    #[test]
    fn an_open_one_a_docked_one_and_a_stuck_sensor_do_not() {
        assert!(!machine(&["open"], &[LIT]));
        assert!(!machine(&[], &[LIT]), "no lid");
        assert!(!machine(&["unsupported"], &[DARK]), "no known state");
        for monitor in [
            "card1-DP-2",
            "card1-HDMI-A-1",
            "card0-DVI-I-1",
            "card10-VGA-1",
        ] {
            let monitor = (monitor, "connected", "enabled", "On");
            assert!(!machine(&["closed"], &[DARK, monitor]), "{monitor:?}");
        }
        assert!(!machine(&["closed"], &[LIT]), "the panel shows a picture");
        assert!(!machine(&["closed", "open"], &[DARK]), "two sensors");
    }
}
