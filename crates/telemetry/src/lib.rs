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
//! Inside the work, `tracing` is the whole interface:
//!
//! | what is written | what becomes of it |
//! | --- | --- |
//! | `#[instrument]`, `info_span!` | a span: in the flight recorder when it starts and when it ends; in X-Ray, nested, at the request's end |
//! | `otel.name`, `otel.kind` as fields | the span's name, where it is not known to the compiler; `client` for calls |
//! | `annotation.handle = …` as a field, [`set_annotation`] | X-Ray's index, an attribute elsewhere; `set_annotation` puts it on the root span and on later reports, too |
//! | any other field, [`set_attribute`] | an attribute; metadata in X-Ray |
//! | `info!` and its kin | one JSON line on stdout with the request's ids |
//! | `error!`; any event with the field `report`: `warn!(report = true, "…")` | a line, and a report: at once in the recorder, an event on its span |
//! | `exception.type`, `exception.message`, `exception.stacktrace`, `exception.causes` as fields | one `exception` object in the line; the cause in X-Ray |
//!
//! A panic is a line and a report with its backtrace. [`Failure`] is how the end of an invocation names an error; one that was told
//! by an event already is not told again. Secrets are masked in all of it ([`scrub()`]).
//!
//! Telemetry asks nobody and waits for nobody: no exporter, no thread, nothing to flush. What does not fit or can't be sent is dropped and
//! counted ([`Telemetry::losses`]; the recorder counts its own).

mod after;
mod arrays;
mod backtrace;
mod buffer;
mod config;
mod gather;
mod ids;
mod invocation;
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
mod scrub_attributes;
mod spans;
mod telemetry;
mod xray_span;

#[cfg(test)]
mod tests;

pub use config::{Config, ConfigError, LogFormat};
pub use crudder_text::{scrub, timestamp};
pub use ids::TraceIds;
pub use invocation::{ACCESS, End, Failure, HttpRequest, Invocation, Trigger};
#[cfg(feature = "lambda")]
pub use lambda::{Answered, ObserveLayer, Observed, RuntimeLayer};
pub use request::{current_ids, set_annotation, set_attribute};
pub use telemetry::{Losses, Telemetry, start};
