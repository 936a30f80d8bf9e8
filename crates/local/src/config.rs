//! The environment of `crudder local`, read once, with the variables for functions and extension.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crudder_settings::{ConfigError, Lookup, Setting};

use crate::settings;

/// Variables that functions and extension get as they are set here.
const PASSED_ON: [Setting; 15] = [
    settings::CRUDDER_VERSION,
    settings::CRUDDER_TABLE,
    settings::CRUDDER_HOME_SHARDS,
    settings::CRUDDER_HOME_CACHE_MS,
    settings::CRUDDER_CORS_ORIGIN,
    settings::CRUDDER_FAULTS,
    settings::CRUDDER_RECORDER_BYTES,
    settings::CRUDDER_FLUSH_BUDGET_MS,
    settings::CRUDDER_SAMPLE_RATE,
    settings::CRUDDER_SLOW_MS,
    settings::HONEYCOMB_API_ENDPOINT,
    settings::HONEYCOMB_SERVICE_NAME,
    settings::HONEYCOMB_DATASET,
    settings::ROLLBAR_ENDPOINT,
    settings::ROLLBAR_ENVIRONMENT,
];

/// Variables that hold API keys.
const KEYS: [Setting; 2] = [settings::HONEYCOMB_API_KEY, settings::ROLLBAR_ACCESS_TOKEN];

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
        let mut variables = given(&PASSED_ON, &lookup)?;
        // Everything is named after the stage, so it is set even if it is the default.
        let stage = settings::CRUDDER_STAGE;
        variables.insert(stage.name().to_owned(), stage.text(&lookup)?);
        Ok(Self {
            variables,
            keys: Keys(given(&KEYS, &lookup)?),
            cargo: lookup("CARGO").filter(|path| !path.is_empty()).unwrap_or_else(|| "cargo".to_owned()).into(),
            log_level: settings::AWS_LAMBDA_LOG_LEVEL.text(&lookup)?,
        })
    }

    /// Returns the value of a variable that is passed on, or its default.
    pub(crate) fn value(&self, setting: &Setting) -> &str {
        let value = self.variables.get(setting.name()).map(String::as_str);
        value.or(setting.default_value()).unwrap_or_default()
    }
}

/// Returns the values of the settings that are set, by their variables.
fn given(settings: &[Setting], environment: &impl Lookup) -> Result<BTreeMap<String, String>, ConfigError> {
    let value_of = |setting: &Setting| Ok(setting.given(environment)?.map(|value| (setting.name().to_owned(), value)));
    settings.iter().filter_map(|setting| value_of(setting).transpose()).collect()
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
        assert_eq!(settings.value(&settings::CRUDDER_TABLE), "crudder");
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
            ("CRUDDER_SAMPLE_RATE", "10001"),
            ("CRUDDER_SLOW_MS", "-1"),
            ("CRUDDER_FLUSH_BUDGET_MS", "300001"),
            ("CRUDDER_HOME_CACHE_MS", "soon"),
            ("CRUDDER_VERSION", "1\u{7}2"),
            ("CRUDDER_TABLE", "a b"),
            ("CRUDDER_STAGE", "a/b"),
            ("CRUDDER_CORS_ORIGIN", "https://a.example/path"),
            ("CRUDDER_CORS_ORIGIN", "https://a.example/"),
            ("HONEYCOMB_API_ENDPOINT", "api.honeycomb.io"),
            ("ROLLBAR_ENDPOINT", "ftp://rollbar"),
            ("ROLLBAR_ENDPOINT", "https://"),
            ("AWS_LAMBDA_LOG_LEVEL", "loud"),
        ] {
            let message = settings(&[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("read {name}: expected ")), "{message}");
            assert!(message.ends_with(&format!(", got {value:?}")), "{message}");
        }
    }

    #[test]
    fn keys_do_not_print_themselves() {
        let settings = settings(&[("HONEYCOMB_API_KEY", "hcaik_secret")]).unwrap();
        assert!(!format!("{settings:?}").contains("secret"));
    }
    #[test]
    fn an_invalid_key_is_reported_and_never_printed() {
        for name in ["HONEYCOMB_API_KEY", "ROLLBAR_ACCESS_TOKEN"] {
            for value in ["two secret words", "arn:aws:s3:::secret", "secret\u{7}"] {
                let message = settings(&[(name, value)]).unwrap_err().to_string();
                assert!(message.starts_with(&format!("read {name}: expected ")), "{message}");
                assert!(message.ends_with(", got another value"), "{message}");
            }
        }
    }

    #[test]
    fn a_log_level_in_lower_case_is_passed_on_as_lambda_spells_it() {
        assert_eq!(settings(&[("AWS_LAMBDA_LOG_LEVEL", "debug")]).unwrap().log_level, "DEBUG");
    }
}
