//! How the store comes to its table.

use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;

use crate::config::{Access, ConfigError, StoreConfig};
use crate::home_cache::HomeCache;
use crate::table::Table;
use crate::{Inner, Store};

/// Within a region a connection stands in milliseconds; one that takes a second will not stand.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// DynamoDB answers in milliseconds; an attempt without an answer by then is better made anew.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(2);

impl Store {
    /// The table that the environment names.
    ///
    /// # Errors
    /// The first variable that can't be used, by name.
    pub async fn from_env() -> Result<Self, ConfigError> {
        Ok(Self::connect(&StoreConfig::from_env()?).await)
    }

    /// The table of this configuration. Nothing is asked of it yet: the first request opens the first connection.
    pub async fn connect(config: &StoreConfig) -> Self {
        let settings = loader(&config.access).load().await;
        let (client, name) = (Client::new(&settings), config.table.clone());
        let table = Table { client, name, retry_within: config.retry_within };
        let home_cache = HomeCache::new(config.home_cache);
        Self(Arc::new(Inner { table, home_shards: config.home_shards, home_cache }))
    }
}

/// The SDK's settings. Retries are ours (call.rs): the SDK's leave out cancelled transactions, and pause by the second.
fn loader(access: &Access) -> ConfigLoader {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_WITHIN).operation_attempt_timeout(ATTEMPT_WITHIN).build();
    let loader =
        aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::disabled()).timeout_config(timeouts);
    match access {
        Access::Environment { region, has_env_credentials } => {
            let loader = loader.region(Region::new(region.clone()));
            // Lambda's credentials are these variables: the rest of the chain, which may wait for the network, is left out.
            if *has_env_credentials {
                loader.credentials_provider(EnvironmentVariableCredentialsProvider::new())
            } else {
                loader
            }
        }
        Access::Local(endpoint) => loader
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new("fake", "fake", None, None, "fake")),
    }
}
