//! The OpenTelemetry layer of `lambda_runtime`, with an OTLP exporter that is flushed after each request.

use lambda_http::{Adapter, Error, Request, service_fn};
use lambda_runtime::Runtime;
use lambda_runtime::layers::OpenTelemetryLayer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let provider = crudder_peers::start();
    let handler = service_fn(|_: Request| async { Ok::<_, Error>(crudder_peers::work().await) });
    let flush = OpenTelemetryLayer::new(move || {
        if let Err(error) = provider.force_flush() {
            eprintln!("failed to flush spans: {error}");
        }
    });
    Runtime::new(Adapter::from(handler)).layer(flush).run().await
}
