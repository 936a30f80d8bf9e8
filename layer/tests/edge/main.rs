//! The layer at its edge: the real process beside a real function on the stage, telling strict stand-ins of the vendors.

mod deaths;
mod lives;
mod outage;
mod support;
mod vendors;
