//! The fake of Honeycomb: OTLP traces over HTTP, and `/1/auth`.
//!
//! The rules come from docs.honeycomb.io and from husky (github.com/honeycombio/husky), Honeycomb's
//! library that turns OTLP into events. Comments name the latter as "(husky)".

mod batch;
mod body;
mod check;
mod config;
mod duplicates;
mod handler;
mod ingest;
mod key;
mod response;
mod sample_rate;
mod span;
mod span_decoder;
mod store;
mod summary;
mod trace;
mod trace_index;
mod values;

use std::io;

use crate::FakeServer;

pub use batch::Batch;
pub use config::HoneycombConfig;
pub use duplicates::Duplicate;
pub use handler::HoneycombHandler;
pub use key::{HoneycombKey, KeyKind, Region};
pub use span::{Span, SpanEvent, SpanLink, SpanStatus};
pub use store::HoneycombStore;
pub use summary::TraceSummary;
pub use trace::Trace;

/// A running fake of Honeycomb.
pub type Honeycomb = FakeServer<HoneycombHandler>;

impl Honeycomb {
    /// Starts a fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Returns the error of the operating system if no port can be opened.
    pub async fn start(config: HoneycombConfig) -> io::Result<Self> {
        let store = HoneycombStore::new(config.bytes_kept);
        Self::launch(HoneycombHandler::new(config.keys, config.region), store, config.clock)
    }
}
