//! The error of an environment variable that telemetry cannot use.

/// An environment variable holds a value that telemetry cannot use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is {value:?}: expected {expected}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// Its value.
    pub value: String,
    /// The values that it may have.
    pub expected: &'static str,
}
