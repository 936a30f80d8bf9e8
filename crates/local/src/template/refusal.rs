//! What AWS, or the gateway here, refuses in a template: named with its resource and its place.

use std::fmt;

/// One thing that must be mended before the template can be deployed, or served here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationError {
    /// The logical id of the resource.
    pub resource: String,
    /// The place inside it, such as `Properties.Events.Get.Properties.Path`.
    pub at: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl ValidationError {
    pub(super) fn new(resource: &str, at: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { resource: resource.to_owned(), at: at.into(), reason: reason.into() }
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {}", self.resource, self.at, self.reason)
    }
}

/// Why a template can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file can't be read.
    #[error("read {path}")]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is not YAML.
    #[error("read the template as YAML")]
    Malformed(#[from] yaml_serde::Error),
    /// The template holds what AWS refuses.
    #[error("use the template, since AWS would refuse it:\n  {}", .0.iter().map(ValidationError::to_string).collect::<Vec<_>>().join("\n  "))]
    Invalid(Vec<ValidationError>),
}
