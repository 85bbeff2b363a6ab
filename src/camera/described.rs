//! Cameras from a description, as `facelockctl devices --report` writes one, in place of a
//! machine's own: for tests; the shipped programs do not have it.
//!
//! The format is that of `v4l2-ctl --list-devices --list-formats-ext`, with what these leave out on
//! lines of its own. See docs/cameras.md.
#![forbid(unsafe_code)]

mod behavior;
mod fake;
mod jpeg;
mod line;

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::machine::{Machine, RawStream, StreamFormat};
use super::options::CameraOptions;
use super::probe::{Probe, Probed, ProbedFormat};
use behavior::Behavior;
use line::{error_number, rates, sizes, unrated};

#[derive(Clone, Debug, Default)]
struct DescribedNode {
    number: u32,
    /// Of the bus in parentheses, as v4l2-ctl shows it.
    bus: String,
    usb: Option<(String, Option<String>)>,
    interface: String,
    is_fixed: bool,
    is_virtual: bool,
    probed: Probed,
    behavior: Behavior,
}

/// Described cameras: a [`Machine`], once their `/dev` and `/sys` lie in a folder.
#[derive(Clone, Debug, Default)]
pub struct DescribedCameras {
    nodes: Vec<DescribedNode>,
}

impl DescribedCameras {
    /// Reads a description; empty lines, comments and lines that begin with a word it does not know
    /// are left out.
    ///
    /// # Errors
    /// What is wrong with a line it knows, and which.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut cameras = Self::default();
        let mut device = DescribedNode::default();
        for (index, line) in text.lines().enumerate() {
            cameras
                .line(&mut device, line.trim())
                .ok_or_else(|| format!("line {}: {line}", index + 1))?;
        }
        Ok(cameras)
    }

    fn line(&mut self, device: &mut DescribedNode, line: &str) -> Option<()> {
        if let Some(begun) = DescribedNode::begun_by(line) {
            *device = begun;
            return Some(());
        }
        if let Some(number) = line.strip_prefix("/dev/video") {
            device.number = number.parse().ok()?;
            self.nodes.push(device.clone());
            return Some(());
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        // Before the first node of a device a line is about the device, then about that node.
        let device = match self.nodes.last_mut() {
            Some(node) if node.bus == device.bus && node.number == device.number => node,
            _ => device,
        };
        match word {
            "usb" => {
                let mut words = rest.split(' ');
                let id = words.next()?.to_owned();
                let serial = words.skip_while(|word| *word != "serial").nth(1);
                device.usb = Some((id, serial.map(str::to_owned)));
            }
            "fixed" => device.is_fixed = true,
            "virtual" => device.is_virtual = true,
            "interface" => device.interface = rest.to_owned(),
            "driver" => device.probed.driver = rest.to_owned(),
            "capabilities" => {
                let has = |capability| rest.split(", ").any(|told| told == capability);
                device.probed.captures = has("Video Capture");
                device.probed.is_multi_planar = has("Video Capture Multiplanar");
                device.probed.is_stage = has("I/O MC");
            }
            "control" => device.behavior.control(rest)?,
            "open" => device.behavior.open = Some(error_number(rest)?),
            "stream" => device.behavior.stream(rest)?,
            "Size:" => device.probed.formats.last_mut()?.sizes.extend(sizes(rest)?),
            "Interval:" => {
                let rates = rates(rest)?;
                for size in unrated(&mut device.probed.formats.last_mut()?.sizes) {
                    size.rates.extend(rates.iter().copied());
                }
            }
            _ if word.starts_with('[') => device.probed.formats.push(format(rest)?),
            _ => {}
        }
        Some(())
    }

    /// Lays out `/dev` and `/sys` below `root` as the kernel would, and returns options that look
    /// there.
    ///
    /// # Errors
    /// The system's.
    pub fn unfold(&self, root: &Path) -> io::Result<CameraOptions> {
        let options = Self::options(root);
        let (dev, sys) = (&options.dev_root, &options.sysfs_root);
        for dir in [dev, &sys.join("class/video4linux"), &root.join("quirks")] {
            std::fs::create_dir_all(dir)?;
        }
        for node in &self.nodes {
            let name = format!("video{}", node.number);
            if !node.behavior.unbound {
                std::fs::write(dev.join(&name), "")?;
            }
            let parent = sys.join("devices").join(node.parent());
            let place = parent.join("video4linux").join(&name);
            std::fs::create_dir_all(&place)?;
            std::fs::write(place.join("name"), format!("{}\n", node.probed.card))?;
            if !node.is_virtual {
                let driver = sys.join("bus/drivers").join(&node.probed.driver);
                std::fs::create_dir_all(&driver)?;
                // The nodes of a function share their parent's link.
                let _ = symlink(driver, parent.join("driver"));
                let _ = symlink("of_node", parent.join("of_node"));
                symlink(&parent, place.join("device"))?;
            }
            symlink(&place, sys.join("class/video4linux").join(&name))?;
            node.write_usb(parent.parent().unwrap_or(&parent))?;
        }
        Ok(options)
    }

    /// Options that look below `root`, where a description was laid out.
    pub fn options(root: &Path) -> CameraOptions {
        CameraOptions {
            dev_root: root.join("dev"),
            sysfs_root: root.join("sys"),
            quirk_dirs: vec![root.join("quirks")],
            lock_path: root.join("camera.lock"),
            state_dir: root.to_owned(),
            ..CameraOptions::default()
        }
    }

    fn at(&self, path: &Path) -> io::Result<&DescribedNode> {
        let number = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_prefix("video"));
        let number = number.and_then(|digits| digits.parse().ok());
        let mut nodes = self.nodes.iter();
        let node = nodes.find(|node| Some(node.number) == number);
        let node = node.ok_or(io::ErrorKind::NotFound)?;
        match node.behavior.open {
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
            None => Ok(node),
        }
    }
}

