//! The handle to the table, which all access patterns are methods of.

use std::sync::Arc;

use crate::home_cache::HomeCache;
use crate::table::Table;

/// Crudder's table. Clones are cheap and share connections and cache.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: Table,
    home_shards: usize,
    home_cache: HomeCache,
}

impl Store {
    pub(crate) fn new(table: Table, home_shards: usize, home_cache: HomeCache) -> Self {
        Self(Arc::new(Inner { table, home_shards, home_cache }))
    }

    pub(crate) fn table(&self) -> &Table {
        &self.0.table
    }

    /// Returns the number of partitions that new posts of one bucket are spread over.
    pub(crate) fn home_shards(&self) -> usize {
        self.0.home_shards
    }

    pub(crate) fn home_cache(&self) -> &HomeCache {
        &self.0.home_cache
    }
}
