//! The environment of `crudder local`, read once: the variables of the design that functions and layer are to get too.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A variable holds what it can't hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {name}: it is {value:?}, and must be {wanted}")]
pub struct ConfigError {
    name: &'static str,
    value: String,
    wanted: &'static str,
}

/// What the environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Variables that are set here, for functions and layer; `CRUDDER_STAGE` always.
    pub variables: BTreeMap<String, String>,
    /// Fakes' keys that are set here. Whoever prints settings must not print these.
    pub keys: Keys,
    /// The command that builds: cargo says which one it is to whom it runs.
    pub cargo: PathBuf,
    /// `AWS_LAMBDA_LOG_LEVEL`.
    pub log_level: String,
}

/// Keys of real vendors; never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys(pub(crate) BTreeMap<String, String>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The stage's name on one machine.
const STAGE: &str = "local";

/// Variables that hold keys.
const KEYS: [&str; 2] = ["HONEYCOMB_API_KEY", "ROLLBAR_ACCESS_TOKEN"];

type Check = fn(&str) -> bool;

/// The variables of the design's section 8, what each may hold, and the test of it.
const VARIABLES: [(&str, &str, Check); 16] = [
    ("HONEYCOMB_API_ENDPOINT", "an http or https address", is_address),
    ("HONEYCOMB_SERVICE_NAME", "a name", is_name),
    ("HONEYCOMB_DATASET", "a name", is_name),
    ("ROLLBAR_ENDPOINT", "an http or https address", is_address),
    ("ROLLBAR_ENVIRONMENT", "a name", is_name),
    ("CRUDDER_TABLE", "a table's name: 3 to 255 letters, digits, _ . -", is_table),
    ("CRUDDER_HOME_SHARDS", "a number from 1 to 64", |text| {
        number(text).is_some_and(|shards| (1..=64).contains(&shards))
    }),
    ("CRUDDER_RECORDER_BYTES", "a number of bytes from 4096 to 268435456", |text| {
        number(text).is_some_and(|bytes| (4_096..=268_435_456).contains(&bytes))
    }),
    ("CRUDDER_FLUSH_BUDGET_MS", "a number of milliseconds", is_number),
    ("CRUDDER_SAMPLE_RATE", "a number from 1 on", |text| number(text).is_some_and(|rate| rate >= 1)),
    ("CRUDDER_SLOW_MS", "a number of milliseconds", is_number),
    ("CRUDDER_FAULTS", "on or off", |text| matches!(text, "on" | "off")),
    ("CRUDDER_CORS_ORIGIN", "one origin such as https://crudder.example, or *", is_origin),
    ("CRUDDER_HOME_CACHE_MS", "a number of milliseconds from 0 to 3600000", |text| {
        number(text).is_some_and(|ms| ms <= 3_600_000)
    }),
    ("CRUDDER_STAGE", "a letter, then up to 19 small letters or digits", is_stage),
    ("CRUDDER_VERSION", "a name", is_name),
];

/// Lambda's levels of an application's log.
const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

impl Settings {
    /// From this process's environment. Faults are on unless it says otherwise: on one machine they hurt nobody, and the console has a button for each.
    ///
    /// # Errors
    /// When a variable holds what it can't hold; it is named.
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut settings = Self::parse(|name| std::env::var(name).ok())?;
        settings.variables.entry("CRUDDER_FAULTS".to_owned()).or_insert_with(|| "on".to_owned());
        Ok(settings)
    }

    /// From what `lookup` says of each name. An empty variable counts as none.
    ///
    /// # Errors
    /// When a variable holds what it can't hold; it is named.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let mut variables = BTreeMap::from([("CRUDDER_STAGE".to_owned(), STAGE.to_owned())]);
        for (name, wanted, holds) in VARIABLES {
            match set(name) {
                Some(value) if !holds(&value) => return Err(ConfigError { name, value, wanted }),
                Some(value) => drop(variables.insert(name.to_owned(), value)),
                None => (),
            }
        }
        let log_level = set("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|| "INFO".to_owned());
        if !LEVELS.contains(&log_level.as_str()) {
            let wanted = "TRACE, DEBUG, INFO, WARN, ERROR or FATAL";
            return Err(ConfigError { name: "AWS_LAMBDA_LOG_LEVEL", value: log_level, wanted });
        }
        let keys = KEYS.iter().filter_map(|name| Some(((*name).to_owned(), set(name)?))).collect();
        Ok(Self {
            variables,
            keys: Keys(keys),
            cargo: set("CARGO").unwrap_or_else(|| "cargo".to_owned()).into(),
            log_level,
        })
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn is_number(text: &str) -> bool {
    number(text).is_some()
}

fn is_address(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn is_name(text: &str) -> bool {
    text.len() <= 255 && !text.chars().any(char::is_control)
}

fn is_table(text: &str) -> bool {
    (3..=255).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
}

fn is_stage(text: &str) -> bool {
    let rest = text.strip_prefix(|first: char| first.is_ascii_lowercase());
    rest.is_some_and(|rest| {
        rest.len() < 20 && rest.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    })
}

fn is_origin(text: &str) -> bool {
    let bare = |uri: http::Uri| uri.path_and_query().is_none_or(|path| path == "/") && !text.ends_with('/');
    text == "*" || (is_address(text) && text.parse().is_ok_and(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        Settings::parse(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn an_empty_environment_is_the_stage_local() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.variables, BTreeMap::from([("CRUDDER_STAGE".to_owned(), "local".to_owned())]));
        assert_eq!(settings.log_level, "INFO");
    }

    #[test]
    fn what_is_set_goes_on_to_functions() {
        let settings = settings(&[("CRUDDER_FAULTS", "on"), ("CRUDDER_TABLE", ""), ("PATH", "/bin")]).unwrap();
        assert_eq!(settings.variables.get("CRUDDER_FAULTS").map(String::as_str), Some("on"));
        assert_eq!(settings.variables.len(), 2);
    }

    #[test]
    fn a_bad_value_is_named_with_its_variable() {
        for (name, value) in [
            ("CRUDDER_FAULTS", "yes"),
            ("CRUDDER_HOME_SHARDS", "0"),
            ("CRUDDER_HOME_SHARDS", "65"),
            ("CRUDDER_SAMPLE_RATE", "0"),
            ("CRUDDER_SLOW_MS", "-1"),
            ("CRUDDER_HOME_CACHE_MS", "soon"),
            ("CRUDDER_TABLE", "a b"),
            ("CRUDDER_STAGE", "Prod"),
            ("CRUDDER_CORS_ORIGIN", "https://a.example/path"),
            ("CRUDDER_CORS_ORIGIN", "https://a.example/"),
            ("HONEYCOMB_API_ENDPOINT", "api.honeycomb.io"),
            ("ROLLBAR_ENDPOINT", "ftp://rollbar"),
            ("AWS_LAMBDA_LOG_LEVEL", "loud"),
        ] {
            let message = settings(&[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("read {name}: it is {value:?}")), "{message}");
        }
    }

    #[test]
    fn keys_do_not_print_themselves() {
        let settings = settings(&[("HONEYCOMB_API_KEY", "hcaik_secret")]).unwrap();
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
