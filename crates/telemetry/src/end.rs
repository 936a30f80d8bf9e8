//! The outcome of an invocation.

use std::any::type_name;
use std::fmt::Display;

use opentelemetry::KeyValue;

use crate::failure::Failure;

/// The outcome of an invocation.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct End {
    /// The status of the HTTP response, if there is one. 5xx marks the root span as failed.
    pub http_status: Option<u16>,
    /// The error on the server's side. A 4xx is not one.
    pub failure: Option<Failure>,
    /// More attributes of the root span: `app.result_length`.
    pub attributes: Vec<KeyValue>,
}

impl End {
    /// An end without a status and without an error.
    #[must_use]
    pub fn ok() -> Self {
        Self::default()
    }

    /// The end of an HTTP request.
    #[must_use]
    pub fn http(status: u16) -> Self {
        Self { http_status: Some(status), ..Self::default() }
    }

    /// The end of an invocation whose handler returned `error`; its kind is the name of its type.
    #[must_use]
    pub fn from_error<E: Display>(error: &E) -> Self {
        let kind = type_name::<E>();
        // `lambda_runtime::Error` is a box: its name does not describe the error in it.
        let kind = if kind.starts_with("alloc::boxed::Box") { "Error" } else { kind };
        Self::ok().because(Failure::from_message(kind, error.to_string()))
    }

    /// Sets the error.
    #[must_use]
    pub fn because(self, failure: Failure) -> Self {
        Self { failure: Some(failure), ..self }
    }

    /// Adds an attribute to the root span.
    #[must_use]
    pub fn with_attribute(mut self, attribute: KeyValue) -> Self {
        self.attributes.push(attribute);
        self
    }
}
