//! What the kernel says about video nodes in /sys: where a node sits, which makes its identity and
//! tells real from virtual.
//!
//! Reads only, and opens no device: a camera in use or asleep is not disturbed. Strings come from
//! devices and are hostile.
#![forbid(unsafe_code)]

use std::path::{Component, Path, PathBuf};

/// More nodes than this are not looked at; an image processor alone has some fifty.
const NODES_MAX: usize = 256;
/// Drivers that make pictures up, wherever they sit.
pub(super) const VIRTUAL_DRIVERS: [&str; 7] = [
    "vivid",
    "vimc",
    "vim2m",
    "vicodec",
    "visl",
    "v4l2 loopback",
    "akvcam",
];

/// What a node is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Usb(UsbPlace),
    /// A bus of the machine itself; the device's path below /sys/devices.
    Platform(String),
    Virtual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsbPlace {
    pub vendor: u16,
    pub product: u16,
    pub serial: Option<String>,
    /// Host controller and port path, as `usb_make_path` writes it: `usb-0000:00:14.0-6`. Bus
    /// numbers are not stable.
    pub port: String,
    /// The function's interface number and the configuration's, as in `1.0`: tells siblings of one
    /// device apart.
    pub interface: String,
    /// Soldered in, as the firmware says: a laptop's own camera.
    pub fixed: bool,
}

impl UsbPlace {
    pub fn interface_number(&self) -> Option<u8> {
        self.interface.rsplit_once('.')?.1.parse().ok()
    }
}

/// One `/dev/videoN`. Neither the path nor the number leaves the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub path: PathBuf,
    pub number: u32,
    pub name: String,
    pub driver: String,
    pub origin: Origin,
}

/// The nodes there are, in number order.
pub(super) fn places(dev_root: &Path, sysfs_root: &Path) -> Vec<Place> {
    let mut numbers: Vec<u32> = std::fs::read_dir(dev_root)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            entry
                .ok()?
                .file_name()
                .to_str()?
                .strip_prefix("video")?
                .parse()
                .ok()
        })
        .collect();
    numbers.sort_unstable();
    numbers.truncate(NODES_MAX);
    numbers
        .into_iter()
        .map(|number| place(dev_root, sysfs_root, number))
        .collect()
}

/// The nodes that the kernel has and `dev_root` has not: those that the unit does not bind. Of each
/// function only its first node, which is the one that captures.
pub(super) fn unbound(dev_root: &Path, sysfs_root: &Path) -> Vec<Place> {
    let class = sysfs_root.join("class/video4linux");
    let entries = std::fs::read_dir(&class).into_iter().flatten();
    let number = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_prefix("video")?.parse::<u32>().ok()
    };
    let mut numbers: Vec<u32> = entries.filter_map(number).collect();
    numbers.sort_unstable();
    numbers.truncate(NODES_MAX);
    let is_bound = |number: &u32| dev_root.join(format!("video{number}")).exists();
    let is_first = |number: &u32| {
        let index = attribute(&class.join(format!("video{number}")), "index");
        index.is_none_or(|index| index == "0")
    };
    numbers.retain(|number| !is_bound(number) && is_first(number));
    let places = numbers.into_iter();
    places
        .map(|number| place(dev_root, sysfs_root, number))
        .collect()
}

fn place(dev_root: &Path, sysfs_root: &Path, number: u32) -> Place {
    let class = sysfs_root
        .join("class/video4linux")
        .join(format!("video{number}"));
    let driver = std::fs::read_link(class.join("device/driver"))
        .ok()
        .and_then(|target| Some(target.file_name()?.to_str()?.to_owned()))
        .unwrap_or_default();
    // A node of which /sys knows nothing has no known parent, and is as good as virtual.
    let origin = match class.canonicalize() {
        Ok(device) if !VIRTUAL_DRIVERS.contains(&driver.as_str()) => origin(&device),
        _ => Origin::Virtual,
    };
    let path = dev_root.join(format!("video{number}"));
    let name = attribute(&class, "name").unwrap_or_default();
    Place {
        path,
        number,
        name,
        driver,
        origin,
    }
}

/// From `/sys/devices/pci0000:00/0000:00:14.0/usb1/1-6/1-6:1.0/video4linux/video0`.
fn origin(device: &Path) -> Origin {
    let names: Vec<&str> = device.components().filter_map(name_of).collect();
    let Some(start) = names.iter().position(|name| *name == "devices") else {
        return Origin::Virtual;
    };
    let names = &names[start + 1..];
    if names.first().is_none_or(|first| *first == "virtual") {
        return Origin::Virtual;
    }
    if let Some(usb) = usb_place(device) {
        return Origin::Usb(usb);
    }
    // Below video4linux there is nothing but the node; a node without a parent device is no
    // camera's.
    match names.iter().rposition(|name| *name == "video4linux") {
        Some(end) if end >= 1 && is_hardware(device, names[0]) => {
            Origin::Platform(cleaned(&names[..end].join("/")))
        }
        _ => Origin::Virtual,
    }
}

/// Whether a bus found the device, or the firmware described it or what it hangs on. Else a module
/// made it up, and the pictures may come from any program.
fn is_hardware(device: &Path, bus: &str) -> bool {
    let is_described = |above: &Path| {
        let links = ["of_node", "firmware_node"];
        links
            .iter()
            .any(|link| above.join(link).symlink_metadata().is_ok())
    };
    bus.starts_with("pci") || device.ancestors().any(is_described)
}

fn name_of(component: Component<'_>) -> Option<&str> {
    match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

/// The nearest USB device above the node, through the interface it is a function of.
fn usb_place(node: &Path) -> Option<UsbPlace> {
    let device = node
        .ancestors()
        .find(|above| above.join("idVendor").is_file())?;
    let number = |attribute_name| u16::from_str_radix(&attribute(device, attribute_name)?, 16).ok();
    // The interface's folder is the device's name, a colon, configuration and interface: 1-6:1.0.
    let interface = node
        .strip_prefix(device)
        .ok()?
        .components()
        .next()
        .and_then(name_of)?;
    let (_, interface) = interface.split_once(':')?;
    let root = device.ancestors().find(|above| {
        above
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| {
                name.strip_prefix("usb")
                    .is_some_and(|bus| !bus.is_empty() && bus.bytes().all(|b| b.is_ascii_digit()))
            })
    })?;
    let controller = root.parent()?.file_name()?.to_str()?;
    let ports = attribute(device, "devpath")?;
    Some(UsbPlace {
        vendor: number("idVendor")?,
        product: number("idProduct")?,
        serial: attribute(device, "serial")
            .map(|serial| cleaned(&serial))
            .filter(|serial| !serial.is_empty()),
        port: cleaned(&format!("usb-{controller}-{ports}")),
        interface: cleaned(interface),
        fixed: attribute(device, "removable").as_deref() == Some("fixed"),
    })
}

/// A one-line attribute: printable, at most 128 characters.
fn attribute(device: &Path, name: &str) -> Option<String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(device.join(name))
        .ok()?
        .take(512)
        .read_to_end(&mut bytes)
        .ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(
        text.trim()
            .chars()
            .filter(|c| !c.is_control())
            .take(128)
            .collect(),
    )
}

/// Of the alphabet identities use: anything else could pose as their punctuation.
fn cleaned(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:-+,".contains(c);
    text.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(160)
        .collect()
}
