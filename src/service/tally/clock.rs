//! The clock that the tally believes: time since boot, suspend included, and which boot it is.

use std::io;
use std::path::PathBuf;

use rustix::fs::{CWD, RenameFlags};

use crate::decision::lockout::Moment;
use crate::store::atomic;

pub trait Clock {
    /// # Errors
    /// It cannot be told which boot this is.
    fn now(&self) -> io::Result<Moment>;
}

/// The machine's clock. Under `ProcSubset=pid` the kernel's boot id cannot be read, so the boot is
/// told by a random token in a folder that does not survive one (`/run`).
pub struct SystemClock {
    /// The folder under `/run`.
    pub run: PathBuf,
}

impl Clock for SystemClock {
    fn now(&self) -> io::Result<Moment> {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let awake = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let wall = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        Ok(Moment {
            boot: self.boot()?,
            seconds: time.tv_sec.max(0) as u64,
            awake: awake.tv_sec.max(0) as u64,
            wall: wall.tv_sec.max(0) as u64,
        })
    }
}

impl SystemClock {
    fn boot(&self) -> io::Result<[u8; 16]> {
        if let Some(id) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .ok()
            .as_deref()
            .and_then(parse)
        {
            return Ok(id);
        }
        let path = self.run.join("boot");
        let read = || atomic::read(&path, 16).map_err(io::Error::other);
        let token = match read()? {
            Some(token) => token,
            None => {
                let mut token = [0; 16];
                crate::vault::random(&mut token).map_err(io::Error::other)?;
                // Another instance may have been first: what is there then counts.
                let part = self.run.join(format!(".boot.{}.part", std::process::id()));
                atomic::write(&part, &token)?;
                let named =
                    rustix::fs::renameat_with(CWD, &part, CWD, &path, RenameFlags::NOREPLACE);
                if named.is_err() {
                    let _ = std::fs::remove_file(&part);
                }
                match named {
                    Err(error) if error != rustix::io::Errno::EXIST => return Err(error.into()),
                    _ => read()?.unwrap_or_default(),
                }
            }
        };
        token
            .try_into()
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }
}

fn parse(uuid: &str) -> Option<[u8; 16]> {
    let digits: String = uuid.trim().chars().filter(|c| *c != '-').collect();
    Some(
        u128::from_str_radix(&digits, 16)
            .ok()
            .filter(|_| digits.len() == 32)?
            .to_be_bytes(),
    )
}
