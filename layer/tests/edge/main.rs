//! The layer at its edge: the real process beside a real function on the stage, telling strict stand-ins of the vendors.

mod deaths;
mod hanging;
#[path = "../torture/lateness.rs"]
mod lateness;
mod lives;
mod managed;
mod outage;
#[path = "../torture/remains.rs"]
mod remains;
mod stranger;
mod support;
mod vendors;
