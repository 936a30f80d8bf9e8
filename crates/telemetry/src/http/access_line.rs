//! The access line of an HTTP request.

use std::time::Duration;

use lambda_http::http::StatusCode;

use crate::access::ACCESS;
use crate::http_request::HttpRequest;

/// Logs the access line of a request: client address, method, scheme, path, status and duration. The
/// level follows the status: ERROR for 5xx, WARN for 4xx, otherwise INFO. The query is left out,
/// because it may hold what people search for.
///
/// Call it inside the work of the request. Telemetry prints the line after the response, and makes no
/// report of it.
pub fn log_access(request: &HttpRequest<'_>, status: StatusCode, duration: Duration) {
    let address = request.client_address.unwrap_or("-");
    let duration_ms = duration.as_micros() as f64 / 1_000.0;
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: ACCESS,
                {
                    client.address = address,
                    http.request.method = request.method,
                    url.scheme = request.scheme,
                    url.path = request.path,
                    http.response.status_code = status.as_u16(),
                    duration_ms,
                },
                "{address} {} {} {} {status}",
                request.method,
                request.scheme,
                request.path,
            )
        };
    }
    match status.as_u16() {
        500.. => line!(error),
        400.. => line!(warn),
        _ => line!(info),
    }
}
