//! One authentication from the connection to the answer. The only room that composes the others.
//!
//! [`serve`] is the whole life of an instance. Whether a person gets in, and who may ask what, is
//! decided in [`crate::decision`]; how often, is kept in `tally`.

mod admin;
mod arguments;
mod asker;
mod cameras;
mod capture;
mod challenge;
mod connection;
mod context;
mod dispatch;
mod enroll;
mod enrollments;
mod events;
mod failure;
mod first_light;
mod inbox;
mod journal;
mod keyring;
mod limits;
mod newest;
mod password;
mod peer;
mod presence;
mod preview;
mod records;
mod tally;
mod templates;
mod timing;
mod verify;
mod workers;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use facelock_protocol::{FrameError, Reply};

#[cfg(feature = "replay")]
pub use cameras::RecordedCameras;
pub use cameras::{Cameras, DeviceCameras};

use crate::camera;
use crate::config::Config;
use crate::onnx;
use crate::sandbox::{self, Missing};
use crate::store::Store;
use asker::Asker;
use connection::Connection;
use context::Context;
use failure::{Answer, Failure};
use journal::{Line, Priority};
use limits::Slots;
use records::Records;
use tally::{SystemClock, Tally};

/// Where the configuration is.
pub use crate::config::PATH as CONFIG_PATH;
/// A peer must have asked within this time of having a slot.
const REQUEST_PATIENCE: Duration = Duration::from_secs(1);

/// The program: serves its connection and ends. 0 for every answered request; 1 where there was
/// none to answer, where a light is left on, and where a signal ends it: the unit then starts what
/// puts the light out.
pub fn main(cameras: impl Cameras) -> ! {
    let config = arguments::value("--config").unwrap_or_else(|| CONFIG_PATH.into());
    sandbox::fail_on_signals();
    onnx::grow_heaps_by_large_steps();
    if arguments::value("--unit").as_deref() == Some("facelock-restore") {
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

/// Switches off an emitter that an instance left on when it died. facelock-restore@.service runs
/// this after every instance that failed.
fn restore_emitter(config: &Path) {
    drop(sandbox::enter());
    timing::announce_ready();
    let restored = Config::load(config)
        .map(|config| camera::emitter::restore_pending(&config.camera_options()));
    if let Ok(Err(error)) = restored {
        Line::new(Priority::Warning, "emitter")
            .with("error", error)
            .write();
    }
}

/// Serves the one connection this process was started for. Every answered request is a success of
/// the process; the peer reads the outcome from the reply.
///
/// # Errors
/// There was no connection to serve, or a light is left on.
pub fn serve(config: &Path, cameras: impl Cameras) -> anyhow::Result<()> {
    let started = Instant::now();
    let sandbox_missing = sandbox::enter();
    let connection = Connection::take()?;
    let peer = connection.peer().context("the peer is unknown")?;
    timing::announce_ready();
    journal::open();
    let asker = Asker { peer, started };
    let mut slots = Slots::of(asker);
    let config = Config::load(config);
    let options = config.as_ref().ok().map(Config::camera_options);
    let reply = config
        .map_err(Failure::from)
        .and_then(|config| answer(&connection, &mut slots, &config, cameras, sandbox_missing))
        .unwrap_or_else(|failure| failure.reply(&asker, None));
    match connection.send_reply(reply) {
        // A peer that hung up has its answer.
        Ok(()) | Err(FrameError::Closed) => {}
        Err(error) => Line::new(Priority::Info, "reply")
            .with("error", error)
            .write(),
    }
    connection.close();
    slots.release();
    // Perhaps another instance's, which holds the camera: then nothing is done to it.
    let lit = options.is_some_and(|options| camera::emitter::is_pending(&options));
    anyhow::ensure!(!lit, "an infrared emitter may have been left on");
    Ok(())
}

/// What comes before any work (a closed sandbox, a slot for this peer, a
/// request in time, a slot for its subject), and then the work.
fn answer(
    connection: &Connection,
    slots: &mut Slots,
    config: &Config,
    cameras: impl Cameras,
    sandbox_missing: Vec<Missing>,
) -> Answer<Reply> {
    if config.sandbox.require {
        sandbox::seal()?;
    }
    slots.per_peer(config)?;
    let request = connection.read_request(Instant::now() + REQUEST_PATIENCE)?;
    slots.per_subject(config, &request)?;
    // Made now: a fence may leave the work on the request no folder to make it in.
    Store::open(&config.paths.state, "camera")?;
    let clock = SystemClock {
        run: config.paths.run.clone(),
    };
    let context = Context {
        asker: slots.asker,
        connection,
        config,
        sandbox_missing,
        cameras: Arc::new(cameras),
        records: Records::new(arguments::root()),
        enrollments: Store::open(&config.paths.state, "enrollments")?,
        passwords: Store::open(&config.paths.state, "keyring")?,
        tally: Tally::new(
            Store::open(&config.paths.state, "tally")?,
            config.tally_rules(),
            &clock,
        ),
    };
    Ok(dispatch::dispatch(&context, request))
}
