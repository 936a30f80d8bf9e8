//! What the caller knows of an invocation: its event, its ids, its outcome.

use std::any::type_name;
use std::fmt::Display;
use std::time::SystemTime;

use opentelemetry::KeyValue;

use crate::failure::Failure;

/// One invocation, as it is known before the handler runs.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Invocation<'a> {
    /// Lambda's request id.
    pub request_id: &'a str,
    /// The X-Ray header of this invocation: `Lambda-Runtime-Trace-Id`. Never the variable
    /// `_X_AMZN_TRACE_ID`, which is wrong as soon as two invocations run at once.
    pub trace_header: Option<&'a str>,
    /// The W3C `traceparent` of the caller.
    pub traceparent: Option<&'a str>,
    /// When Lambda will kill the function; 1970 if unknown.
    pub deadline: SystemTime,
    /// The ARN under which the function was invoked.
    pub function_arn: &'a str,
    /// What invoked it.
    pub trigger: Trigger<'a>,
}

/// What invoked the function.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Trigger<'a> {
    /// An HTTP request: API Gateway or a function URL.
    Http(HttpRequest<'a>),
    /// Anything else. The text becomes the root span's name: `post-confirmation`.
    Other(&'a str),
}

/// An HTTP request as the root span shows it. Unknown values stay empty or `None`.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct HttpRequest<'a> {
    /// `GET`.
    pub method: &'a str,
    /// The template, never the path: `/api/activities/{id}`.
    pub route: &'a str,
    /// `/api/activities/@andrewbrown`.
    pub path: &'a str,
    /// Without `?`. Credentials in it are masked.
    pub query: Option<&'a str>,
    /// `https`.
    pub scheme: &'a str,
    /// The address of the client.
    pub client_address: Option<&'a str>,
    /// The client's `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The host name that the client used.
    pub server_address: Option<&'a str>,
    /// `1.1` or `2`.
    pub protocol_version: Option<&'a str>,
    /// The size of the body in bytes.
    pub body_size: Option<u64>,
}

impl<'a> Invocation<'a> {
    /// An invocation of which only the request id and the trigger are known.
    #[must_use]
    pub fn new(request_id: &'a str, trigger: Trigger<'a>) -> Self {
        let deadline = SystemTime::UNIX_EPOCH;
        Self { request_id, trace_header: None, traceparent: None, deadline, function_arn: "", trigger }
    }

    /// An invocation as `lambda_runtime` describes it.
    #[cfg(feature = "lambda")]
    #[must_use]
    pub fn from_context(context: &'a lambda_runtime::Context, trigger: Trigger<'a>) -> Self {
        Self {
            request_id: &context.request_id,
            trace_header: context.xray_trace_id.as_deref(),
            traceparent: None,
            deadline: context.deadline(),
            function_arn: &context.invoked_function_arn,
            trigger,
        }
    }

    /// Sets the X-Ray header.
    #[must_use]
    pub fn with_trace_header(self, trace_header: Option<&'a str>) -> Self {
        Self { trace_header, ..self }
    }

    /// Sets the `traceparent` of the caller.
    #[must_use]
    pub fn with_traceparent(self, traceparent: Option<&'a str>) -> Self {
        Self { traceparent, ..self }
    }

    /// Sets the time at which Lambda will kill the function.
    #[must_use]
    pub fn with_deadline(self, deadline: SystemTime) -> Self {
        Self { deadline, ..self }
    }

    /// Sets the ARN under which the function was invoked.
    #[must_use]
    pub fn with_function_arn(self, function_arn: &'a str) -> Self {
        Self { function_arn, ..self }
    }
}

impl<'a> HttpRequest<'a> {
    /// A request over HTTPS of which only method, route and path are known.
    #[must_use]
    pub fn new(method: &'a str, route: &'a str, path: &'a str) -> Self {
        Self { method, route, path, scheme: "https", ..Self::default() }
    }

    /// Sets the scheme.
    #[must_use]
    pub fn with_scheme(self, scheme: &'a str) -> Self {
        Self { scheme, ..self }
    }

    /// Sets the query, without `?`.
    #[must_use]
    pub fn with_query(self, query: Option<&'a str>) -> Self {
        Self { query, ..self }
    }

    /// Sets the address of the client.
    #[must_use]
    pub fn with_client_address(self, client_address: Option<&'a str>) -> Self {
        Self { client_address, ..self }
    }

    /// Sets the client's `User-Agent`.
    #[must_use]
    pub fn with_user_agent(self, user_agent: Option<&'a str>) -> Self {
        Self { user_agent, ..self }
    }

    /// Sets the host name that the client used.
    #[must_use]
    pub fn with_server_address(self, server_address: Option<&'a str>) -> Self {
        Self { server_address, ..self }
    }

    /// Sets the version of HTTP: `1.1` or `2`.
    #[must_use]
    pub fn with_protocol_version(self, protocol_version: Option<&'a str>) -> Self {
        Self { protocol_version, ..self }
    }

    /// Sets the size of the body in bytes.
    #[must_use]
    pub fn with_body_size(self, body_size: Option<u64>) -> Self {
        Self { body_size, ..self }
    }
}

/// How an invocation ended.
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
        // `lambda_runtime::Error` is a box: its name says nothing of the error in it.
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
