//! The environment variables that the commands use, read once.

use std::collections::BTreeMap;
use std::fmt;

use crudder_settings::{ConfigError, Setting};

use crate::settings;

/// A key or token. Its `Debug` output hides the text, so that it is not printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// Returns the key in clear text, for the request header that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is the ARN of a secret or parameter instead of a key.
    pub(crate) fn is_arn(&self) -> bool {
        self.0.starts_with("arn:")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// The AWS services that are called without an SDK.
///
/// Each has the variable with which the AWS SDKs override its endpoint.
const AWS_SERVICES: [(&str, &str); 4] = [
    ("apigateway", "AWS_ENDPOINT_URL_API_GATEWAY"),
    ("cloudformation", "AWS_ENDPOINT_URL_CLOUDFORMATION"),
    ("lambda", "AWS_ENDPOINT_URL_LAMBDA"),
    ("logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
];

/// Settings from the environment. An empty variable counts as unset.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `HONEYCOMB_API_KEY`
    pub(crate) honeycomb_key: Option<Key>,
    /// `HONEYCOMB_API_ENDPOINT`, without a trailing slash.
    pub(crate) honeycomb_endpoint: String,
    /// `HONEYCOMB_DATASET`
    pub(crate) honeycomb_dataset: Option<String>,
    /// `HONEYCOMB_SERVICE_NAME`
    pub(crate) honeycomb_service: String,
    /// `ROLLBAR_ACCESS_TOKEN`
    pub(crate) rollbar_token: Option<Key>,
    /// `ROLLBAR_READ_TOKEN`
    pub(crate) rollbar_read_token: Option<Key>,
    /// `ROLLBAR_ENDPOINT`, the address that items are posted to.
    pub(crate) rollbar_endpoint: String,
    /// `ROLLBAR_ENVIRONMENT`
    pub(crate) rollbar_environment: Option<String>,
    aws_endpoints: BTreeMap<&'static str, String>,
    /// `NO_COLOR`
    pub(crate) no_color: bool,
    /// `COLUMNS`
    pub(crate) columns: Option<usize>,
}

impl Config {
    /// Reads this process's environment.
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the variables that `lookup` returns.
    ///
    /// # Errors
    /// The first variable of Honeycomb or Rollbar with an invalid value.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let find = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let key = |setting: &Setting| Ok(setting.given(&lookup)?.map(Key));
        let all_services = find("AWS_ENDPOINT_URL");
        let endpoint = |(service, variable)| Some((service, find(variable).or_else(|| all_services.clone())?));
        let honeycomb_endpoint = settings::HONEYCOMB_API_ENDPOINT.text(&lookup)?;
        let honeycomb_service = settings::HONEYCOMB_SERVICE_NAME.given(&lookup)?;
        Ok(Self {
            honeycomb_key: key(&settings::HONEYCOMB_API_KEY)?,
            honeycomb_endpoint: honeycomb_endpoint.trim_end_matches('/').to_owned(),
            honeycomb_dataset: settings::HONEYCOMB_DATASET.given(&lookup)?,
            honeycomb_service: honeycomb_service.unwrap_or_else(|| "crudder".to_owned()),
            rollbar_token: key(&settings::ROLLBAR_ACCESS_TOKEN)?,
            rollbar_read_token: key(&settings::ROLLBAR_READ_TOKEN)?,
            rollbar_endpoint: settings::ROLLBAR_ENDPOINT.text(&lookup)?,
            rollbar_environment: settings::ROLLBAR_ENVIRONMENT.given(&lookup)?,
            aws_endpoints: AWS_SERVICES.into_iter().filter_map(endpoint).collect(),
            no_color: find("NO_COLOR").is_some(),
            columns: find("COLUMNS").and_then(|columns| columns.parse().ok()),
        })
    }

    /// Returns the endpoint that overrides the AWS default for a service.
    pub(crate) fn aws_endpoint(&self, service: &str) -> Option<&str> {
        self.aws_endpoints.get(service).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_output_hides_keys() {
        let config = Config::read(|name| name.contains("KEY").then(|| " hcaik_secret\n".to_owned())).unwrap();
        assert_eq!(config.honeycomb_key.as_ref().map(Key::reveal), Some("hcaik_secret"));
        assert!(!format!("{config:?}").contains("secret"), "{config:?}");
    }

    #[test]
    fn the_endpoint_of_one_service_overrides_the_endpoint_of_all() {
        let config = Config::read(|name| match name {
            "AWS_ENDPOINT_URL" => Some("http://all".to_owned()),
            "AWS_ENDPOINT_URL_LAMBDA" => Some("http://lambda".to_owned()),
            _ => None,
        })
        .unwrap();
        assert_eq!(
            (config.aws_endpoint("logs"), config.aws_endpoint("lambda")),
            (Some("http://all"), Some("http://lambda"))
        );
    }

    #[test]
    fn an_invalid_value_is_reported_with_its_variable_and_no_key_is_printed() {
        for (name, value) in [
            ("HONEYCOMB_API_ENDPOINT", "secret.example"),
            ("ROLLBAR_ENDPOINT", "ftp://secret.example"),
            ("HONEYCOMB_DATASET", "a\u{7}secret"),
            ("HONEYCOMB_API_KEY", "arn:aws:s3:::secret"),
            ("ROLLBAR_ACCESS_TOKEN", "two secret words"),
            ("ROLLBAR_READ_TOKEN", "secret\u{7}"),
        ] {
            let error = Config::read(|read| (read == name).then(|| value.to_owned())).unwrap_err().to_string();
            assert!(error.starts_with(&format!("read {name}: expected ")), "{error}");
            let is_key = name.ends_with("KEY") || name.ends_with("TOKEN");
            let got = if is_key { "another value".to_owned() } else { format!("{value:?}") };
            assert!(error.ends_with(&format!(", got {got}")), "{error}");
        }
    }
}
