//! An invocation as it is known before the handler runs.

use std::time::SystemTime;

use crate::http_request::HttpRequest;

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
    /// The source of the invocation.
    pub trigger: Trigger<'a>,
}

/// The source of an invocation.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Trigger<'a> {
    /// An HTTP request: API Gateway or a function URL.
    Http(HttpRequest<'a>),
    /// Anything else. The text becomes the root span's name: `post-confirmation`.
    Other(&'a str),
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
