//! A /dev and a /sys as the kernel would show them, and nodes that answer as their drivers would.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use facelock::camera::{CameraOptions, Probe, Probed, ProbedFormat, ProbedSize};

pub enum Function {
    Answers(Probed),
    Refused(i32),
}

impl Function {
    pub fn metadata() -> Self {
        Self::Answers(Probed {
            driver: "uvcvideo".into(),
            card: "Integrated Camera".into(),
            ..Probed::default()
        })
    }
}

pub fn probed(driver: &str, card: &str, formats: Vec<ProbedFormat>) -> Function {
    Function::Answers(Probed {
        driver: driver.into(),
        card: card.into(),
        captures: true,
        formats,
        ..Probed::default()
    })
}

pub fn color(four_cc: &[u8; 4]) -> ProbedFormat {
    let size = |width, height| ProbedSize {
        width,
        height,
        rates: vec![(30, 1)],
    };
    ProbedFormat {
        four_cc: *four_cc,
        sizes: vec![size(1280, 720), size(640, 480)],
    }
}

pub fn gray(four_cc: &[u8; 4]) -> ProbedFormat {
    ProbedFormat {
        four_cc: *four_cc,
        sizes: vec![ProbedSize {
            width: 640,
            height: 360,
            rates: vec![(15, 1)],
        }],
    }
}

pub struct Tree {
    root: tempfile::TempDir,
    nodes: HashMap<PathBuf, Function>,
}

impl Tree {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for dir in ["dev", "sys/class/video4linux", "quirks"] {
            std::fs::create_dir_all(root.path().join(dir)).unwrap();
        }
        std::fs::write(root.path().join("dev/null"), "").unwrap();
        Self {
            root,
            nodes: HashMap::new(),
        }
    }

    pub fn options(&self) -> CameraOptions {
        let at = |dir: &str| self.root.path().join(dir);
        CameraOptions {
            dev_root: at("dev"),
            sysfs_root: at("sys"),
            quirk_dirs: vec![at("quirks")],
            lock_path: at("camera.lock"),
            state_dir: at(""),
            ..CameraOptions::default()
        }
    }

    pub fn quirk(&self, text: &str) {
        std::fs::write(self.root.path().join("quirks/10-test.toml"), text).unwrap();
    }

    pub fn usb_device(&self, path: &str, id: &str, serial: Option<&str>, ports: &str) {
        let device = self.root.path().join("sys/devices").join(path);
        std::fs::create_dir_all(&device).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(device.join(name), format!("{text}\n")).unwrap()
        };
        let (vendor, product) = id.split_once(':').unwrap();
        write("idVendor", vendor);
        write("idProduct", product);
        write("devpath", ports);
        if let Some(serial) = serial {
            write("serial", serial);
        }
    }

    /// A function of the USB device at `path`.
    pub fn node(&mut self, number: u32, path: &str, interface: &str, function: Function) {
        let parent = format!("{path}/{interface}");
        self.add(number, &parent, Some("uvcvideo"), function);
    }

    /// A camera that the machine's firmware describes.
    pub fn platform_node(&mut self, number: u32, parent: &str, driver: &str, function: Function) {
        self.add(number, parent, Some(driver), function);
        let device = self.root.path().join("sys/devices").join(parent);
        let _ = symlink(
            "/sys/firmware/devicetree/base/camera",
            device.join("of_node"),
        );
    }

    /// One whose device a module made up.
    pub fn module_node(&mut self, number: u32, parent: &str, driver: &str, function: Function) {
        self.add(number, parent, Some(driver), function);
    }

    pub fn virtual_node(&mut self, number: u32, function: Function) {
        self.add(number, "virtual", None, function);
    }

    fn add(&mut self, number: u32, parent: &str, driver: Option<&str>, function: Function) {
        let sys = self.root.path().join("sys");
        let name = format!("video{number}");
        let parent = sys.join("devices").join(parent);
        let node = parent.join("video4linux").join(&name);
        std::fs::create_dir_all(&node).unwrap();
        std::fs::write(node.join("name"), "Some Camera\n").unwrap();
        if let Some(driver) = driver {
            let at = sys.join("bus/drivers").join(driver);
            std::fs::create_dir_all(&at).unwrap();
            // Both nodes of a function share the parent's link.
            let _ = symlink(at, parent.join("driver"));
            symlink(&parent, node.join("device")).unwrap();
        }
        symlink(&node, sys.join("class/video4linux").join(&name)).unwrap();
        let path = self.root.path().join("dev").join(&name);
        std::fs::write(&path, "").unwrap();
        self.nodes.insert(path, function);
    }
}

impl Probe for Tree {
    fn probe(&self, node: &Path) -> io::Result<Probed> {
        match self.nodes.get(node) {
            Some(Function::Answers(probed)) => Ok(probed.clone()),
            Some(Function::Refused(errno)) => Err(io::Error::from_raw_os_error(*errno)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}
