//! Why the gateway itself responds, in place of a function.

use http::StatusCode;

/// Why the gateway itself responds. API Gateway calls each reason a type of gateway response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GatewayError {
    /// The request has no token, or the authorizer rejects it.
    Unauthorized,
    /// The host of the request is not a valid host of the API.
    AccessDenied,
    /// No route matches the path or the method. AWS calls it a missing token.
    NotFound,
    /// The path or the query cannot be decoded.
    BadRequest,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body or the event is too large.
    RequestTooLarge,
    /// The request line and the headers together are too large.
    HeadersTooLarge,
    /// The emulator runs as many invocations as it may.
    Throttled,
    /// The function died or failed, or its response is malformed.
    IntegrationFailure,
    /// The timeout of the function or of the gateway passed.
    IntegrationTimeout,
}

impl GatewayError {
    /// Returns API Gateway's type, and the status and body that apply unless the template has
    /// others.
    pub(super) fn defaults(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Unauthorized => ("UNAUTHORIZED", StatusCode::UNAUTHORIZED, r#"["generic_401"]"#),
            Self::AccessDenied => ("ACCESS_DENIED", StatusCode::FORBIDDEN, r#"["generic_403"]"#),
            Self::NotFound => ("MISSING_AUTHENTICATION_TOKEN", StatusCode::NOT_FOUND, r#"["not_found"]"#),
            Self::BadRequest => ("DEFAULT_4XX", StatusCode::BAD_REQUEST, r#"["bad_request"]"#),
            Self::BodyTimeout => ("DEFAULT_4XX", StatusCode::REQUEST_TIMEOUT, r#"["bad_request"]"#),
            Self::RequestTooLarge => ("REQUEST_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE, r#"["request_too_large"]"#),
            Self::HeadersTooLarge => ("DEFAULT_4XX", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, r#"["bad_request"]"#),
            Self::Throttled => ("THROTTLED", StatusCode::TOO_MANY_REQUESTS, r#"["too_many_requests"]"#),
            Self::IntegrationFailure => ("INTEGRATION_FAILURE", StatusCode::BAD_GATEWAY, r#"["generic_500"]"#),
            Self::IntegrationTimeout => ("INTEGRATION_TIMEOUT", StatusCode::GATEWAY_TIMEOUT, r#"["generic_504"]"#),
        }
    }
}