impl DescribedNode {
    /// The device whose name and bus stand in this line, as `v4l2-ctl --list-devices` writes them.
    fn begun_by(line: &str) -> Option<Self> {
        let (name, bus) = line.strip_suffix("):")?.rsplit_once(" (")?;
        let mut device = Self {
            bus: bus.to_owned(),
            ..Self::default()
        };
        device.behavior.bits = 16;
        device.interface = "1.0".into();
        device.probed.driver = "uvcvideo".into();
        device.probed.card = name.to_owned();
        device.probed.captures = true;
        Some(device)
    }

    /// The folder of the function below /sys/devices.
    fn parent(&self) -> PathBuf {
        if self.is_virtual {
            return "virtual".into();
        }
        match self
            .bus
            .strip_prefix("usb-")
            .and_then(|bus| bus.rsplit_once('-'))
        {
            Some((controller, ports)) => {
                let device = format!("pci0000:00/{controller}/usb1/1-{ports}");
                format!("{device}/1-{ports}:{}", self.interface).into()
            }
            None => match self.bus.strip_prefix("platform:") {
                Some(path) => path.replace('_', "/").into(),
                None => format!("pci0000:00/{}", self.bus.trim_start_matches("PCI:")).into(),
            },
        }
    }

    fn write_usb(&self, device: &Path) -> io::Result<()> {
        let Some((id, serial)) = &self.usb else {
            return Ok(());
        };
        let write = |name: &str, text: &str| std::fs::write(device.join(name), format!("{text}\n"));
        let (vendor, product) = id.split_once(':').unwrap_or((id, ""));
        write("idVendor", vendor)?;
        write("idProduct", product)?;
        write("devpath", self.bus.rsplit('-').next().unwrap_or_default())?;
        write(
            "removable",
            if self.is_fixed { "fixed" } else { "removable" },
        )?;
        match serial {
            Some(serial) => write("serial", serial),
            None => Ok(()),
        }
    }
}

/// A format without its sizes: `'YUYV' (YUYV 4:2:2)`.
fn format(text: &str) -> Option<ProbedFormat> {
    let name = text.split('\'').nth(1)?.as_bytes();
    let length = name.len().min(4);
    let mut four_cc = [b' '; 4];
    four_cc[..length].copy_from_slice(&name[..length]);
    Some(ProbedFormat {
        four_cc,
        sizes: Vec::new(),
    })
}

impl Probe for DescribedCameras {
    fn probe(&self, node: &Path) -> io::Result<Probed> {
        let mut probed = self.at(node)?.probed.clone();
        if probed.is_stage || !probed.captures {
            probed.formats.clear();
        }
        probed.shutter_closed = self.at(node)?.behavior.shutter_closed;
        Ok(probed)
    }
}

impl Machine for DescribedCameras {
    fn claim(&self, node: &Path, asked: &StreamFormat) -> io::Result<Box<dyn RawStream>> {
        let node = self.at(node)?;
        let offers = |format: &&ProbedFormat| format.four_cc == asked.four_cc;
        if !node.probed.formats.iter().any(|format| offers(&format)) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let stream = fake::FakeStream::new(node.behavior.clone(), asked)?;
        Ok(Box::new(stream))
    }
}
