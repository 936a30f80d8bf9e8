//! What a caller tells telemetry about one invocation: how it began, how it ended.

use std::borrow::Cow;
use std::error::Error;
use std::panic::Location;
use std::time::SystemTime;

use opentelemetry::KeyValue;

/// The target of access lines: they tell of an answer, so at ERROR too they are no reports. What went wrong was reported
/// where it was met.
pub const ACCESS: &str = "access";

/// One invocation as it is known before its work begins.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// Lambda's request id.
    pub request_id: &'a str,
    /// The invocation's own X-Ray header: `Lambda-Runtime-Trace-Id`, never `_X_AMZN_TRACE_ID`, which is wrong as soon
    /// as two invocations run at once.
    pub trace_header: Option<&'a str>,
    /// The caller's W3C `traceparent`.
    pub traceparent: Option<&'a str>,
    /// When Lambda will kill the function.
    pub deadline: SystemTime,
    /// The ARN under which the function was invoked.
    pub function_arn: &'a str,
    /// What invoked it.
    pub trigger: Trigger<'a>,
}

/// What invoked the function.
#[derive(Debug, Clone, Copy)]
pub enum Trigger<'a> {
    /// A request through API Gateway.
    Http(HttpRequest<'a>),
    /// Anything else, by the name its root span takes: `post-confirmation`.
    Other(&'a str),
}

/// A request as the root span shows it; what is unknown stays empty or `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpRequest<'a> {
    /// `GET`.
    pub method: &'a str,
    /// The template, never the path: `/api/activities/{id}`.
    pub route: &'a str,
    /// `/api/activities/@andrewbrown`.
    pub path: &'a str,
    /// Without `?`; credentials in it are masked.
    pub query: Option<&'a str>,
    /// `https`.
    pub scheme: &'a str,
    /// The caller's address.
    pub client_address: Option<&'a str>,
    /// The caller's `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The host name that the caller used.
    pub server_address: Option<&'a str>,
    /// `1.1` or `2`.
    pub protocol_version: Option<&'a str>,
    /// Bytes of the body.
    pub body_size: Option<u64>,
}

impl<'a> Invocation<'a> {
    /// An invocation of which nothing but its id and trigger is known.
    #[must_use]
    pub fn new(request_id: &'a str, trigger: Trigger<'a>) -> Self {
        let deadline = SystemTime::UNIX_EPOCH;
        Self { request_id, trace_header: None, traceparent: None, deadline, function_arn: "", trigger }
    }

    /// The same with its X-Ray header.
    #[must_use]
    pub fn with_trace_header(self, trace_header: Option<&'a str>) -> Self {
        Self { trace_header, ..self }
    }
}

/// How an invocation ended.
#[derive(Debug, Default)]
pub struct End {
    /// The answer's status, when there is one. 5xx makes the root span a failed one.
    pub http_status: Option<u16>,
    /// What went wrong on our side. A 4xx is not that.
    pub failure: Option<Failure>,
    /// More attributes of the root span: `handle`, `app.result_length`.
    pub attributes: Vec<KeyValue>,
}

/// An error as every plane shows it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// A low-cardinality name: `store::Error::Throttled`.
    pub kind: Cow<'static, str>,
    /// The error's own words.
    pub message: String,
    /// The words of what caused it, outermost first.
    pub causes: Vec<String>,
    /// Where it was met, `file:line`, when no backtrace is at hand.
    pub location: Option<String>,
    /// A backtrace in std's form.
    pub backtrace: Option<String>,
}

impl End {
    /// An end without a status and without a failure.
    #[must_use]
    pub fn ok() -> Self {
        Self::default()
    }

    /// The end of an HTTP request.
    #[must_use]
    pub fn http(status: u16) -> Self {
        Self { http_status: Some(status), ..Self::default() }
    }

    /// The same with what went wrong.
    #[must_use]
    pub fn because(self, failure: Failure) -> Self {
        Self { failure: Some(failure), ..self }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with(mut self, attribute: KeyValue) -> Self {
        self.attributes.push(attribute);
        self
    }
}

/// A source chain longer than this is cut: a chain that loops must not hold a request.
const MAX_CAUSES: usize = 16;

impl Failure {
    /// An error under the name `kind`, with its source chain, met where this is called.
    #[must_use]
    #[track_caller]
    pub fn new(kind: impl Into<Cow<'static, str>>, error: &(dyn Error + 'static)) -> Self {
        let place = Location::caller();
        Self {
            kind: kind.into(),
            message: error.to_string(),
            causes: causes_of(error).map(ToString::to_string).collect(),
            location: Some(format!("{}:{}", place.file(), place.line())),
            backtrace: None,
        }
    }

    /// An error of which no more is known than its words.
    pub(crate) fn worded(kind: Cow<'static, str>, message: String) -> Self {
        Self { kind, message, causes: Vec::new(), location: None, backtrace: None }
    }

    /// Work that was dropped before it ended.
    pub(crate) fn cancelled() -> Self {
        Self::worded("cancelled".into(), "the work was dropped before it ended".to_owned())
    }

    /// The same with a backtrace in std's form.
    #[must_use]
    pub fn with_backtrace(self, backtrace: impl Into<String>) -> Self {
        Self { backtrace: Some(backtrace.into()), ..self }
    }
}

/// What caused `error`, outermost first.
pub(crate) fn causes_of<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
    .take(MAX_CAUSES)
}
