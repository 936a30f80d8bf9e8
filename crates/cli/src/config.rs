//! The environment variables that the commands use, read once.

use std::collections::BTreeMap;
use std::fmt;

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
    pub(crate) fn from_env() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the variables that `lookup` returns.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let find = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let key = |name: &str| find(name).map(Key);
        let find_or = |name: &str, default: &str| find(name).unwrap_or_else(|| default.to_owned());
        let all_services = find("AWS_ENDPOINT_URL");
        let endpoint = |(service, variable)| Some((service, find(variable).or_else(|| all_services.clone())?));
        Self {
            honeycomb_key: key("HONEYCOMB_API_KEY"),
            honeycomb_endpoint: find_or("HONEYCOMB_API_ENDPOINT", "https://api.honeycomb.io")
                .trim_end_matches('/')
                .to_owned(),
            honeycomb_dataset: find("HONEYCOMB_DATASET"),
            honeycomb_service: find_or("HONEYCOMB_SERVICE_NAME", "crudder"),
            rollbar_token: key("ROLLBAR_ACCESS_TOKEN"),
            rollbar_read_token: key("ROLLBAR_READ_TOKEN"),
            rollbar_endpoint: find_or("ROLLBAR_ENDPOINT", "https://api.rollbar.com/api/1/item/"),
            rollbar_environment: find("ROLLBAR_ENVIRONMENT"),
            aws_endpoints: AWS_SERVICES.into_iter().filter_map(endpoint).collect(),
            no_color: find("NO_COLOR").is_some(),
            columns: find("COLUMNS").and_then(|columns| columns.parse().ok()),
        }
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
        let config = Config::read(|name| name.contains("KEY").then(|| " hcaik_secret\n".to_owned()));
        assert_eq!(config.honeycomb_key.as_ref().map(Key::reveal), Some("hcaik_secret"));
        assert!(!format!("{config:?}").contains("secret"), "{config:?}");
    }

    #[test]
    fn the_endpoint_of_one_service_overrides_the_endpoint_of_all() {
        let config = Config::read(|name| match name {
            "AWS_ENDPOINT_URL" => Some("http://all".to_owned()),
            "AWS_ENDPOINT_URL_LAMBDA" => Some("http://lambda".to_owned()),
            _ => None,
        });
        assert_eq!(
            (config.aws_endpoint("logs"), config.aws_endpoint("lambda")),
            (Some("http://all"), Some("http://lambda"))
        );
    }
}
