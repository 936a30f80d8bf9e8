//! The fake of Rollbar: items, the name of a project, and the rate limit.
//!
//! The rules come from docs.rollbar.com ("Create item", "API overview", "Rate limits") and from the
//! SDKs pyrollbar and rollbar.js.

mod check;
mod config;
mod handler;
mod item;
mod rate_limit;
mod request;
mod response;
mod store;
mod token;

use std::io;

use crate::FakeServer;

pub use config::RollbarConfig;
pub use handler::RollbarHandler;
pub use item::Item;
pub use store::RollbarStore;
pub use token::{RollbarToken, Scope};

/// A running fake of Rollbar.
pub type Rollbar = FakeServer<RollbarHandler>;

impl Rollbar {
    /// Starts a fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Returns the error of the operating system if no port can be opened.
    pub async fn start(config: RollbarConfig) -> io::Result<Self> {
        let store = RollbarStore::new(config.bytes_kept);
        Self::launch(RollbarHandler::new(config.tokens, config.calls_per_minute), store, config.clock)
    }
}
