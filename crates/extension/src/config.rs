//! The environment as the layer needs it: read once, before anything else.

use std::path::PathBuf;
use std::time::Duration;

use crate::keys::KeySource;

/// A variable whose value the layer can't work with. Values are never printed: some are keys.
#[derive(Debug, thiserror::Error)]
#[error("{variable} has a value that can't be used: expected {expected}")]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// What would have been right.
    pub expected: &'static str,
}

/// Everything that the layer takes from its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// `AWS_LAMBDA_RUNTIME_API`: `host:port`.
    pub runtime_api: String,
    /// `AWS_LAMBDA_INITIALIZATION_TYPE` says `lambda-managed-instances`, or INVOKE was refused: many invocations at once, and nobody
    /// announces them.
    pub is_managed: bool,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function: String,
    /// `CRUDDER_RECORDER`.
    pub recorder: PathBuf,
    /// `CRUDDER_RECORDER_BYTES`.
    pub recorder_bytes: u64,
    /// `CRUDDER_FLUSH_BUDGET_MS`: how long an invocation's end may be held for sending.
    pub flush_budget: Duration,
    /// `CRUDDER_SAMPLE_RATE`: one in so many ordinary requests is kept.
    pub sample_rate: u64,
    /// `CRUDDER_SLOW_MS`: what takes longer is always kept.
    pub slow: Duration,
    /// `CRUDDER_STAGE`.
    pub stage: String,
    /// `CRUDDER_VERSION`.
    pub version: String,
    /// Where spans go.
    pub honeycomb: HoneycombConfig,
    /// Where items go.
    pub rollbar: RollbarConfig,
    /// What calls of AWS's own services need.
    pub aws: AwsConfig,
}

/// Where spans go.
#[derive(Debug, Clone)]
pub struct HoneycombConfig {
    /// `HONEYCOMB_API_KEY`; `None` is off.
    pub key: Option<KeySource>,
    /// `HONEYCOMB_API_ENDPOINT`, without a path.
    pub endpoint: String,
    /// `HONEYCOMB_SERVICE_NAME`: replaces the function's own `service.name` when it is set.
    pub service: Option<String>,
    /// `HONEYCOMB_DATASET`: sent with classic keys only.
    pub dataset: Option<String>,
}

/// Where items go.
#[derive(Debug, Clone)]
pub struct RollbarConfig {
    /// `ROLLBAR_ACCESS_TOKEN`; `None` is off.
    pub token: Option<KeySource>,
    /// `ROLLBAR_ENDPOINT`: the whole address.
    pub endpoint: String,
    /// `ROLLBAR_ENVIRONMENT`, else the stage's name.
    pub environment: String,
}

