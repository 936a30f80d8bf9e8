//! The request that each peer serves: four child spans of four attributes and one access line, under whatever root its middleware opens.

use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Instrument, Subscriber, info, info_span};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The target of the one log line.
const ACCESS: &str = "access";

/// Spans and line, as Crudder's benchmark has them (`layer/benches/layer/work.rs`).
pub async fn work() -> &'static str {
    for number in 0..4_i64 {
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
    "[]"
}

/// One JSON object a line on stdout, of access lines only.
pub fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let access = Targets::new().with_target(ACCESS, tracing::Level::INFO);
    tracing_subscriber::fmt::layer().json().with_current_span(false).with_span_list(false).with_filter(access)
}

/// `OTEL_EXPORTER_OTLP_ENDPOINT` says where to; the client is the exporter's own, blocking one.
///
/// # Panics
/// When the exporter refuses its variables.
pub fn exporter() -> SpanExporter {
    SpanExporter::builder().with_http().build().expect("the benchmark's address is one")
}

/// Spans to an OTLP exporter behind the SDK's batch processor, and the access line: as most teams set it up.
pub fn start() -> SdkTracerProvider {
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter()).build();
    global::set_tracer_provider(provider.clone());
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("peers"))
        .with_filter(filter_fn(|metadata| metadata.is_span()));
    tracing_subscriber::registry().with(spans).with(lines()).init();
    provider
}
