//! Why a template cannot be used.

use std::fmt;

/// One place in the template that AWS, or the gateway here, would reject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationError {
    /// The logical id of the resource.
    pub resource: String,
    /// The place inside the resource, such as `Properties.Events.Get.Properties.Path`.
    pub property: String,
    /// What is wrong, and how to fix it.
    pub reason: String,
}

impl ValidationError {
    pub(super) fn new(resource: &str, property: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { resource: resource.to_owned(), property: property.into(), reason: reason.into() }
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {}", self.resource, self.property, self.reason)
    }
}

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("read the template {path}")]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// The error of the system.
        #[source]
        source: std::io::Error,
    },
    /// The file is not YAML.
    #[error("parse the template as YAML")]
    Malformed(#[from] yaml_serde::Error),
    /// AWS or the gateway here would reject the template.
    #[error("load the template: AWS or the local gateway would reject it; fix each of these places:\n  {}", lines(.0))]
    Invalid(Vec<ValidationError>),
}

fn lines(errors: &[ValidationError]) -> String {
    errors.iter().map(ValidationError::to_string).collect::<Vec<_>>().join("\n  ")
}
