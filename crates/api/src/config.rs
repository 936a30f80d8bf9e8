//! The environment of the HTTP edge, read once.

use http::HeaderValue;
use http::uri::Authority;

/// A variable holds what it can't hold.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {value:?}: {wanted}")]
pub struct ConfigError {
    name: &'static str,
    value: String,
    wanted: &'static str,
}

/// What the edge takes from its environment.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `CRUDDER_CORS_ORIGIN`: the one origin whose pages may read answers, or `*`.
    pub(crate) cors_origin: HeaderValue,
    /// `CRUDDER_FAULTS=on`, and not in the stage `prod`: a function may die on purpose.
    pub(crate) faults: bool,
}

/// The stage in which faults stay off, whatever `CRUDDER_FAULTS` says.
const PRODUCTION: &str = "prod";

impl Config {
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    pub(crate) fn from_env() -> std::result::Result<Self, ConfigError> {
        Self::parse(|name| std::env::var(name).ok())
    }

    fn parse(lookup: impl Fn(&str) -> Option<String>) -> std::result::Result<Self, ConfigError> {
        // An empty variable is an unset one: that is how templates leave a choice open.
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let origin = lookup("CRUDDER_CORS_ORIGIN").unwrap_or_else(|| "*".to_owned());
        let cors_origin = Some(&origin).filter(|origin| is_origin(origin));
        let cors_origin = cors_origin.and_then(|origin| HeaderValue::from_str(origin).ok()).ok_or(ConfigError {
            name: "CRUDDER_CORS_ORIGIN",
            value: origin,
            wanted: "it must be one origin such as https://crudder.example, or *",
        })?;
        let asked = match lookup("CRUDDER_FAULTS").as_deref() {
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
        Ok(Self { cors_origin, faults: asked && !production })
    }
}

/// Scheme and authority and nothing more, as a browser sends it in `Origin`: what has a path, if only a slash, would match no page.
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
    fn an_empty_environment_allows_every_origin_and_no_fault() {
        let config = config(&[]).unwrap();
        assert_eq!(config.cors_origin, "*");
        assert!(!config.faults);
    }

    #[test]
    fn faults_stay_off_in_production_though_switched_on() {
        assert!(config(&[("CRUDDER_FAULTS", "on")]).unwrap().faults);
        assert!(!config(&[("CRUDDER_FAULTS", "on"), ("CRUDDER_STAGE", "prod")]).unwrap().faults);
    }

    #[test]
    fn a_bad_value_is_named_with_its_variable() {
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
    fn an_empty_variable_is_an_unset_one() {
        let config = config(&[("CRUDDER_CORS_ORIGIN", ""), ("CRUDDER_FAULTS", "")]).unwrap();
        assert_eq!(config.cors_origin, "*");
        assert!(!config.faults);
    }
}
