//! The extension's configuration, read from the environment once, before anything else.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crudder_recorder::Sink;
use crudder_settings::ConfigError;

use crate::aws::AwsConfig;
use crate::environment::Environment;
use crate::exporters::{Build, Exporter, REGISTRY};
use crate::invocations::Sampling;
use crate::settings;

/// The extension's configuration.
///
/// Each exporter reads the settings of its own destination; they are part of this value too.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// `AWS_LAMBDA_RUNTIME_API`: `host:port`.
    pub runtime_api: String,
    /// Whether several invocations run at once and Lambda announces none of them: set if
    /// `AWS_LAMBDA_INITIALIZATION_TYPE` is `lambda-managed-instances`, or if Lambda refused INVOKE.
    pub is_managed: bool,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function: String,
    /// `CRUDDER_RECORDER`: the ring file.
    pub recorder: PathBuf,
    /// `CRUDDER_RECORDER_BYTES`: the ring's size.
    pub recorder_bytes: u64,
    /// `CRUDDER_FLUSH_BUDGET_MS`: how long the extension may hold the end of an invocation to send.
    pub flush_budget: Duration,
    /// `CRUDDER_SAMPLE_RATE`: one in this many ordinary requests is kept.
    pub sample_rate: u64,
    /// `CRUDDER_SLOW_MS`: requests that take longer are always kept.
    pub slow: Duration,
    /// Region, credentials and endpoints for calls of AWS services.
    pub aws: AwsConfig,
    /// One exporter per destination; its index is the number of its sink in the ring.
    pub(crate) exporters: Vec<Arc<dyn Exporter>>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[expect(clippy::disallowed_methods, reason = "the one place where the extension reads its environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the process's environment for a program that is no extension and only redelivers dead
    /// letters.
    ///
    /// # Errors
    /// As [`read`](Self::read), except that `AWS_LAMBDA_RUNTIME_API` may be unset.
    #[expect(clippy::disallowed_methods, reason = "the one place where the extension reads its environment")]
    pub fn for_replay() -> Result<Self, ConfigError> {
        let placeholder = |name| (name == "AWS_LAMBDA_RUNTIME_API").then(|| "unused".to_owned());
        Self::read(|name| std::env::var(name).ok().or_else(|| placeholder(name)))
    }

    /// The address of Lambda's API, which even an extension without a valid configuration needs.
    ///
    /// # Errors
    /// If the variable is not set: the process does not run in Lambda.
    #[expect(clippy::disallowed_methods, reason = "the one place where the extension reads its environment")]
    pub(crate) fn runtime_api_from_env() -> Result<String, std::env::VarError> {
        std::env::var("AWS_LAMBDA_RUNTIME_API")
    }

    /// Reads the configuration from `lookup`, which returns the value of an environment variable.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable whose value can't be used.
    pub fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::with_exporters(REGISTRY, lookup)
    }

    /// As [`read`](Self::read), with these exporters.
    pub(crate) fn with_exporters(
        registry: &[Build],
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let environment = Environment::new(&lookup);
        let required = ConfigError::new("AWS_LAMBDA_RUNTIME_API", "host:port, as Lambda sets it", "nothing");
        Ok(Self {
            runtime_api: environment.variable("AWS_LAMBDA_RUNTIME_API").ok_or(required)?,
            is_managed: environment.variable("AWS_LAMBDA_INITIALIZATION_TYPE").as_deref()
                == Some("lambda-managed-instances"),
            function: environment.variable_or("AWS_LAMBDA_FUNCTION_NAME", "unknown"),
            recorder: environment.text(&settings::CRUDDER_RECORDER)?.into(),
            recorder_bytes: environment.integer(&settings::CRUDDER_RECORDER_BYTES)?,
            flush_budget: Duration::from_millis(environment.integer(&settings::CRUDDER_FLUSH_BUDGET_MS)?),
            sample_rate: environment.integer(&settings::CRUDDER_SAMPLE_RATE)?,
            slow: Duration::from_millis(environment.integer(&settings::CRUDDER_SLOW_MS)?),
            exporters: registry.iter().map(|build| build(&environment)).collect::<Result<_, _>>()?,
            aws: AwsConfig::read(&environment),
        })
    }

    pub(crate) fn sampling(&self) -> Sampling {
        Sampling { rate: self.sample_rate, slow: self.slow }
    }

    /// The names of all destinations, in the order of their sinks.
    pub(crate) fn destinations(&self) -> Vec<&'static str> {
        self.exporters.iter().map(|exporter| exporter.name()).collect()
    }

    /// Returns the sinks of all destinations.
    pub(crate) fn sinks(&self) -> impl Iterator<Item = Sink> + Clone + use<> {
        (0..self.exporters.len()).map(sink_of)
    }
}

/// The sink of the destination at `index`.
pub(crate) fn sink_of(index: usize) -> Sink {
    Sink::new(u8::try_from(index).expect("a ring has at most seven sinks"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporters::Credentials;

    fn read(pairs: &'static [(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|asked| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_runtime_api_alone_gives_the_documented_defaults() {
        let config = read(&[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")]).unwrap();
        assert_eq!(config.recorder, PathBuf::from("/tmp/crudder.recorder"));
        assert_eq!((config.recorder_bytes, config.sample_rate), (1_048_576, 1));
        assert_eq!((config.flush_budget.as_millis(), config.slow.as_millis()), (500, 1000));
        let has_no_key = |exporter: &&Arc<dyn Exporter>| matches!(exporter.credentials(), Credentials::ApiKey(None));
        let without_key: Vec<_> = config.exporters.iter().filter(has_no_key).map(|exporter| exporter.name()).collect();
        assert_eq!(without_key, ["honeycomb", "rollbar"]);
        assert!(!config.is_managed);
        assert_eq!(config.destinations(), ["honeycomb", "rollbar", "xray"]);
    }

    #[test]
    fn an_invalid_value_is_refused_with_the_name_of_its_variable_and_never_printed() {
        for (name, pairs) in [
            ("AWS_LAMBDA_RUNTIME_API", &[][..]),
            ("CRUDDER_SAMPLE_RATE", &[("AWS_LAMBDA_RUNTIME_API", "a:1"), ("CRUDDER_SAMPLE_RATE", "often")]),
            ("HONEYCOMB_API_ENDPOINT", &[("AWS_LAMBDA_RUNTIME_API", "a:1"), ("HONEYCOMB_API_ENDPOINT", "api.test")]),
            ("HONEYCOMB_API_KEY", &[("AWS_LAMBDA_RUNTIME_API", "a:1"), ("HONEYCOMB_API_KEY", "arn:aws:s3:::bucket")]),
        ] {
            let pairs: &'static [(&str, &str)] = pairs;
            let error = read(pairs).unwrap_err();
            assert_eq!(error.variable(), name);
            assert!(
                !error.to_string().contains("bucket") && error.to_string().starts_with(&format!("read {name}: ")),
                "{error}"
            );
        }
    }
}
