//! The environment as telemetry needs it: read once, at the start.

use std::net::{SocketAddr, ToSocketAddrs};

use tracing_subscriber::filter::LevelFilter;

/// A variable whose value telemetry can't work with.
#[derive(Debug, thiserror::Error)]
#[error("{variable} is {value:?}: expected {expected}")]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// What stood in it.
    pub value: String,
    /// What would have been right.
    pub expected: &'static str,
}

/// How a log line looks (`AWS_LAMBDA_LOG_FORMAT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line: what Lambda's log level filter and Logs Insights read.
    Json,
    /// One readable line, for a terminal.
    Text,
}

/// What telemetry takes from the environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// The service's name in every plane.
    pub service: String,
    /// `CRUDDER_STAGE`: the deployment's name, `local` unless set.
    pub stage: String,
    /// `CRUDDER_VERSION`: the version of the code, the build's unless set.
    pub version: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`: absent outside Lambda.
    pub function_name: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_VERSION`: `$LATEST` or a number.
    pub function_version: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB as Lambda gives it.
    pub memory_mb: Option<u64>,
    /// `AWS_REGION`.
    pub region: Option<String>,
    /// `AWS_LAMBDA_LOG_GROUP_NAME`.
    pub log_group: Option<String>,
    /// `AWS_LAMBDA_LOG_STREAM_NAME`: names the execution environment.
    pub log_stream: Option<String>,
    /// `AWS_LAMBDA_LOG_LEVEL`: lines below it are not printed.
    pub log_level: LevelFilter,
    /// `AWS_LAMBDA_LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `AWS_XRAY_DAEMON_ADDRESS`: no X-Ray when absent.
    pub xray_daemon: Option<SocketAddr>,
    /// `CRUDDER_RECORDER`: the ring's file.
    pub recorder_path: String,
    /// `CRUDDER_RECORDER_BYTES`: the ring's size.
    pub recorder_bytes: usize,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// A variable whose value is not of its kind; the error names it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where telemetry reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads variables from `lookup`, which answers `None` for one that is absent or empty.
    ///
    /// # Errors
    /// A variable whose value is not of its kind; the error names it.
    pub fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            service: "crudder".to_owned(),
            stage: lookup("CRUDDER_STAGE").unwrap_or_else(|| "local".to_owned()),
            version: lookup("CRUDDER_VERSION").unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
            function_name: lookup("AWS_LAMBDA_FUNCTION_NAME"),
            function_version: lookup("AWS_LAMBDA_FUNCTION_VERSION"),
            memory_mb: parse("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &lookup, "a number of megabytes", |text| {
                text.parse().ok()
            })?,
            region: lookup("AWS_REGION"),
            log_group: lookup("AWS_LAMBDA_LOG_GROUP_NAME"),
            log_stream: lookup("AWS_LAMBDA_LOG_STREAM_NAME"),
            log_level: parse("AWS_LAMBDA_LOG_LEVEL", &lookup, "TRACE, DEBUG, INFO, WARN, ERROR or FATAL", log_level)?
                .unwrap_or(LevelFilter::INFO),
            log_format: parse("AWS_LAMBDA_LOG_FORMAT", &lookup, "JSON or Text", log_format)?.unwrap_or(LogFormat::Json),
            xray_daemon: parse("AWS_XRAY_DAEMON_ADDRESS", &lookup, "host:port", daemon_address)?,
            recorder_path: lookup("CRUDDER_RECORDER").unwrap_or_else(|| "/tmp/crudder.recorder".to_owned()),
            recorder_bytes: parse(
                "CRUDDER_RECORDER_BYTES",
                &lookup,
                "a number of bytes from 4096 to 268435456",
                ring_bytes,
            )?
            .unwrap_or(1 << 20),
        })
    }
}

/// What the recorder makes a ring of.
fn ring_bytes(text: &str) -> Option<usize> {
    text.parse().ok().filter(|bytes| (1 << 12..=1 << 28).contains(bytes))
}

fn parse<T>(
    variable: &'static str,
    lookup: &impl Fn(&'static str) -> Option<String>,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = lookup(variable) else { return Ok(None) };
    read(value.trim()).map(Some).ok_or(ConfigError { variable, value, expected })
}

/// `FATAL` lets nothing of `tracing` through: it knows no such level.
fn log_level(text: &str) -> Option<LevelFilter> {
    Some(match text.to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "INFO" => LevelFilter::INFO,
        "WARN" => LevelFilter::WARN,
        "ERROR" => LevelFilter::ERROR,
        "FATAL" => LevelFilter::OFF,
        _ => return None,
    })
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text.to_ascii_lowercase().as_str() {
        "json" => Some(LogFormat::Json),
        "text" => Some(LogFormat::Text),
        _ => None,
    }
}

/// The daemon's UDP address: `host:port`, or AWS's longer form `tcp:host:port udp:host:port`.
fn daemon_address(text: &str) -> Option<SocketAddr> {
    let udp = text.split_whitespace().find_map(|part| part.strip_prefix("udp:")).unwrap_or(text);
    udp.parse().ok().or_else(|| udp.to_socket_addrs().ok()?.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn an_empty_environment_gives_the_documented_defaults() {
        let config = Config::read(|_| None).unwrap();
        assert_eq!((config.stage.as_str(), config.log_format), ("local", LogFormat::Json));
        assert_eq!((config.log_level, config.xray_daemon), (LevelFilter::INFO, None));
        assert_eq!((config.recorder_path.as_str(), config.recorder_bytes), ("/tmp/crudder.recorder", 1_048_576));
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_variable() {
        for (name, value) in [
            ("AWS_LAMBDA_LOG_LEVEL", "WARNING"),
            ("AWS_LAMBDA_LOG_FORMAT", "xml"),
            ("AWS_XRAY_DAEMON_ADDRESS", "nowhere"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "lots"),
            ("CRUDDER_RECORDER_BYTES", "-1"),
            ("CRUDDER_RECORDER_BYTES", "1"),
            ("CRUDDER_RECORDER_BYTES", "268435457"),
        ] {
            let error = with(name, value).unwrap_err();
            assert_eq!(error.variable, name);
            assert!(error.to_string().starts_with(&format!("{name} is {value:?}: expected ")), "{error}");
        }
    }

    #[test]
    fn both_forms_of_the_daemons_address_are_read() {
        let expected = Some("127.0.0.2:2001".parse().unwrap());
        assert_eq!(with("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.2:2001").unwrap().xray_daemon, expected);
        let long = with("AWS_XRAY_DAEMON_ADDRESS", "tcp:127.0.0.1:2000 udp:127.0.0.2:2001").unwrap();
        assert_eq!(long.xray_daemon, expected);
    }

    #[test]
    fn levels_are_read_in_either_case() {
        assert_eq!(with("AWS_LAMBDA_LOG_LEVEL", "debug").unwrap().log_level, LevelFilter::DEBUG);
        assert_eq!(with("AWS_LAMBDA_LOG_LEVEL", "FATAL").unwrap().log_level, LevelFilter::OFF);
    }
}
