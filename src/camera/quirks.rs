//! What a device does not say about itself: facts about particular cameras, from files root
//! installs.
//!
//! `*.toml` in the quirk folders, read in name order; an entry replaces an earlier one for the same
//! vendor, product and interface. See docs/cameras.md for the format.
#![forbid(unsafe_code)]

mod text;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{NamedFormat, Rotation};
use crate::types::Spectrum;

/// Bounds, so that a damaged file costs nothing: bytes of a file, files of a folder, entries in
/// all, bytes of a payload.
const FILE_MAX: u64 = 256 * 1024;
const FILES_MAX: usize = 64;
const ENTRIES_MAX: usize = 1024;
pub const PAYLOAD_MAX: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum QuirkError {
    #[error("{path}: {why}")]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("{path}: {why}")]
    Malformed { path: PathBuf, why: String },
}

/// The extension-unit control that lights an emitter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emitter {
    pub unit: u8,
    pub selector: u8,
    /// 1..=[`PAYLOAD_MAX`] bytes, as many as the control has.
    pub on: Vec<u8>,
    /// As long as `on`.
    pub off: Vec<u8>,
}

/// What a camera function sees by, where its formats do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Declared {
    Color,
    Infrared,
    /// Not for us: a depth map, a test picture.
    Unused,
}

impl Declared {
    pub const fn spectrum(self) -> Option<Spectrum> {
        match self {
            Declared::Color => Some(Spectrum::Color),
            Declared::Infrared => Some(Spectrum::Infrared),
            Declared::Unused => None,
        }
    }
}

/// One camera function's quirks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quirk {
    pub vendor: u16,
    pub product: u16,
    /// The function's first USB interface; every function of the device where absent.
    pub interface: Option<u8>,
    pub spectrum: Option<Declared>,
    /// Bits that carry the value in 16-bit formats.
    pub bits: Option<u8>,
    pub rotation: Rotation,
    /// The format that works, where the best by its numbers does not.
    pub format: NamedFormat,
    pub emitter: Option<Emitter>,
    /// Where the facts come from.
    pub source: String,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    camera: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    usb: String,
    interface: Option<u8>,
    spectrum: Option<Declared>,
    bits: Option<u8>,
    rotation: Option<u16>,
    format: Option<String>,
    emitter: Option<Emitter>,
    source: String,
}

/// All quirks, the later file's entry winning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quirks(Vec<Quirk>);

impl Quirks {
    /// Reads the folders in order; a folder that does not exist holds none.
    ///
    /// # Errors
    /// The first file that cannot be read or breaks the format: half a table is not used.
    pub fn load(dirs: &[PathBuf]) -> Result<Self, QuirkError> {
        let mut quirks = Self::default();
        for dir in dirs {
            for path in files(dir)? {
                let unreadable = |why| QuirkError::Unreadable {
                    path: path.clone(),
                    why,
                };
                if std::fs::metadata(&path).map_err(unreadable)?.len() > FILE_MAX {
                    return Err(QuirkError::Malformed {
                        path,
                        why: format!("over {FILE_MAX} bytes"),
                    });
                }
                let text = std::fs::read_to_string(&path).map_err(unreadable)?;
                quirks
                    .add(&text)
                    .map_err(|why| QuirkError::Malformed { path, why })?;
            }
        }
        Ok(quirks)
    }

    /// Adds the entries of one file's text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let file: File = toml::from_str(text).map_err(|why| why.to_string())?;
        for entry in file.camera {
            let quirk = check(entry)?;
            let place = |known: &Quirk| (known.vendor, known.product, known.interface);
            self.0.retain(|known| place(known) != place(&quirk));
            if self.0.len() == ENTRIES_MAX {
                return Err(format!("over {ENTRIES_MAX} entries"));
            }
            self.0.push(quirk);
        }
        Ok(())
    }

    /// The quirk of a function; one that names the interface goes before one for the whole device.
    pub fn find(&self, vendor: u16, product: u16, interface: Option<u8>) -> Option<&Quirk> {
        let device = || {
            self.0
                .iter()
                .filter(|quirk| (quirk.vendor, quirk.product) == (vendor, product))
        };
        let exact =
            device().find(|quirk| quirk.interface.is_some() && quirk.interface == interface);
        exact.or_else(|| device().find(|quirk| quirk.interface.is_none()))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Quirk> {
        self.0.iter()
    }
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, QuirkError> {
    let unreadable = |why| QuirkError::Unreadable {
        path: dir.to_owned(),
        why,
    };
    let entries = match std::fs::read_dir(dir) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(QuirkError::Malformed {
                path: dir.to_owned(),
                why: format!("over {FILES_MAX} files"),
            });
        }
    }
    paths.sort();
    Ok(paths)
}

fn check(entry: Entry) -> Result<Quirk, String> {
    let usb = &entry.usb;
    let (vendor, product) =
        usb_id(usb).ok_or_else(|| format!("usb = {usb:?} is not like \"04f2:b6d9\""))?;
    if entry.bits.is_some_and(|bits| !(8..=16).contains(&bits)) {
        return Err(format!("{usb}: bits must be 8 to 16"));
    }
    let rotation = Rotation::from_degrees(entry.rotation.unwrap_or(0))
        .ok_or_else(|| format!("{usb}: rotation must be 0, 90, 180 or 270"))?;
    let format = NamedFormat::parse(entry.format.as_deref().unwrap_or("auto"))
        .ok_or_else(|| format!("{usb}: format must be like \"MJPG\", \"MJPG 640x480\""))?;
    if let Some(Emitter { on, off, .. }) = &entry.emitter
        && (on.is_empty() || on.len() > PAYLOAD_MAX || on.len() != off.len())
    {
        return Err(format!(
            "{usb}: on and off must be of one length, 1 to {PAYLOAD_MAX} bytes"
        ));
    }
    if entry.source.trim().is_empty() {
        return Err(format!("{usb}: source must say where the facts come from"));
    }
    Ok(Quirk {
        vendor,
        product,
        interface: entry.interface,
        spectrum: entry.spectrum,
        bits: entry.bits,
        rotation,
        format,
        emitter: entry.emitter,
        source: entry.source,
    })
}

fn usb_id(text: &str) -> Option<(u16, u16)> {
    let (vendor, product) = text.split_once(':')?;
    let number = |digits: &str| {
        let hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    Some((number(vendor)?, number(product)?))
}
