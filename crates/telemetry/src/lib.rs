//! What a Rust Lambda says about itself: spans, JSON log lines, X-Ray subsegments, reports.
//!
//! A function starts it once, before it asks Lambda for work, and has each invocation observed:
//!
//! ```no_run
//! # async fn demo(header: &str) -> Result<(), crudder_telemetry::ConfigError> {
//! use crudder_telemetry::{End, Invocation, Trigger};
//!
//! let telemetry = crudder_telemetry::start()?;
//! let invocation = Invocation::new("8f7c2e1a", Trigger::Other("timer")).with_trace_header(Some(header));
//! let answer = telemetry.observe(invocation, async { 42 }, |_answer| End::ok()).await;
//! # let _ = answer; Ok(())
//! # }
//! ```
//!
//! Inside the work, `tracing` is the whole interface: `#[instrument]` and `info_span!` make child spans, `info!` makes log
//! lines, `error!` makes a line and a report, and so does any event with the field `report`: `warn!(report = true, "…")`.

mod backtrace;
mod buffer;
mod clock;
mod config;
mod gather;
mod ids;
mod invocation;
mod json;
#[cfg(feature = "lambda")]
mod lambda;
mod log;
mod numbers;
mod otlp;
mod panic;
mod parent;
mod recorder;
mod report;
mod request;
mod resource;
mod root;
mod scrub;
mod spans;
mod telemetry;
pub mod xray;

#[cfg(test)]
mod tests;

pub use clock::timestamp;
pub use config::{Config, ConfigError, LogFormat};
pub use ids::TraceIds;
pub use invocation::{ACCESS, End, Failure, HttpRequest, Invocation, Trigger};
#[cfg(feature = "lambda")]
pub use lambda::{ObserveLayer, Observed};
pub use request::{annotate, current_ids, note};
pub use scrub::scrub;
pub use telemetry::{Losses, Telemetry, start};
