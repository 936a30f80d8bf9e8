//! Parsers of single environment variables.

use crudder_settings::{ConfigError, Lookup, Setting};
use tracing_subscriber::filter::LevelFilter;

/// Parses a text whose form its [`Kind`](crudder_settings::Kind) does not describe; `None` when it is not set.
pub(super) fn parse<T>(
    setting: &Setting,
    environment: &impl Lookup,
    expected: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = setting.given(environment)? else { return Ok(None) };
    read(&value).map(Some).ok_or_else(|| ConfigError::new(setting.name(), expected, format!("{value:?}")))
}

/// Returns the level filter of one of Lambda's levels. `tracing` has no FATAL, so `FATAL` switches its lines off.
pub(super) fn log_level(level: &str) -> LevelFilter {
    match level {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" => LevelFilter::ERROR,
        "FATAL" => LevelFilter::OFF,
        // INFO: the setting allows no other word.
        _ => LevelFilter::INFO,
    }
}
