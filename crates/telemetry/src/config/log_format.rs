//! The form of log lines.

/// The form of log lines (`AWS_LAMBDA_LOG_FORMAT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// One JSON object a line, as Lambda's log level filter and Logs Insights read it.
    Json,
    /// One readable line, for a terminal.
    Text,
}

impl LogFormat {
    /// Returns the form that a value of the setting names: `JSON` or `Text`.
    pub(super) fn named(text: &str) -> Self {
        if text == "Text" { Self::Text } else { Self::Json }
    }
}
