//! The access log line of a request, with the fields of the original API's line.

use std::time::Duration;

use crudder_telemetry::HttpRequest;
use http::StatusCode;

/// Logs the access line: address, method, scheme, path, status and duration. The status decides its
/// level.
///
/// The query is left out, because it may hold search terms. The line never becomes a report: an
/// error was already reported where it was handled.
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
