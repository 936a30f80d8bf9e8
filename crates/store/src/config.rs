//! What the store is told by the environment.

use std::time::Duration;

/// More shards than these make a home page a crowd of reads; 64 carry some 32,000 posts a second (docs/scale.md).
const SHARDS_MAX: usize = 64;
/// A home page an hour old helps nobody.
const CACHE_MAX_MS: u64 = 3_600_000;

/// Where the table is, and how posts are spread in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// `CRUDDER_TABLE`: the table's name; `crudder` when unset.
    pub table: String,
    /// `CRUDDER_HOME_SHARDS`: over how many partitions the posts of one bucket are spread, 1 to 64; 1 when unset.
    pub home_shards: usize,
    /// `CRUDDER_HOME_CACHE_MS`: how long a home page may be shown again without asking the table; 0 (never) when unset.
    pub home_cache: Duration,
    /// How long a request that meets conflicts or throttling is made again; [`StoreConfig::RETRY_WITHIN`], not a variable.
    pub retry_within: Duration,
    /// How the table is reached.
    pub access: Access,
}

/// How the table is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// As the SDK's own variables say: `AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`, credentials.
    Environment {
        /// The region. Naming it here keeps the SDK from asking the instance metadata service, which Lambda has not.
        region: String,
        /// Whether the credentials stand in variables, as they do on Lambda; otherwise the SDK's whole chain is tried.
        has_env_credentials: bool,
    },
    /// A fake at this address, which takes any credentials.
    Local(String),
}

/// A variable with a value that can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name} must be {expected}, and is `{found}`")]
pub struct ConfigError {
    name: &'static str,
    expected: &'static str,
    found: String,
}

impl StoreConfig {
    /// The functions' time limit is 10 s, and the last attempt may take 2 s: what begins later would not be answered.
    pub const RETRY_WITHIN: Duration = Duration::from_secs(7);

    /// Reads the environment.
    ///
    /// # Errors
    /// The first variable that can't be used, by name.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the store reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// The table of that name at a fake, such as the embedded one: one shard, no cache.
    pub fn local(endpoint: &str, table: &str) -> Self {
        let access = Access::Local(endpoint.to_owned());
        let (home_cache, retry_within) = (Duration::ZERO, Self::RETRY_WITHIN);
        Self { table: table.to_owned(), home_shards: 1, home_cache, retry_within, access }
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        // An empty variable is an unset one: that is how templates leave a choice open.
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let table = variable("CRUDDER_TABLE").unwrap_or_else(|| "crudder".to_owned());
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !(3..=255).contains(&table.len()) || !table.bytes().all(fits) {
            let expected = "a table's name: 3 to 255 of a-z, A-Z, 0-9, `_`, `-` and `.`";
            return Err(ConfigError { name: "CRUDDER_TABLE", expected, found: table });
        }
        let shards = number(&variable, "CRUDDER_HOME_SHARDS", 1, 1..=SHARDS_MAX as u64, "a number from 1 to 64")?;
        let cache = number(
            &variable,
            "CRUDDER_HOME_CACHE_MS",
            0,
            0..=CACHE_MAX_MS,
            "a number of milliseconds from 0 to 3600000",
        )?;
        Ok(Self {
            table,
            home_shards: usize::try_from(shards).expect("at most 64"),
            home_cache: Duration::from_millis(cache),
            retry_within: Self::RETRY_WITHIN,
            access: Access::Environment {
                region: region(&variable)?,
                has_env_credentials: variable("AWS_ACCESS_KEY_ID").is_some(),
            },
        })
    }
}

fn region(variable: &impl Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    region.ok_or_else(|| ConfigError {
        name: "AWS_REGION",
        expected: "the table's region, such as `us-east-1`",
        found: String::new(),
    })
}

fn number(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    usual: u64,
    range: std::ops::RangeInclusive<u64>,
    expected: &'static str,
) -> Result<u64, ConfigError> {
    let Some(found) = variable(name) else { return Ok(usual) };
    let number = found.parse().ok().filter(|number| range.contains(number));
    number.ok_or(ConfigError { name, expected, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<StoreConfig, ConfigError> {
        let region = [("AWS_REGION", "eu-west-1")];
        let all: Vec<_> = set.iter().chain(&region).copied().collect();
        StoreConfig::read(|name| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
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
    fn a_value_that_cannot_be_used_is_told_with_its_variable() {
        for (name, value) in [
            ("CRUDDER_TABLE", "a b"),
            ("CRUDDER_TABLE", "ab"),
            ("CRUDDER_HOME_SHARDS", "0"),
            ("CRUDDER_HOME_SHARDS", "65"),
            ("CRUDDER_HOME_SHARDS", "many"),
            ("CRUDDER_HOME_CACHE_MS", "-1"),
            ("CRUDDER_HOME_CACHE_MS", "3600001"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(name) && error.contains(value), "{error}");
        }
    }

    #[test]
    fn a_missing_region_is_told() {
        let error = StoreConfig::read(|_| None).unwrap_err().to_string();
        assert!(error.starts_with("AWS_REGION must be"), "{error}");
    }
}
