//! Where a contract runs: a table of its own, at an endpoint.

use std::time::Duration;

use crudder_store::{Access, Store, StoreConfig};
use dynoxide::Database;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::proxy::{Mood, Proxy};

/// A table of its own.
pub(crate) struct Place {
    access: Access,
    table: String,
    /// How many writers it can stand at once. Requests that wait in single file run out of time when there are a hundred.
    pub(crate) crowd: usize,
}

impl Place {
    /// A table that nothing disturbs: the embedded one, or the one that `CRUDDER_TEST_DYNAMODB` names.
    pub(crate) async fn calm() -> Self {
        match elsewhere() {
            Some(name) if name == "aws" => Self::at(StoreConfig::from_env().unwrap().access).await,
            Some(address) => {
                let mood = Mood { single_file: true, ..Mood::default() };
                let access = Access::Local(Proxy::start(&address, mood).await.address);
                Self { crowd: 4, ..Self::at(access).await }
            }
            None => Self::embedded().await,
        }
    }

    /// An embedded table, whatever the environment says: for what is measured.
    pub(crate) async fn embedded() -> Self {
        Self::at(Access::Local(embedded().await)).await
    }

    /// An embedded table behind the proxy at its worst.
    pub(crate) async fn hostile() -> Self {
        let proxy = Proxy::start(&embedded().await, Mood::hostile()).await;
        Self::at(Access::Local(proxy.address)).await
    }

    /// The table of that name at any endpoint.
    pub(crate) async fn at(access: Access) -> Self {
        let place = Self { access, table: format!("crudder-test-{}", Uuid::new_v4()), crowd: 100 };
        place.store().await.create_table().await.unwrap();
        place
    }

    /// The same table at another address: past the proxy, or through one.
    pub(crate) fn seen_from(&self, address: &str) -> Self {
        Self { access: Access::Local(address.to_owned()), table: self.table.clone(), crowd: self.crowd }
    }

    pub(crate) async fn store(&self) -> Store {
        Store::connect(&self.config()).await
    }

    pub(crate) async fn store_with_shards(&self, home_shards: usize) -> Store {
        Store::connect(&StoreConfig { home_shards, ..self.config() }).await
    }

    /// A store that gives up soon.
    pub(crate) async fn impatient_store(&self) -> Store {
        Store::connect(&StoreConfig { retry_within: Duration::from_millis(300), ..self.config() }).await
    }

    pub(crate) fn config(&self) -> StoreConfig {
        // What is shown is that nothing gets lost; how soon a busy machine gets there is not.
        let retry_within = Duration::from_secs(120);
        StoreConfig { access: self.access.clone(), retry_within, ..StoreConfig::local("", &self.table) }
    }

    pub(crate) fn address(&self) -> &str {
        match &self.access {
            Access::Local(address) => address,
            Access::Environment { .. } => panic!("the account's own endpoint has no address here"),
        }
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }
}

/// The embedded table in this process, on a port of its own; it ends with the test's runtime.
pub(crate) async fn embedded() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    address
}

#[expect(clippy::disallowed_methods, reason = "the suite's endpoint is given by this variable, read here only")]
fn elsewhere() -> Option<String> {
    std::env::var("CRUDDER_TEST_DYNAMODB").ok().filter(|value| !value.is_empty())
}
