//! The request that each peer serves: four child spans of four attributes each and one access line,
//! under the root span that its middleware opens.

#[path = "../../shared/work.rs"]
mod work;

use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The target of the one log line.
const ACCESS: &str = "access";

/// Does the work; returns the body of the response.
pub async fn work() -> &'static str {
    work::work(4).await;
    "[]"
}

/// Returns a layer that prints access lines to standard output, one JSON object each.
pub fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let access = Targets::new().with_target(ACCESS, tracing::Level::INFO);
    tracing_subscriber::fmt::layer().json().with_current_span(false).with_span_list(false).with_filter(access)
}

/// Returns an exporter to `OTEL_EXPORTER_OTLP_ENDPOINT` with its own blocking client.
///
/// # Panics
/// Panics if the exporter rejects its variables.
pub fn exporter() -> SpanExporter {
    SpanExporter::builder().with_http().build().expect("the benchmark sets a valid address")
}

/// Sends spans to an OTLP exporter through the SDK's batch processor, and prints access lines: the usual setup.
pub fn start() -> SdkTracerProvider {
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter()).build();
    global::set_tracer_provider(provider.clone());
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("peers"))
        .with_filter(filter_fn(|metadata| metadata.is_span()));
    tracing_subscriber::registry().with(spans).with(lines()).init();
    provider
}
