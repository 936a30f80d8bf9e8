//! The work of one request in all benchmarks, of this crate and of its peers: spans of four attributes
//! each and one access line. Each benchmark includes this file as a module of its own, beside a
//! constant `ACCESS`, the target of its access line.

use tracing::{Instrument, info, info_span};

use super::ACCESS;

/// Opens `children` child spans under the current root, and logs one line.
pub(crate) async fn work(children: usize) {
    for number in 0..children as i64 {
        let span =
            info_span!("step", otel.name = "DynamoDB.Query", otel.kind = "client", rpc.method = "Query", rows = number);
        async { std::hint::black_box(number) }.instrument(span).await;
    }
    let (address, path) = ("203.0.113.7", "/api/activities/home");
    info!(
        target: ACCESS,
        {
            client.address = address,
            http.request.method = "GET",
            url.path = path,
            http.response.status_code = 200,
            duration_ms = 1.5
        },
        "{address} GET https {path} 200 OK"
    );
}
