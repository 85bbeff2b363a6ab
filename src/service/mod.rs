//! One authentication from the connection to the answer. The only room that composes the others.
//!
//! [`serve`] is the whole life of an instance. Whether somebody gets in, and who may ask what, is decided in [`crate::decision`];
//! how often, in [`tally`].

mod answer;
mod asking;
mod connection;
mod enroll;
mod inbox;
mod journal;
mod keys;
mod manage;
mod peer;
mod preview;
mod side;
mod sitting;
mod stages;
pub mod tally;
mod verify;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use facelock_protocol::{CameraReport, Denied, FrameError, Reply, Request, Unavailable};

use crate::camera::{self, CameraError, CameraOptions, FrameSource};
use crate::config::{Config, ConfigError};
use crate::sandbox;
use crate::store::Lock;
use crate::types::{Peer, Spectrum};
use answer::Desk;
use connection::Connection;
use journal::{Line, Priority};
use tally::{SystemClock, Tally};

/// Where the configuration is.
pub const CONFIG_PATH: &str = "/etc/facelock/config.toml";
/// A peer must have asked within this time of connecting.
const REQUEST_PATIENCE: Duration = Duration::from_secs(1);

/// Where frames come from: the edge that tests replace, by constructor.
pub trait Cameras: Send + Sync + 'static {
    /// Opens the camera that `wanted` names.
    ///
    /// # Errors
    /// [`CameraError`], by the deadline.
    fn open(
        &self,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
    ) -> Result<Box<dyn FrameSource>, CameraError>;

    /// The cameras there are.
    fn list(&self, options: &CameraOptions) -> Vec<CameraReport>;
}

/// The machine's own cameras.
pub struct DeviceCameras;

impl Cameras for DeviceCameras {
    fn open(
        &self,
        options: &CameraOptions,
        wanted: Spectrum,
        deadline: Instant,
    ) -> Result<Box<dyn FrameSource>, CameraError> {
        camera::open(options, wanted, deadline)
    }

    fn list(&self, options: &CameraOptions) -> Vec<CameraReport> {
        camera::list(options)
    }
}

/// Recorded frames in place of cameras.
#[cfg(feature = "replay")]
pub struct RecordedCameras {
    pub frames: std::path::PathBuf,
}

#[cfg(feature = "replay")]
impl RecordedCameras {
    /// The folder behind `--frames`.
    pub fn from_arguments() -> Self {
        Self {
            frames: argument("--frames").unwrap_or_default().into(),
        }
    }
}

#[cfg(feature = "replay")]
impl Cameras for RecordedCameras {
    fn open(
        &self,
        _: &CameraOptions,
        wanted: Spectrum,
        _: Instant,
    ) -> Result<Box<dyn FrameSource>, CameraError> {
        let source = camera::recorded::Recorded::open(&self.frames)?;
        // The one camera there is: asked for the other spectrum, it is not there.
        if source.spectrum() == wanted {
            Ok(Box::new(source))
        } else {
            Err(CameraError::NotFound)
        }
    }

    fn list(&self, _: &CameraOptions) -> Vec<CameraReport> {
        Vec::new()
    }
}

/// The program: serves its connection and ends. 0 for every answered request, 1 where there was
/// none to answer.
pub fn main(cameras: impl Cameras) -> ! {
    let config = argument("--config").unwrap_or_else(|| CONFIG_PATH.into());
    if std::env::args().any(|argument| argument == "--restore-emitter") {
        restore_emitter(Path::new(&config));
        sandbox::leave(0);
    }
    let status = match serve(Path::new(&config), cameras) {
        Ok(()) => 0,
        Err(error) => {
            Line::new(Priority::Error, "instance")
                .with("error", format!("{error:#}"))
                .write();
            1
        }
    };
    sandbox::leave(status)
}

/// Puts out an emitter that an instance which died has left alight. The unit runs this after every
/// instance.
fn restore_emitter(config: &Path) {
    drop(sandbox::enter());
    let restored = Config::load(config)
        .map(|config| camera::emitter::restore_pending(&config.camera_options()));
    if let Ok(Err(error)) = restored {
        Line::new(Priority::Warning, "emitter")
            .with("error", error)
            .write();
    }
}

/// The value behind a long option.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

/// Serves the one connection this process was started for. Every answered request is a success of
/// the process; the peer reads the outcome from the reply.
///
/// # Errors
/// There was no connection to serve.
pub fn serve(config: &Path, cameras: impl Cameras) -> anyhow::Result<()> {
    let started = Instant::now();
    let sandbox_missing = sandbox::enter();
    let mut connection = Connection::take()?;
    let peer = connection.peer().context("the peer is unknown")?;
    stages::announce_ready();
    let config = Config::load(config);
    let reply = match prepare(&mut connection, peer, &config, started) {
        Ok((config, request, _slots)) => {
            answer::stores(config).map_or_else(Reply::Unavailable, |(enrollments, tallies)| {
                let clock = SystemClock {
                    run: config.paths.run.clone(),
                };
                let tally = Tally::new(tallies, config.tally_rules(), &clock);
                let cameras = Arc::new(cameras);
                answer::answer(
                    &Desk {
                        started,
                        connection: &connection,
                        peer,
                        config,
                        sandbox_missing,
                        cameras,
                        enrollments,
                        tally,
                    },
                    request,
                )
            })
        }
        Err(reply) => reply,
    };
    match connection.send_reply(reply) {
        // A peer that hung up has its answer.
        Ok(()) | Err(FrameError::Closed) => {}
        Err(error) => Line::new(Priority::Info, "reply")
            .with("error", error)
            .write(),
    }
    Ok(())
}

/// The peer's place, and the subject's among root's programs; held for as long as the request is
/// served.
type Places = (Lock, Option<Lock>);

/// What comes before any work: a usable configuration, a closed sandbox, a place for this peer, and
/// a request in time.
fn prepare<'a>(
    connection: &mut Connection,
    peer: Peer,
    config: &'a Result<Config, ConfigError>,
    started: Instant,
) -> Result<(&'a Config, Request, Places), Reply> {
    let config = config.as_ref().map_err(|error| {
        Line::new(Priority::Error, "config")
            .with("error", error)
            .write();
        Reply::Unavailable(Unavailable::ConfigRejected)
    })?;
    if config.sandbox.require
        && let Err(error) = sandbox::seal()
    {
        Line::new(Priority::Error, "seal")
            .with("error", error)
            .write();
        return Err(Reply::Unavailable(Unavailable::SandboxMissing));
    }
    let slot = answer::take_slot(config, peer).map_err(Reply::Unavailable)?;
    let request = connection
        .read_request(started + REQUEST_PATIENCE)
        .map_err(|error| {
            Line::new(Priority::Notice, "request")
                .with("peer_uid", peer.uid)
                .with("error", &error)
                .write();
            Reply::Denied(if matches!(error, FrameError::Version(_)) {
                Denied::Version
            } else {
                Denied::Malformed
            })
        })?;
    let place = answer::take_place(config, peer, &request).map_err(Reply::Unavailable)?;
    Ok((config, request, (slot, place)))
}
