//! Face login for Linux with nothing resident.
//!
//! One authentication walks through the rooms like this. `pam_facelock.so` connects to a socket;
//! systemd starts one instance for that connection. [`service`] takes it, gives up what the unit
//! left it ([`sandbox`]), asks who the peer is and whether it may ask this, and answers at once
//! whatever needs no camera. Otherwise three threads work side by side: [`camera`] opens and
//! delivers frames, [`onnx`] and [`face`] make the models ready, [`vault`] unseals the key that
//! opens the templates in [`store`]. Then frames are judged ([`pipeline`]: [`face`], [`pad`]),
//! `decision::verdict` turns the evidence into a verdict, the tally hears of it, the peer is
//! answered, and the process ends.
//!
//! [`service`] and [`cli`] compose; the rooms below do not know each other and share only
//! [`types`]. The binaries are three lines each; whether a person gets in is decided in
//! `decision/`.

pub mod camera;
pub mod cli;
pub mod config;
pub mod decision;
pub mod face;
pub mod models;
pub mod onnx;
pub mod pad;
pub mod pipeline;
pub mod sandbox;
pub mod service;
pub mod store;
pub mod types;
pub mod vault;
