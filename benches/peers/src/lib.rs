//! The request that each peer serves: four child spans of four attributes and one access line, under whatever root its middleware opens.

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

/// Four child spans and the line; the answer's body.
pub async fn work() -> &'static str {
    work::work(4).await;
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
