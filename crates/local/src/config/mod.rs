//! The environment of `crudder local`, read once, with the variables for functions and extension.

mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;

use variables::{KEYS, LOG_LEVELS, VARIABLES};

/// A variable has an invalid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {name}: the value is {value:?}; set it to {wanted}")]
pub struct ConfigError {
    name: &'static str,
    value: String,
    wanted: &'static str,
}

/// The settings from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Variables that functions and extension get too; `CRUDDER_STAGE` is always among them.
    pub variables: BTreeMap<String, String>,
    /// API keys of the vendors. Never print these.
    pub keys: Keys,
    /// The command that builds the functions: cargo passes its own path to what it runs.
    pub cargo: PathBuf,
    /// `AWS_LAMBDA_LOG_LEVEL`.
    pub log_level: String,
}

/// API keys of real vendors by their variables; `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys(pub(crate) BTreeMap<String, String>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The stage on one machine, unless `CRUDDER_STAGE` names another.
const STAGE: &str = "local";

impl Settings {
    /// Reads the environment of this process. Faults are on unless `CRUDDER_FAULTS` says otherwise:
    /// on one machine they are harmless, and the console has a button for each.
    ///
    /// # Errors
    /// If a variable has an invalid value; the error names the variable.
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut settings = Self::parse(|name| std::env::var(name).ok())?;
        settings.variables.entry("CRUDDER_FAULTS".to_owned()).or_insert_with(|| "on".to_owned());
        Ok(settings)
    }

    /// Reads each variable with `lookup`. An empty variable counts as unset.
    ///
    /// # Errors
    /// If a variable has an invalid value; the error names the variable.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let mut variables = BTreeMap::from([("CRUDDER_STAGE".to_owned(), STAGE.to_owned())]);
        for (name, wanted, is_valid) in VARIABLES {
            match set(name) {
                Some(value) if !is_valid(&value) => return Err(ConfigError { name, value, wanted }),
                Some(value) => drop(variables.insert(name.to_owned(), value)),
                None => (),
            }
        }
        let log_level = set("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|| "INFO".to_owned());
        if !LOG_LEVELS.contains(&log_level.as_str()) {
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
    fn a_set_variable_is_passed_on_to_functions() {
        let settings = settings(&[("CRUDDER_FAULTS", "on"), ("CRUDDER_TABLE", ""), ("PATH", "/bin")]).unwrap();
        assert_eq!(settings.variables.get("CRUDDER_FAULTS").map(String::as_str), Some("on"));
        assert_eq!(settings.variables.len(), 2);
    }

    #[test]
    fn an_invalid_value_is_reported_with_its_variable() {
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
            assert!(message.starts_with(&format!("read {name}: the value is {value:?}")), "{message}");
        }
    }

    #[test]
    fn keys_do_not_print_themselves() {
        let settings = settings(&[("HONEYCOMB_API_KEY", "hcaik_secret")]).unwrap();
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
