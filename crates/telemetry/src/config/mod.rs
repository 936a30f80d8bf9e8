//! The environment variables that telemetry uses, read once, at the start.

mod log_format;
mod resource_attributes;
mod values;

use std::net::SocketAddr;

use crudder_settings::{ConfigError, Kind, Lookup, Setting};
use crudder_xray::daemon_address;
use tracing_subscriber::filter::LevelFilter;

pub use log_format::LogFormat;
use values::{log_level, parse};

use crate::settings;

/// Lambda sets it.
const AWS_LAMBDA_FUNCTION_MEMORY_SIZE: Setting =
    Setting::new("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", None, Kind::Text { max_chars: 20 });

/// The environment variables that telemetry uses.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// `OTEL_SERVICE_NAME`, or else `service.name` in `OTEL_RESOURCE_ATTRIBUTES`.
    pub service_name: Option<String>,
    /// `OTEL_RESOURCE_ATTRIBUTES`, decoded.
    pub resource_attributes: Vec<(String, String)>,
    /// Why `OTEL_RESOURCE_ATTRIBUTES` was discarded, if it was malformed. Telemetry logs this once:
    /// the OpenTelemetry specification forbids to fail on it.
    pub discarded_resource_attributes: Option<ConfigError>,
    /// `CRUDDER_STAGE`: the name of the deployment (`deployment.environment.name`), `local` unless set.
    pub stage: String,
    /// `CRUDDER_VERSION`: the version of the code.
    pub version: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`: not set outside Lambda.
    pub function_name: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_VERSION`: `$LATEST` or a number.
    pub function_version: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in Lambda's MB.
    pub memory_mb: Option<u64>,
    /// `AWS_REGION`.
    pub region: Option<String>,
    /// `AWS_LAMBDA_LOG_GROUP_NAME`.
    pub log_group: Option<String>,
    /// `AWS_LAMBDA_LOG_STREAM_NAME`, which names the execution environment.
    pub log_stream: Option<String>,
    /// `AWS_LAMBDA_LOG_LEVEL`: lines below it are not printed.
    pub log_level: LevelFilter,
    /// `AWS_LAMBDA_LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `AWS_XRAY_DAEMON_ADDRESS`: without it nothing is sent to X-Ray.
    pub xray_daemon: Option<SocketAddr>,
    /// `CRUDDER_RECORDER`: the file of the recorder.
    pub recorder_path: String,
    /// `CRUDDER_RECORDER_BYTES`: the size of the recorder's ring.
    pub recorder_bytes: usize,
}

