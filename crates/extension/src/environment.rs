//! The environment variables that the extension reads: those of the process, or a table in tests.

use crudder_settings::{ConfigError, Setting};

/// Reads variables.
#[derive(Clone, Copy)]
pub(crate) struct Environment<'a> {
    lookup: &'a dyn Fn(&'static str) -> Option<String>,
}

impl<'a> Environment<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&'static str) -> Option<String>) -> Self {
        Self { lookup }
    }

    /// The value of a variable that AWS defines, without surrounding white space; `None` if it is unset or empty.
    pub(crate) fn variable(&self, name: &'static str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(crate) fn variable_or(&self, name: &'static str, default: &str) -> String {
        self.variable(name).unwrap_or_else(|| default.to_owned())
    }

    /// The value of a setting, `None` if it is unset or empty.
    pub(crate) fn given(&self, setting: &Setting) -> Result<Option<String>, ConfigError> {
        setting.given(&self.lookup)
    }

    /// The value of a setting, or its default.
    pub(crate) fn text(&self, setting: &Setting) -> Result<String, ConfigError> {
        setting.text(&self.lookup)
    }

    pub(crate) fn integer(&self, setting: &Setting) -> Result<u64, ConfigError> {
        setting.integer(&self.lookup)
    }
}
