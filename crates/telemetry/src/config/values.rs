//! Parsers of single environment variables.

use tracing_subscriber::filter::LevelFilter;

use super::error::ConfigError;

/// Parses a variable with `read`; `None` when it is not set.
pub(super) fn parse<T>(
    variable: &'static str,
    lookup: &impl Fn(&'static str) -> Option<String>,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = lookup(variable) else { return Ok(None) };
    read(value.trim()).map(Some).ok_or(ConfigError { variable, value, expected })
}

/// Accepts the ring sizes that the recorder accepts.
pub(super) fn ring_bytes(text: &str) -> Option<usize> {
    text.parse().ok().filter(|bytes| (1 << 12..=1 << 28).contains(bytes))
}

/// Parses a log level of Lambda. `tracing` has no FATAL, so `FATAL` switches its lines off.
pub(super) fn log_level(text: &str) -> Option<LevelFilter> {
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
