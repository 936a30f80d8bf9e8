//! Strict and, on demand, hostile stand-ins of the vendors that Crudder reports to: Honeycomb, Rollbar, the X-Ray daemon and X-Ray's API, and the
//! two AWS services that hold keys.
//!
//! Each stand-in listens on a free port of 127.0.0.1, checks what it is sent as strictly as the vendor's documents allow, keeps it in memory up
//! to a number of bytes, and answers as the vendor does. What the vendor would take in silence although it harms the sender (a name cut, a date in
//! 1970) is taken here too and written down as a [`Complaint`], so that a test can demand that there is none. [`Faults`] makes a stand-in misbehave.
//!
//! No key that a caller sends is kept: see [`KeyMark`].
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use crudder_vendors::{Fault, Honeycomb, HoneycombConfig, RetryAfter, TraceId};
//!
//! # async fn see(trace_id: TraceId) -> Result<(), Box<dyn std::error::Error>> {
//! let honeycomb = Honeycomb::start(HoneycombConfig::default()).await?;
//! honeycomb.faults().next(Fault::Throttled(RetryAfter::Seconds(2)))?;
//! println!("a layer may deliver to {}", honeycomb.url());
//! let trace = honeycomb.wait_for(Duration::from_secs(10), |store| store.trace(trace_id)).await?;
//! println!("{} spans came at last", trace.spans.len());
//! assert_eq!(honeycomb.look(|store| store.ledger().complained()), 0, "and broke no rule");
//! # Ok(())
//! # }
//! ```

mod aws;
mod complaint;
mod config;
mod desk;
mod fault;
mod honeycomb;
mod ids;
mod key;
mod ledger;
mod privacy;
mod rollbar;
mod secrets;
mod shelf;
mod signature;
mod standin;
mod vendors;
mod wire;
mod xray;

pub use aws::{Aws, AwsConfig, AwsDesk, AwsStore};
pub use complaint::Complaint;
pub use config::{AwsCredentials, Clock, HoneycombConfig, RollbarConfig, SecretsConfig, VendorsConfig, XrayConfig};
pub use fault::{Calls, Fault, Faults, Plan, RetryAfter, Unfit};
pub use honeycomb::{
    Batch, Duplicate, Honeycomb, HoneycombDesk, HoneycombKey, HoneycombStore, KeyKind, Region, Span, SpanEvent,
    SpanLink, SpanStatus, Trace, TraceSummary,
};
pub use ids::TraceId;
pub use key::{KeyMark, Secret};
pub use ledger::{Delivery, Ledger, Rejection};
pub use rollbar::{Item, Rollbar, RollbarDesk, RollbarStore, RollbarToken, Scope};
pub use secrets::{Secrets, SecretsDesk, SecretsStore};
pub use standin::{Standin, TimedOut};
pub use vendors::Vendors;
pub use xray::{Document, Segment, XrayApi, XrayApiDesk, XrayDaemon, XrayStore};
