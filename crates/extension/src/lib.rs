//! Exports the telemetry of Lambda functions, even of those that die.
//!
#![doc = include_str!("../README.md")]

mod aws;
mod config;
mod dead_letters;
mod delivery;
mod environment;
mod exporters;
mod invocations;
mod lifecycle;
mod log;
mod processor;
mod settings;

#[cfg(test)]
mod tests;

pub use aws::AwsConfig;
pub use config::Config;
pub use crudder_settings::ConfigError;
pub use dead_letters::{
    Added, DeadLetter, Part, Reassembler, ReassemblyFull, Redeliverer, Replayed, Undelivered, replay,
};
pub use exporters::death_uuid;
pub use lifecycle::{run, serve};
