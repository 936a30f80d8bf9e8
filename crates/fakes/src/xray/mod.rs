//! The fakes of X-Ray: the daemon, which takes documents by UDP, and the API's `PutTraceSegments`. One store for both kinds.

mod api;
mod check;
mod daemon;
mod document;
mod port;
mod store;
mod tree;

pub use api::{XrayApi, XrayApiHandler};
pub use daemon::XrayDaemon;
pub use document::Document;
pub use store::XrayStore;
pub use tree::Segment;
