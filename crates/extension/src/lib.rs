//! The layer: an extension process that reads the flight recorder and tells Honeycomb, Rollbar and, for the dead, X-Ray.
//!
//! `docs/delivery.md` is the protocol; "D1" to "D8" in comments are its sections. Start reading at `run.rs` (the loop), then
//! `cycle.rs` (when to do what), `desk.rs` (what is known), `tell.rs` (what is said) and `outbox.rs` (how it is delivered).

mod answer;
mod asker;
mod config;
mod courier;
mod cycle;
mod desk;
mod frames;
mod gate;
mod honeycomb;
mod judge;
mod keys;
mod lambda;
mod letters;
mod listener;
mod log;
mod mailbag;
mod outbox;
mod platform;
mod postman;
mod replay;
mod rollbar;
mod run;
mod sample;
mod sign;
mod spool;
mod table;
mod tell;
mod unit;
mod vendor;
mod xray;

pub use config::{AwsConfig, Config, ConfigError, HoneycombConfig, RollbarConfig};
pub use keys::KeySource;
pub use mailbag::{Added, DeadLetter, Part, Reassembler, ReassemblyFull};
pub use postman::{Redeliverer, Undelivered};
pub use replay::{Replayed, replay};
pub use rollbar::death_uuid;
pub use run::{run, serve};
