//! Strict, fault-injecting fakes of the services that Crudder exports to and reads from.
#![doc = include_str!("../README.md")]

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
mod redaction;
mod rollbar;
mod secrets;
mod signature;
mod violation;
mod wire;
mod xray;

pub use aws::{Aws, AwsConfig, AwsHandler, AwsStore};
pub use bounded_log::BoundedLog;
pub use call_log::{CallLog, Delivery, Rejection};
pub use config::Clock;
pub use fake_server::{FakeServer, TimedOut};
pub use fakes::{Fakes, FakesConfig};
pub use fault::{Calls, Fault, Faults, Plan, RetryAfter, UnsupportedFault};
pub use honeycomb::{
    Batch, Duplicate, Honeycomb, HoneycombConfig, HoneycombHandler, HoneycombKey, HoneycombStore, KeyKind, Region,
    Span, SpanEvent, SpanLink, SpanStatus, Trace, TraceSummary,
};
pub use ids::{InvalidTraceId, TraceId};
pub use key::{RedactedKey, Secret};
pub use rollbar::{Item, Rollbar, RollbarConfig, RollbarHandler, RollbarStore, RollbarToken, Scope};
pub use secrets::{Secrets, SecretsConfig, SecretsHandler, SecretsStore};
pub use signature::AwsCredentials;
pub use violation::Violation;
pub use xray::{Document, Segment, XrayApi, XrayApiHandler, XrayConfig, XrayDaemon, XrayStore};
