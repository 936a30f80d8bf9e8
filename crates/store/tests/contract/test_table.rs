//! The table that a contract runs against.

use std::time::Duration;

use crudder_store::{Access, Store, StoreConfig};
use dynoxide::Database;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::proxy::{Faults, Proxy};

/// A new table at some endpoint.
pub(crate) struct TestTable {
    access: Access,
    name: String,
    /// How many concurrent writers the endpoint can serve. If it serializes requests, a hundred
    /// writers exceed their time.
    pub(crate) max_writers: usize,
}

impl TestTable {
    /// Creates a table without injected faults: embedded, or at the endpoint that
    /// `CRUDDER_TEST_DYNAMODB` names.
    pub(crate) async fn without_faults() -> Self {
        match endpoint_from_env() {
            Some(name) if name == "aws" => Self::create(StoreConfig::from_env().unwrap().access).await,
            Some(address) => {
                let faults = Faults { serialized: true, ..Faults::default() };
                let access = Access::Local(Proxy::start(&address, faults).await.address);
                Self { max_writers: 4, ..Self::create(access).await }
            }
            None => Self::embedded().await,
        }
    }

    /// Creates an embedded table, even if `CRUDDER_TEST_DYNAMODB` is set: for measurements.
    pub(crate) async fn embedded() -> Self {
        Self::create(Access::Local(serve_embedded().await)).await
    }

    /// Creates an embedded table behind a proxy that injects all faults.
    pub(crate) async fn with_faults() -> Self {
        let proxy = Proxy::start(&serve_embedded().await, Faults::all()).await;
        Self::create(Access::Local(proxy.address)).await
    }

    /// Creates a table at this endpoint.
    pub(crate) async fn create(access: Access) -> Self {
        let table = Self { access, name: format!("crudder-test-{}", Uuid::new_v4()), max_writers: 100 };
        table.store().await.create_table().await.unwrap();
        table
    }

    /// Returns the same table through another address, such as a proxy.
    pub(crate) fn through(&self, address: &str) -> Self {
        Self { access: Access::Local(address.to_owned()), name: self.name.clone(), max_writers: self.max_writers }
    }

    pub(crate) async fn store(&self) -> Store {
        Store::connect(&self.config()).await
    }

    pub(crate) async fn store_with_shards(&self, home_shards: usize) -> Store {
        Store::connect(&StoreConfig { home_shards, ..self.config() }).await
    }

    /// Returns a store that soon stops retrying.
    pub(crate) async fn store_with_short_retries(&self) -> Store {
        Store::connect(&StoreConfig { retry_within: Duration::from_millis(300), ..self.config() }).await
    }

    pub(crate) fn config(&self) -> StoreConfig {
        // The contracts test that nothing is lost, not how fast a busy machine is.
        let retry_within = Duration::from_secs(120);
        StoreConfig { access: self.access.clone(), retry_within, ..StoreConfig::local("", &self.name) }
    }

    pub(crate) fn endpoint(&self) -> &str {
        match &self.access {
            Access::Local(endpoint) => endpoint,
            Access::Environment { .. } => panic!("the endpoint of an AWS account has no address here"),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Serves an embedded DynamoDB in this process, on a port of its own, until the test's runtime
/// ends. Returns its address.
pub(crate) async fn serve_embedded() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    address
}

#[expect(clippy::disallowed_methods, reason = "the suite's endpoint is given by this variable, read here only")]
fn endpoint_from_env() -> Option<String> {
    std::env::var("CRUDDER_TEST_DYNAMODB").ok().filter(|value| !value.is_empty())
}
