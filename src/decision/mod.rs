//! When does it say yes? Here, and nowhere else.
//!
//! [`verdict`] turns what an attempt saw into a decision; [`access`] says who may ask what, and
//! from where, as [`services`] are listed; [`lockout`] what misses cause; [`cause`] why nothing was
//! judged; [`spectrum`] by which light a user may be verified; [`keyring`] who is given a password.
//!
//! What MUST hold: everything here is pure. It reads no file, no clock and no environment, so that
//! a table can test it (`tests/vectors`).
#![forbid(unsafe_code)]

pub mod access;
pub mod cause;
pub mod keyring;
pub mod lockout;
pub mod services;
pub mod spectrum;
pub mod verdict;

pub use spectrum::RequireInfrared;
