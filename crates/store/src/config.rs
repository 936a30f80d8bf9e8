//! The settings of the store.

use std::time::Duration;

use crudder_settings::{ConfigError, Lookup};

use crate::settings;

/// The table, and how posts are spread over its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// `CRUDDER_TABLE`: the table's name; `crudder` when unset.
    pub table: String,
    /// `CRUDDER_HOME_SHARDS`: over how many partitions the posts of one bucket are spread, 1 to 64;
    /// 1 when unset.
    pub home_shards: usize,
    /// `CRUDDER_HOME_CACHE_MS`: how long a home page is cached, at most a minute; 0 (no
    /// cache) when unset.
    pub home_cache: Duration,
    /// How long a request is retried after conflicts or throttling; [`StoreConfig::RETRY_WITHIN`],
    /// not a variable.
    pub retry_within: Duration,
    /// How to connect to the table.
    pub access: Access,
}

/// How to connect to the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// By the SDK's own variables: `AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`, credentials.
    Environment {
        /// The region. With it, the SDK does not query the instance metadata service, which does
        /// not exist on Lambda.
        region: String,
        /// Whether the credentials are in variables, as on Lambda; otherwise the SDK tries its
        /// whole provider chain.
        has_env_credentials: bool,
    },
    /// A local endpoint at this address, which accepts any credentials.
    Local(String),
}

impl StoreConfig {
    /// A function has 10 s, and the last attempt may take 2 s: an attempt that begins later would
    /// end after the function's timeout.
    pub const RETRY_WITHIN: Duration = Duration::from_secs(7);

    /// Reads the environment.
    ///
    /// # Errors
    /// The first variable with an invalid value.
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Returns the settings of a table at a local endpoint, such as the embedded one: one shard, no
    /// cache.
    pub fn local(endpoint: &str, table: &str) -> Self {
        let access = Access::Local(endpoint.to_owned());
        let (home_cache, retry_within) = (Duration::ZERO, Self::RETRY_WITHIN);
        Self { table: table.to_owned(), home_shards: 1, home_cache, retry_within, access }
    }

    fn read(environment: &impl Lookup) -> Result<Self, ConfigError> {
        // Templates set a variable to the empty string to leave it unset.
        let variable = |name| environment(name).filter(|value| !value.is_empty());
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let shards = settings::CRUDDER_HOME_SHARDS.integer(environment)?;
        Ok(Self {
            table: settings::CRUDDER_TABLE.text(environment)?,
            home_shards: usize::try_from(shards).expect("at most 64"),
            home_cache: Duration::from_millis(settings::CRUDDER_HOME_CACHE_MS.integer(environment)?),
            retry_within: Self::RETRY_WITHIN,
            access: Access::Environment {
                region: region
                    .ok_or_else(|| ConfigError::new("AWS_REGION", "a region such as us-east-1", "nothing"))?,
                has_env_credentials: variable("AWS_ACCESS_KEY_ID").is_some(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<StoreConfig, ConfigError> {
        let region = [("AWS_REGION", "eu-west-1")];
        let all: Vec<_> = set.iter().chain(&region).copied().collect();
        StoreConfig::read(&|name| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn unset_and_empty_variables_take_their_defaults() {
        for set in [&[][..], &[("CRUDDER_TABLE", ""), ("CRUDDER_HOME_SHARDS", ""), ("CRUDDER_HOME_CACHE_MS", "")]] {
            let config = read(set).unwrap();
            assert_eq!((config.table.as_str(), config.home_shards), ("crudder", 1));
            assert_eq!(config.home_cache, Duration::ZERO);
            assert_eq!(
                config.access,
                Access::Environment { region: "eu-west-1".to_owned(), has_env_credentials: false }
            );
        }
    }

    #[test]
    fn an_invalid_value_is_reported_with_the_name_of_its_variable() {
        for (name, value) in [
            ("CRUDDER_TABLE", "a b"),
            ("CRUDDER_TABLE", "ab"),
            ("CRUDDER_TABLE", "table/1"),
            ("CRUDDER_HOME_SHARDS", "0"),
            ("CRUDDER_HOME_SHARDS", "65"),
            ("CRUDDER_HOME_SHARDS", "many"),
            ("CRUDDER_HOME_CACHE_MS", "-1"),
            ("CRUDDER_HOME_CACHE_MS", "60001"),
            ("CRUDDER_HOME_CACHE_MS", "1.5"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("read {name}: expected ")), "{error}");
            assert!(error.ends_with(&format!(", got {value:?}")), "{error}");
        }
    }

    #[test]
    fn a_missing_region_is_reported() {
        let error = StoreConfig::read(&|_| None).unwrap_err().to_string();
        assert_eq!(error, "read AWS_REGION: expected a region such as us-east-1, got nothing");
    }
}
