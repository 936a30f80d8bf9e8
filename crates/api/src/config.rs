//! The settings of the HTTP layer, read once from the environment.

use http::HeaderValue;
use http::uri::Authority;

/// An environment variable with an invalid value.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {value:?}: {wanted}")]
pub struct ConfigError {
    name: &'static str,
    value: String,
    wanted: &'static str,
}

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
        Self::parse(|name| std::env::var(name).ok())
    }

    fn parse(lookup: impl Fn(&str) -> Option<String>) -> std::result::Result<Self, ConfigError> {
        // Templates set a variable to the empty string to leave it unset.
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let origin = lookup("CRUDDER_CORS_ORIGIN").unwrap_or_else(|| "*".to_owned());
        let cors_origin = Some(&origin).filter(|origin| is_origin(origin));
        let cors_origin = cors_origin.and_then(|origin| HeaderValue::from_str(origin).ok()).ok_or(ConfigError {
            name: "CRUDDER_CORS_ORIGIN",
            value: origin,
            wanted: "it must be one origin such as https://crudder.example, or *",
        })?;
        let faults = match lookup("CRUDDER_FAULTS").as_deref() {
            None | Some("off") => false,
            Some("on") => true,
            Some(other) => {
                return Err(ConfigError {
                    name: "CRUDDER_FAULTS",
                    value: other.to_owned(),
                    wanted: "it must be on or off",
                });
            }
        };
        let production = lookup("CRUDDER_STAGE").as_deref() == Some(PRODUCTION);
        Ok(Self { cors_origin, faults: faults && !production })
    }
}

/// Returns whether `text` is `*`, or a scheme and an authority as a browser sends them in `Origin`.
/// A value with a path, even a single slash, would match no page.
fn is_origin(text: &str) -> bool {
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text == "*" || authority.is_some_and(|authority| authority.parse::<Authority>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> std::result::Result<Config, ConfigError> {
        Config::parse(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
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
        assert!(!config(&[("CRUDDER_FAULTS", "on"), ("CRUDDER_STAGE", "prod")]).unwrap().faults);
    }

    #[test]
    fn an_invalid_value_is_reported_with_the_name_of_its_variable() {
        let message = config(&[("CRUDDER_FAULTS", "yes")]).unwrap_err().to_string();
        assert_eq!(message, r#"CRUDDER_FAULTS is "yes": it must be on or off"#);
        for origin in
            ["a\nb", "a b", "crudder.example", "https://crudder.example/", "https://a.example,https://b.example"]
        {
            let message = config(&[("CRUDDER_CORS_ORIGIN", origin)]).unwrap_err().to_string();
            assert!(message.starts_with("CRUDDER_CORS_ORIGIN is"), "{message}");
        }
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let config = config(&[("CRUDDER_CORS_ORIGIN", ""), ("CRUDDER_FAULTS", "")]).unwrap();
        assert_eq!(config.cors_origin, "*");
        assert!(!config.faults);
    }
}
