//! The house's rules, executed. Each check is tried on a bad snippet too, so that it can fail.
#![allow(clippy::unwrap_used, clippy::panic)]

mod circles;
mod fences;
mod rooms;
mod sizes;
mod source;
mod words;
