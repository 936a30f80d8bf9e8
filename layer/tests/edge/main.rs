//! The layer at its edge: the real process beside a real function on the emulator, telling strict fakes of the vendors.

mod deaths;
mod hanging;
#[path = "../chaos/lateness.rs"]
mod lateness;
mod lives;
mod managed;
mod outage;
#[path = "../chaos/remains.rs"]
mod remains;
mod stranger;
mod support;
mod vendors;