impl Config {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// A variable has a value that telemetry cannot use; the error names it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where telemetry reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads variables through `lookup`, which returns `None` for a variable that is not set. An empty
    /// variable counts as unset.
    ///
    /// # Errors
    /// A variable has a value that telemetry cannot use; the error names it.
    pub fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let variable = |name| lookup(name).filter(|value| !value.is_empty());
        let (resource_attributes, discarded_resource_attributes) = match resource_attributes(&lookup) {
            Ok(attributes) => (attributes.unwrap_or_default(), None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let recorder_bytes = settings::CRUDDER_RECORDER_BYTES.integer(&lookup)?;
        Ok(Self {
            service_name: settings::OTEL_SERVICE_NAME.given(&lookup)?.or_else(|| service_name_in(&resource_attributes)),
            resource_attributes,
            discarded_resource_attributes,
            stage: settings::CRUDDER_STAGE.text(&lookup)?,
            version: settings::CRUDDER_VERSION.given(&lookup)?,
            function_name: variable("AWS_LAMBDA_FUNCTION_NAME"),
            function_version: variable("AWS_LAMBDA_FUNCTION_VERSION"),
            memory_mb: parse(&AWS_LAMBDA_FUNCTION_MEMORY_SIZE, &lookup, "a number of megabytes", |text| {
                text.parse().ok()
            })?,
            region: variable("AWS_REGION"),
            log_group: variable("AWS_LAMBDA_LOG_GROUP_NAME"),
            log_stream: variable("AWS_LAMBDA_LOG_STREAM_NAME"),
            log_level: log_level(&settings::AWS_LAMBDA_LOG_LEVEL.text(&lookup)?),
            log_format: LogFormat::named(&settings::AWS_LAMBDA_LOG_FORMAT.text(&lookup)?),
            xray_daemon: parse(&settings::AWS_XRAY_DAEMON_ADDRESS, &lookup, DAEMON_ADDRESS, daemon_address)?,
            recorder_path: settings::CRUDDER_RECORDER.text(&lookup)?,
            recorder_bytes: usize::try_from(recorder_bytes).expect("at most 256 MB"),
        })
    }
}

const DAEMON_ADDRESS: &str = "host:port or tcp:host:port udp:host:port";

fn resource_attributes(environment: &impl Lookup) -> Result<Option<Vec<(String, String)>>, ConfigError> {
    let expected = "percent-encoded key=value pairs with commas between them";
    parse(&settings::OTEL_RESOURCE_ATTRIBUTES, environment, expected, resource_attributes::parse)
}

fn service_name_in(attributes: &[(String, String)]) -> Option<String> {
    // Of two members with one key the later counts, as in the resource.
    let found = attributes.iter().rfind(|(key, value)| key == "service.name" && !value.is_empty());
    found.map(|(_, value)| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(|variable| (variable == name).then(|| value.to_owned()))
    }

    #[test]
    fn an_empty_environment_gives_the_documented_defaults() {
        let config = Config::read(|_| None).unwrap();
        assert_eq!((config.stage.as_str(), config.log_format), ("local", LogFormat::Json));
        assert_eq!((config.log_level, config.xray_daemon), (LevelFilter::INFO, None));
        assert_eq!((config.recorder_path.as_str(), config.recorder_bytes), ("/tmp/crudder.recorder", 1_048_576));
    }

    #[test]
    fn the_error_of_a_bad_value_names_its_variable() {
        for (name, value) in [
            ("AWS_LAMBDA_LOG_LEVEL", "WARNING"),
            ("AWS_LAMBDA_LOG_LEVEL", "OFF"),
            ("AWS_LAMBDA_LOG_LEVEL", "3"),
            ("AWS_LAMBDA_LOG_FORMAT", "xml"),
            ("AWS_LAMBDA_LOG_FORMAT", "plain"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSONL"),
            ("AWS_XRAY_DAEMON_ADDRESS", "nowhere"),
            ("AWS_XRAY_DAEMON_ADDRESS", "tcp:127.0.0.1:2000"),
            ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:99999"),
            ("CRUDDER_STAGE", "a/b"),
            ("CRUDDER_VERSION", "1\u{7}2"),
            ("OTEL_SERVICE_NAME", "a\nb"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "lots"),
            ("CRUDDER_RECORDER_BYTES", "-1"),
            ("CRUDDER_RECORDER_BYTES", "1"),
            ("CRUDDER_RECORDER_BYTES", "268435457"),
        ] {
            let error = with(name, value).unwrap_err();
            assert_eq!(error.variable(), name);
            assert!(error.to_string().starts_with(&format!("read {name}: expected ")), "{error}");
            assert!(error.to_string().ends_with(&format!(", got {value:?}")), "{error}");
        }
    }

    #[test]
    fn both_forms_of_the_daemon_address_are_read() {
        let expected = Some("127.0.0.2:2001".parse().unwrap());
        assert_eq!(with("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.2:2001").unwrap().xray_daemon, expected);
        let long = with("AWS_XRAY_DAEMON_ADDRESS", "tcp:127.0.0.1:2000 udp:127.0.0.2:2001").unwrap();
        assert_eq!(long.xray_daemon, expected);
    }

    #[test]
    fn log_levels_and_formats_are_read_in_either_case() {
        assert_eq!(with("AWS_LAMBDA_LOG_FORMAT", "text").unwrap().log_format, LogFormat::Text);
        assert_eq!(with("AWS_LAMBDA_LOG_FORMAT", "json").unwrap().log_format, LogFormat::Json);
        assert_eq!(with("AWS_LAMBDA_LOG_LEVEL", "Info").unwrap().log_level, LevelFilter::INFO);
        assert_eq!(with("AWS_LAMBDA_LOG_LEVEL", "debug").unwrap().log_level, LevelFilter::DEBUG);
        assert_eq!(with("AWS_LAMBDA_LOG_LEVEL", "FATAL").unwrap().log_level, LevelFilter::OFF);
    }

    #[test]
    fn otel_service_name_wins_over_the_resource_attribute() {
        let both = |name| match name {
            "OTEL_SERVICE_NAME" => Some("by-name".to_owned()),
            "OTEL_RESOURCE_ATTRIBUTES" => Some("service.name=by-attribute".to_owned()),
            _ => None,
        };
        assert_eq!(Config::read(both).unwrap().service_name.as_deref(), Some("by-name"));
        let one = with("OTEL_RESOURCE_ATTRIBUTES", "service.name=by%2Dattribute").unwrap();
        assert_eq!(one.service_name.as_deref(), Some("by-attribute"));
        assert_eq!(Config::read(|_| None).unwrap().service_name, None);
    }

    #[test]
    fn malformed_resource_attributes_are_discarded_and_named() {
        let config = with("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop,broken").unwrap();
        assert_eq!((config.service_name, config.resource_attributes), (None, Vec::new()));
        let error = config.discarded_resource_attributes.unwrap();
        assert_eq!(error.variable(), "OTEL_RESOURCE_ATTRIBUTES");
    }
}
