//! Looks up single settings in the environment and checks them.

/// An environment variable whose value can't be used. The value is never printed: some are keys.
#[derive(Debug, thiserror::Error)]
#[error("{variable} is invalid: expected {expected}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// What the value must be.
    pub expected: &'static str,
}

/// Where settings come from: the process's environment, or a table in tests.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'a> {
    lookup: &'a dyn Fn(&'static str) -> Option<String>,
}

impl<'a> Settings<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&'static str) -> Option<String>) -> Self {
        Self { lookup }
    }

    /// The value without surrounding white space; `None` if the variable is unset or empty.
    /// Secret stores like to end a value with a newline, which no header can hold.
    pub(crate) fn text(&self, variable: &'static str) -> Option<String> {
        (self.lookup)(variable).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(crate) fn text_or(&self, variable: &'static str, default: &str) -> String {
        self.text(variable).unwrap_or_else(|| default.to_owned())
    }

    pub(crate) fn number(&self, variable: &'static str, default: u64) -> Result<u64, ConfigError> {
        let Some(value) = self.text(variable) else { return Ok(default) };
        value.parse().map_err(|_| ConfigError { variable, expected: "a whole number" })
    }

    pub(crate) fn url(&self, variable: &'static str, default: &str) -> Result<String, ConfigError> {
        let value = self.text_or(variable, default);
        if value.starts_with("https://") || value.starts_with("http://") {
            return Ok(value);
        }
        Err(ConfigError { variable, expected: "a URL that begins with https://" })
    }
}
