//! What stands in a description's lines.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use super::super::options::WANTED_SIZE;
use super::super::probe::ProbedSize;

/// The sizes that no interval was told of yet.
pub(super) fn unrated(sizes: &mut [ProbedSize]) -> impl Iterator<Item = &mut ProbedSize> {
    let first = sizes.iter().rposition(|size| !size.rates.is_empty());
    // Further intervals of the size before.
    let is_last = first.is_some_and(|at| at + 1 == sizes.len());
    let from = match first {
        Some(at) if is_last => at,
        Some(at) => at + 1,
        None => 0,
    };
    sizes[from..].iter_mut()
}

/// `Discrete 640x480`, or `Stepwise 16x16 - 4096x3072 with step 2/2`, of which the kernel's edge
/// makes three sizes as this does.
pub(super) fn sizes(text: &str) -> Option<Vec<ProbedSize>> {
    let size = |(width, height)| ProbedSize {
        width,
        height,
        rates: Vec::new(),
    };
    let mut words = text.split(' ');
    let (kind, first) = (words.next()?, side_by_side(words.next()?)?);
    if kind == "Discrete" {
        return Some(vec![size(first)]);
    }
    let last = side_by_side(words.nth(1)?)?;
    let near = |want: u32, least: u32, most: u32| want.clamp(least, most);
    let between = (
        near(WANTED_SIZE.0, first.0, last.0),
        near(WANTED_SIZE.1, first.1, last.1),
    );
    Some([first, between, last].map(size).to_vec())
}

pub(super) fn side_by_side(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// `Discrete 0.033s (30.000 fps)` or `Discrete 256/7680s`; of a range the two ends and 30/s.
pub(super) fn rates(text: &str) -> Option<Vec<(u32, u32)>> {
    let mut words = text.split([' ', '-']).filter(|word| !word.is_empty());
    let kind = words.next()?;
    let mut intervals = words.map_while(|word| interval(word.strip_suffix('s')?));
    if kind == "Discrete" {
        let told = text
            .split_once('(')
            .and_then(|(_, told)| told.split_once(" fps"));
        return match (intervals.next()?, told) {
            ((_, 1000), Some((fps, _))) => {
                let fps: f64 = fps.parse().ok()?;
                let whole = fps.fract() == 0.0;
                Some(vec![if whole {
                    (fps as u32, 1)
                } else {
                    ((fps * 1000.0).round() as u32, 1000)
                }])
            }
            ((seconds, frames), _) => Some(vec![(frames, seconds)]),
        };
    }
    let (fastest, slowest) = (intervals.next()?, intervals.next()?);
    let turned = |(seconds, frames)| (frames, seconds);
    Some(vec![turned(fastest), (30, 1), turned(slowest)])
}

/// Seconds and frames: `256/7680` as it is, `0.033` in thousandths.
fn interval(text: &str) -> Option<(u32, u32)> {
    match text.split_once('/') {
        Some((seconds, frames)) => Some((seconds.parse().ok()?, frames.parse().ok()?)),
        None => Some(((text.parse::<f64>().ok()? * 1000.0).round() as u32, 1000)),
    }
}

/// The PNG files of a folder, in name order; there is one.
pub(super) fn pictures(folder: &Path) -> Option<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    paths.sort();
    Some(paths).filter(|paths| !paths.is_empty())
}

pub(super) fn error_number(name: &str) -> Option<i32> {
    Some(match name {
        "EACCES" => libc::EACCES,
        "EBUSY" => libc::EBUSY,
        "EINVAL" => libc::EINVAL,
        "EIO" => libc::EIO,
        "ENODEV" => libc::ENODEV,
        "ENOSPC" => libc::ENOSPC,
        "EPIPE" => libc::EPIPE,
        "EPROTO" => libc::EPROTO,
        _ => return None,
    })
}
