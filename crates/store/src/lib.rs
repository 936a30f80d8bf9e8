//! The nouns of Crudder in DynamoDB: the only crate that knows its SDK.
//!
//! ARCHITECTURE.md has the table of keys and access patterns. Every read takes at most two waves of requests, every write one wave
//! and one transaction, so nothing is ever half written.

mod activities;
mod activity_item;
mod call;
mod config;
mod connect;
mod definition;
mod error;
mod home;
mod home_cache;
mod item;
mod keys;
mod message_item;
mod messages;
mod notifications;
mod page;
mod people;
mod search;
mod sign_up;
mod table;
mod transaction;
mod update;
mod user_item;
mod user_page;

use std::sync::Arc;

pub use config::{Access, ConfigError, StoreConfig};
pub use definition::{Definition, Index};
pub use error::{BoxError, Error, Result};

use home_cache::HomeCache;
use table::Table;

/// Crudder's table. Cloning it is cheap; all clones share connections and cache.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: Table,
    home_shards: usize,
    home_cache: HomeCache,
}

impl Store {
    fn table(&self) -> &Table {
        &self.0.table
    }
}
