//! Strict and, on demand, hostile fakes of the vendors that Crudder reports to: Honeycomb, Rollbar, the X-Ray daemon and X-Ray's API, and the
//! two AWS services that hold keys.
//!
//! Each fake listens on a free port of 127.0.0.1, checks what it is sent as strictly as the vendor's documents allow, keeps it in memory up
//! to a number of bytes, and answers as the vendor does. What the vendor would take in silence although it harms the sender (a name cut, a date in
//! 1970) is taken here too and written down as a [`Violation`], so that a test can demand that there is none. [`Faults`] makes a fake misbehave.
//!
//! No key that a caller sends is kept: see [`KeyMark`].
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use crudder_fakes::{Fault, Honeycomb, HoneycombConfig, RetryAfter, TraceId};
//!
//! # async fn see(trace_id: TraceId) -> Result<(), Box<dyn std::error::Error>> {
//! let honeycomb = Honeycomb::start(HoneycombConfig::default()).await?;
//! honeycomb.faults().inject_next(Fault::Throttled(RetryAfter::Seconds(2)))?;
//! println!("a layer may deliver to {}", honeycomb.url());
//! let trace = honeycomb.wait_for(Duration::from_secs(10), |store| store.trace(trace_id)).await?;
//! println!("{} spans came at last", trace.spans.len());
//! assert_eq!(honeycomb.with_store(|store| store.call_log().violation_count()), 0, "and broke no rule");
//! # Ok(())
//! # }
//! ```

mod aws;
mod bounded_log;
mod call_log;
mod config;
mod fake_server;
mod fakes;
mod fault;
mod handler;
mod honeycomb;
mod ids;
mod key;
mod privacy;
mod rollbar;
mod secrets;
mod signature;
mod violation;
mod wire;
mod xray;

pub use aws::{Aws, AwsConfig, AwsHandler, AwsStore};
pub use bounded_log::BoundedLog;
pub use call_log::{CallLog, Delivery, Rejection};
pub use config::{AwsCredentials, Clock, FakesConfig, HoneycombConfig, RollbarConfig, SecretsConfig, XrayConfig};
pub use fake_server::{FakeServer, TimedOut};
pub use fakes::Fakes;
pub use fault::{Calls, Fault, Faults, Plan, RetryAfter, UnsupportedFault};
pub use honeycomb::{
    Batch, Duplicate, Honeycomb, HoneycombHandler, HoneycombKey, HoneycombStore, KeyKind, Region, Span, SpanEvent,
    SpanLink, SpanStatus, Trace, TraceSummary,
};
pub use ids::TraceId;
pub use key::{KeyMark, Secret};
pub use rollbar::{Item, Rollbar, RollbarHandler, RollbarStore, RollbarToken, Scope};
pub use secrets::{Secrets, SecretsHandler, SecretsStore};
pub use violation::Violation;
pub use xray::{Document, Segment, XrayApi, XrayApiHandler, XrayDaemon, XrayStore};
