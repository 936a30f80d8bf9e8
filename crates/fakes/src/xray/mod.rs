//! The fakes of X-Ray: the daemon and the API's `PutTraceSegments`.
//!
//! The rules come from the X-Ray Developer Guide ("Segment documents", "Sending trace data"),
//! botocore's model of the API, and the sources of aws-xray-daemon and of the OpenTelemetry
//! collector's awsxray exporter.

mod api;
mod check;
mod config;
mod daemon;
mod document;
mod reserved_port;
mod store;
mod trace_documents;
mod tree;

pub use api::{XrayApi, XrayApiHandler};
pub use config::XrayConfig;
pub use daemon::XrayDaemon;
pub use document::Document;
pub use store::XrayStore;
pub use tree::Segment;