/// What calls of AWS's own services need: keys in Secrets Manager or SSM, `PutTraceSegments`.
#[derive(Clone, Default)]
pub struct AwsConfig {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`; empty when there is none.
    pub session_token: String,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, as AWS's SDKs read it.
    pub secrets_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SSM`.
    pub ssm_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_XRAY`.
    pub xray_endpoint: Option<String>,
}

impl std::fmt::Debug for AwsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsConfig").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[expect(clippy::disallowed_methods, reason = "the one place where the layer reads its environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the process's environment for a program that is no extension and only wants to reach the vendors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[expect(clippy::disallowed_methods, reason = "the one place where the layer reads its environment")]
    pub fn for_replay() -> Result<Self, ConfigError> {
        let nowhere = |name| (name == "AWS_LAMBDA_RUNTIME_API").then(|| "nowhere".to_owned());
        Self::read(|name| std::env::var(name).ok().or_else(|| nowhere(name)))
    }

    /// The one variable that even a layer which can do nothing needs.
    ///
    /// # Errors
    /// When it is not set: this is no Lambda.
    #[expect(clippy::disallowed_methods, reason = "the one place where the layer reads its environment")]
    pub(crate) fn runtime_api_from_env() -> Result<String, std::env::VarError> {
        std::env::var("AWS_LAMBDA_RUNTIME_API")
    }

    /// Reads the environment through `lookup`. Empty values count as absent: templates leave parameters empty.
    ///
    /// # Errors
    /// A variable whose value is not of its kind; the error names it.
    pub fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        // Secret stores like to end a value with a newline, which no header takes.
        let find = |name| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let find_or = |name, default: &str| find(name).unwrap_or_else(|| default.to_owned());
        let stage = find_or("CRUDDER_STAGE", "local");
        Ok(Self {
            runtime_api: find("AWS_LAMBDA_RUNTIME_API")
                .ok_or(ConfigError { variable: "AWS_LAMBDA_RUNTIME_API", expected: "host:port, as Lambda sets it" })?,
            is_managed: find("AWS_LAMBDA_INITIALIZATION_TYPE").as_deref() == Some("lambda-managed-instances"),
            function: find_or("AWS_LAMBDA_FUNCTION_NAME", "unknown"),
            recorder: find_or("CRUDDER_RECORDER", "/tmp/crudder.recorder").into(),
            recorder_bytes: number("CRUDDER_RECORDER_BYTES", &find, crudder_recorder::DEFAULT_BYTES)?,
            flush_budget: Duration::from_millis(number("CRUDDER_FLUSH_BUDGET_MS", &find, 500)?),
            sample_rate: number("CRUDDER_SAMPLE_RATE", &find, 1)?.max(1),
            slow: Duration::from_millis(number("CRUDDER_SLOW_MS", &find, 1000)?),
            honeycomb: HoneycombConfig {
                key: key("HONEYCOMB_API_KEY", &find)?,
                endpoint: address("HONEYCOMB_API_ENDPOINT", &find, "https://api.honeycomb.io")?,
                service: find("HONEYCOMB_SERVICE_NAME"),
                dataset: find("HONEYCOMB_DATASET"),
            },
            rollbar: RollbarConfig {
                token: key("ROLLBAR_ACCESS_TOKEN", &find)?,
                endpoint: address("ROLLBAR_ENDPOINT", &find, "https://api.rollbar.com/api/1/item/")?,
                environment: find("ROLLBAR_ENVIRONMENT").unwrap_or_else(|| stage.clone()),
            },
            aws: AwsConfig {
                region: find_or("AWS_REGION", "us-east-1"),
                access_key_id: find_or("AWS_ACCESS_KEY_ID", ""),
                secret_access_key: find_or("AWS_SECRET_ACCESS_KEY", ""),
                session_token: find_or("AWS_SESSION_TOKEN", ""),
                secrets_endpoint: find("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
                ssm_endpoint: find("AWS_ENDPOINT_URL_SSM"),
                xray_endpoint: find("AWS_ENDPOINT_URL_XRAY"),
            },
            stage,
            version: find_or("CRUDDER_VERSION", env!("CARGO_PKG_VERSION")),
        })
    }
}

fn number(
    variable: &'static str,
    find: &impl Fn(&'static str) -> Option<String>,
    default: u64,
) -> Result<u64, ConfigError> {
    let Some(value) = find(variable) else { return Ok(default) };
    value.parse().map_err(|_| ConfigError { variable, expected: "a whole number" })
}

fn address(
    variable: &'static str,
    find: &impl Fn(&'static str) -> Option<String>,
    default: &str,
) -> Result<String, ConfigError> {
    let value = find(variable).unwrap_or_else(|| default.to_owned());
    if value.starts_with("https://") || value.starts_with("http://") {
        return Ok(value);
    }
    Err(ConfigError { variable, expected: "an address that begins with https://" })
}

fn key(
    variable: &'static str,
    find: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<KeySource>, ConfigError> {
    let Some(value) = find(variable) else { return Ok(None) };
    KeySource::parse(&value)
        .map(Some)
        .ok_or(ConfigError { variable, expected: "a key, or the ARN of a Secrets Manager secret or SSM parameter" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|asked| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_runtime_api_alone_gives_the_documented_defaults() {
        let config = read(&[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")]).unwrap();
        assert_eq!(config.recorder, PathBuf::from("/tmp/crudder.recorder"));
        assert_eq!((config.recorder_bytes, config.sample_rate), (1_048_576, 1));
        assert_eq!((config.flush_budget.as_millis(), config.slow.as_millis()), (500, 1000));
        assert!(config.honeycomb.key.is_none() && config.rollbar.token.is_none() && !config.is_managed);
        assert_eq!(config.rollbar.environment, "local");
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_variable_and_never_printed() {
        for (name, pairs) in [
            ("AWS_LAMBDA_RUNTIME_API", &[][..]),
            ("CRUDDER_SAMPLE_RATE", &[("AWS_LAMBDA_RUNTIME_API", "a:1"), ("CRUDDER_SAMPLE_RATE", "often")]),
            ("HONEYCOMB_API_ENDPOINT", &[("AWS_LAMBDA_RUNTIME_API", "a:1"), ("HONEYCOMB_API_ENDPOINT", "api.test")]),
            ("HONEYCOMB_API_KEY", &[("AWS_LAMBDA_RUNTIME_API", "a:1"), ("HONEYCOMB_API_KEY", "arn:aws:s3:::bucket")]),
        ] {
            let pairs: &'static [(&str, &str)] = pairs;
            let error = read(pairs).unwrap_err();
            assert_eq!(error.variable, name);
            assert!(!error.to_string().contains("bucket") && error.to_string().starts_with(name), "{error}");
        }
    }
}
