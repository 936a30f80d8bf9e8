//! The settings of the HTTP layer, read once from the environment.

use crudder_settings::{ConfigError, Lookup};
use http::HeaderValue;

use crate::settings;

/// The settings of the HTTP layer.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `CRUDDER_CORS_ORIGIN`: the one origin whose pages may read responses, or `*`.
    pub(crate) cors_origin: HeaderValue,
    /// Whether a request may inject a fault: `CRUDDER_FAULTS=on`, except in the stage `prod`.
    pub(crate) faults: bool,
}

/// The stage in which fault injection is always off, whatever `CRUDDER_FAULTS` says.
const PRODUCTION: &str = "prod";

impl Config {
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    pub(crate) fn from_env() -> std::result::Result<Self, ConfigError> {
        Self::parse(&|name| std::env::var(name).ok())
    }

    fn parse(environment: &impl Lookup) -> std::result::Result<Self, ConfigError> {
        let origin = settings::CRUDDER_CORS_ORIGIN.text(environment)?;
        let cors_origin = HeaderValue::from_str(&origin).expect("an origin has only visible ASCII characters");
        let faults = settings::CRUDDER_FAULTS.text(environment)? == "on";
        let is_production = settings::CRUDDER_STAGE.text(environment)?.eq_ignore_ascii_case(PRODUCTION);
        Ok(Self { cors_origin, faults: faults && !is_production })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> std::result::Result<Config, ConfigError> {
        Config::parse(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_default_allows_every_origin_and_no_fault() {
        let config = config(&[]).unwrap();
        assert_eq!(config.cors_origin, "*");
        assert!(!config.faults);
    }

    #[test]
    fn faults_are_always_off_in_the_production_stage() {
        assert!(config(&[("CRUDDER_FAULTS", "on")]).unwrap().faults);
        for stage in ["prod", "Prod", "PROD"] {
            assert!(!config(&[("CRUDDER_FAULTS", "on"), ("CRUDDER_STAGE", stage)]).unwrap().faults, "{stage}");
        }
    }

    #[test]
    fn an_invalid_value_is_reported_with_the_name_of_its_variable() {
        let message = config(&[("CRUDDER_FAULTS", "yes")]).unwrap_err().to_string();
        assert_eq!(message, r#"read CRUDDER_FAULTS: expected on or off, got "yes""#);
        for (name, value) in [
            ("CRUDDER_FAULTS", "On"),
            ("CRUDDER_FAULTS", "true"),
            ("CRUDDER_STAGE", "a/b"),
            ("CRUDDER_STAGE", "a b"),
            ("CRUDDER_STAGE", "$default"),
            ("CRUDDER_CORS_ORIGIN", "a\nb"),
            ("CRUDDER_CORS_ORIGIN", "a b"),
            ("CRUDDER_CORS_ORIGIN", "crudder.example"),
            ("CRUDDER_CORS_ORIGIN", "https://crudder.example/"),
            ("CRUDDER_CORS_ORIGIN", "https://a.example,https://b.example"),
        ] {
            let message = config(&[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("read {name}: expected ")), "{message}");
            assert!(message.ends_with(&format!(", got {value:?}")), "{message}");
        }
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let config = config(&[("CRUDDER_CORS_ORIGIN", ""), ("CRUDDER_FAULTS", "")]).unwrap();
        assert_eq!(config.cors_origin, "*");
        assert!(!config.faults);
    }
}
