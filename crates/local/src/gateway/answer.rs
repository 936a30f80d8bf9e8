//! What the gateway answers by itself: as the template's `GatewayResponses` say, else in the same shape by default.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::template::{Api, GatewayResponse};

/// Why the gateway answers by itself. The names are API Gateway's types of gateway responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No token, or one that the authorizer does not take.
    Unauthorized,
    /// Not for this client: a host that is none of the API's.
    AccessDenied,
    /// No such path or method; AWS calls it a missing token.
    NotFound,
    /// The path or the query can't be decoded.
    BadRequest,
    /// The body did not arrive in time.
    TooSlow,
    /// The body or the event is larger than it may be.
    TooLarge,
    /// Line and headers together are larger than they may be.
    HeadersTooLarge,
    /// More invocations at once than the stage runs.
    Throttled,
    /// The function died, failed, or answered what is no proxy answer.
    Failed,
    /// The function's time, or the gateway's, passed.
    TimedOut,
}

impl Refused {
    /// API Gateway's type, the status, and the body where the template states none.
    fn default(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Unauthorized => ("UNAUTHORIZED", StatusCode::UNAUTHORIZED, r#"["generic_401"]"#),
            Self::AccessDenied => ("ACCESS_DENIED", StatusCode::FORBIDDEN, r#"["generic_403"]"#),
            Self::NotFound => ("MISSING_AUTHENTICATION_TOKEN", StatusCode::NOT_FOUND, r#"["not_found"]"#),
            Self::BadRequest => ("DEFAULT_4XX", StatusCode::BAD_REQUEST, r#"["bad_request"]"#),
            Self::TooSlow => ("DEFAULT_4XX", StatusCode::REQUEST_TIMEOUT, r#"["bad_request"]"#),
            Self::TooLarge => ("REQUEST_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE, r#"["request_too_large"]"#),
            Self::HeadersTooLarge => ("DEFAULT_4XX", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, r#"["bad_request"]"#),
            Self::Throttled => ("THROTTLED", StatusCode::TOO_MANY_REQUESTS, r#"["too_many_requests"]"#),
            Self::Failed => ("INTEGRATION_FAILURE", StatusCode::BAD_GATEWAY, r#"["generic_500"]"#),
            Self::TimedOut => ("INTEGRATION_TIMEOUT", StatusCode::GATEWAY_TIMEOUT, r#"["generic_504"]"#),
        }
    }

    /// The answer. A type that the template does not state falls back to the template's default for its class, as at AWS.
    pub(super) fn response(self, api: &Api) -> Response<Body> {
        let (kind, status, body) = self.default();
        let class = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let stated = api.gateway_responses.get(kind).or_else(|| api.gateway_responses.get(class));
        let unstated = GatewayResponse { headers: readable(api), ..GatewayResponse::default() };
        let answer = stated.unwrap_or(&unstated);
        let mut response = Response::new(Body::from(answer.body.clone().unwrap_or_else(|| body.to_owned())));
        *response.status_mut() = answer.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(status);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &answer.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// The headers that let a page of another origin read an answer.
fn readable(api: &Api) -> Vec<(String, String)> {
    let origin = api.cors.as_ref().map_or("*", |cors| &cors.origin);
    let pairs = [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", "Link,X-Amzn-Trace-Id")];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The answer to a preflight, which asks no token: SAM makes it of the template's `Cors`.
pub(super) fn preflight(api: &Api, methods: &str) -> Option<Response<Body>> {
    let cors = api.cors.as_ref()?;
    let methods = cors.methods.as_deref().or(Some(methods));
    // SAM's own mock integration answers this body.
    let mut response = Response::new(Body::from("{}\n"));
    for (name, value) in [
        (header::CONTENT_TYPE, Some("application/json")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, Some(cors.origin.as_str())),
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, cors.headers.as_deref()),
        (header::ACCESS_CONTROL_MAX_AGE, cors.max_age.as_deref()),
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, cors.credentials.then_some("true")),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, Some("Link,X-Amzn-Trace-Id")),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    Some(response)
}
