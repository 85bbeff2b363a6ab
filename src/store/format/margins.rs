//! The templates' margins, behind the rest of an enrollment: the first version that can tell them
//! tells them.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// The version without margins.
pub const WITHOUT: u8 = 1;
/// The version with margins of networks that are not named.
const UNNAMED: u8 = 2;
/// The version that names networks.
pub const NAMED: u8 = 3;

/// What the liveness networks read of the frame that was enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Digest of the networks: others read on a scale of their own. Zeroes: none is named.
    pub networks: [u8; 32],
    pub reading: f32,
}

impl Margin {
    fn unnamed(reading: f32) -> Self {
        let networks = [0; 32];
        Self { networks, reading }
    }

    fn is_unnamed(&self) -> bool {
        self.networks == [0; 32]
    }
}

/// The first version that can tell these margins.
pub fn version_of(margins: &[Option<Margin>]) -> u8 {
    match margins
        .iter()
        .flatten()
        .map(Margin::is_unnamed)
        .reduce(|a, b| a && b)
    {
        None => WITHOUT,
        Some(true) => UNNAMED,
        Some(false) => NAMED,
    }
}

/// Writes them behind `bytes`.
///
/// # Errors
/// The encoder's.
pub fn write(margins: &[Option<Margin>], bytes: Vec<u8>) -> postcard::Result<Vec<u8>> {
    match version_of(margins) {
        WITHOUT => Ok(bytes),
        UNNAMED => {
            let readings = margins.iter().map(|margin| margin.map(|m| m.reading));
            postcard::to_extend(&readings.collect::<Vec<_>>(), bytes)
        }
        _ => postcard::to_extend(margins, bytes),
    }
}

/// Reads those of so many templates, one for each; and what is left. `None` for anything else, what
/// an earlier version could have told included.
pub fn read(version: u8, templates: usize, bytes: &[u8]) -> Option<(Vec<Option<Margin>>, &[u8])> {
    let read = match version {
        WITHOUT => return Some((Vec::new(), bytes)),
        UNNAMED => {
            let read = postcard::take_from_bytes::<Vec<Option<f32>>>(bytes);
            let margin = |reading: Option<f32>| reading.map(Margin::unnamed);
            read.map(|(readings, rest)| (readings.into_iter().map(margin).collect(), rest))
        }
        _ => postcard::take_from_bytes::<Vec<Option<Margin>>>(bytes),
    };
    let (margins, rest) = read.ok()?;
    let finite = |margin: &Margin| margin.reading.is_finite();
    let sound = version_of(&margins) == version && margins.iter().flatten().all(finite);
    (sound && margins.len() == templates).then_some((margins, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(reading: f32) -> Margin {
        Margin {
            networks: [9; 32],
            reading,
        }
    }

    #[test]
    fn the_first_version_that_can_tell_them_is_written_and_read() {
        let unnamed = Margin::unnamed;
        for (version, margins) in [
            (1, [None, None]),
            (2, [None, Some(unnamed(2.0))]),
            (3, [None, Some(named(2.0))]),
            (3, [Some(unnamed(1.0)), Some(named(2.0))]),
        ] {
            assert_eq!(version_of(&margins), version, "{margins:?}");
            let bytes = [write(&margins, Vec::new()).unwrap(), vec![7]].concat();
            let (read, rest) = read(version, 2, &bytes).unwrap();
            assert_eq!(rest, [7], "{margins:?}");
            assert!(version == WITHOUT || read == margins, "{read:?}");
        }
    }

    #[test]
    fn one_for_each_template_and_a_number_in_one_of_them_or_none_is_read() {
        for make in [Margin::unnamed, named] {
            for readings in [
                &[None, None][..],
                &[Some(2.0)],
                &[Some(2.0); 3],
                &[None, Some(f32::NAN)],
            ] {
                let margins: Vec<_> = readings.iter().map(|each| each.map(make)).collect();
                let readings = postcard::to_allocvec(readings).unwrap();
                assert_eq!(read(2, 2, &readings), None, "{margins:?}");
                let margins = postcard::to_allocvec(&margins).unwrap();
                assert_eq!(read(3, 2, &margins), None);
            }
        }
        let unnamed = postcard::to_allocvec(&[None, Some(Margin::unnamed(2.0))][..]).unwrap();
        assert_eq!(read(3, 2, &unnamed), None);
    }
}
