//! Connects the store to its table.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use crudder_settings::ConfigError;

use crate::config::{Access, StoreConfig};
use crate::home_cache::HomeCache;
use crate::store::Store;
use crate::table::Table;

/// Within a region a connection takes milliseconds; one that takes a second will not succeed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// DynamoDB responds in milliseconds; after this time, a new attempt is faster.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

impl Store {
    /// Returns the table that the environment names.
    ///
    /// # Errors
    /// The first variable with an invalid value.
    pub async fn from_env() -> Result<Self, ConfigError> {
        Ok(Self::connect(&StoreConfig::from_env()?).await)
    }

    /// Returns the table of this configuration. It sends nothing yet: the first request opens the
    /// first connection.
    pub async fn connect(config: &StoreConfig) -> Self {
        let settings = loader(&config.access).load().await;
        let (client, name) = (Client::new(&settings), config.table.clone());
        let table = Table { client, name, retry_within: config.retry_within };
        let home_cache = HomeCache::new(config.home_cache);
        Self::new(table, config.home_shards, home_cache)
    }
}

/// Returns the SDK's settings. Its retries are off, because call.rs retries: the SDK does not retry
/// cancelled transactions, and its backoffs take seconds.
fn loader(access: &Access) -> ConfigLoader {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let loader =
        aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::disabled()).timeout_config(timeouts);
    match access {
        Access::Environment { region, has_env_credentials } => {
            let loader = loader.region(Region::new(region.clone()));
            // Lambda's credentials are in these variables. The rest of the chain may wait for the
            // network.
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
