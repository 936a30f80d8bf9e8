//! The responses that the gateway itself makes: errors, preflights, and ids in every response.
//!
//! Errors have the form that `GatewayResponses` in the template defines, or the same form by
//! default.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::error::GatewayError;
use super::trace_header::TraceHeader;
use crate::template::{Api, GatewayResponse};

impl GatewayError {
    /// Returns the response. As at AWS, a type that the template does not define has the template's
    /// default of its class.
    pub(super) fn response(self, api: &Api) -> Response<Body> {
        let (kind, status, body) = self.defaults();
        let class = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let defined = api.gateway_responses.get(kind).or_else(|| api.gateway_responses.get(class));
        let default = GatewayResponse { headers: cors_headers(api), ..GatewayResponse::default() };
        let chosen = defined.unwrap_or(&default);
        let mut response = Response::new(Body::from(chosen.body.clone().unwrap_or_else(|| body.to_owned())));
        *response.status_mut() = chosen.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(status);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &chosen.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// Returns the headers with which a page of another origin may read a response.
fn cors_headers(api: &Api) -> Vec<(String, String)> {
    let origin = api.cors.as_ref().map_or("*", |cors| &cors.origin);
    let pairs = [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", "Link,X-Amzn-Trace-Id")];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Returns the response to a preflight, which needs no token. SAM derives it from the template's
/// `Cors`; without one there is none.
pub(super) fn preflight(api: &Api, methods: &str) -> Option<Response<Body>> {
    let cors = api.cors.as_ref()?;
    let methods = cors.methods.as_deref().or(Some(methods));
    // The body of SAM's own mock integration.
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

/// Adds the ids that API Gateway puts into every response.
pub(super) fn add_ids(headers: &mut HeaderMap, trace: &TraceHeader, request_id: &str) {
    for (name, value) in [("x-amzn-requestid", request_id), ("x-amzn-trace-id", &trace.to_client())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}
