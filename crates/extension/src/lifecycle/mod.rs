//! The extension's place in Lambda's life cycle: registration, `/next`, platform events, and when
//! to send.

mod cycle;
mod event_loop;
mod extensions_api;
mod next_event;
mod run;
mod telemetry_listener;

pub use run::{run, serve};
