//! One line a request, with the fields that the original's line had.

use std::time::Duration;

use crudder_telemetry::HttpRequest;
use http::StatusCode;

/// Writes the access line: address, method, scheme, path, status, duration. Its level follows the status. The query stays out: it
/// may hold what people search for.
///
/// It is a line and no report: what went wrong was reported where it was met, once.
pub(crate) fn log(request: &HttpRequest<'_>, status: StatusCode, took: Duration) {
    let address = request.client_address.unwrap_or("-");
    let duration_ms = took.as_micros() as f64 / 1_000.0;
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: crudder_telemetry::ACCESS,
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
