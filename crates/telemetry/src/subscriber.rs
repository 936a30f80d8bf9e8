//! The `tracing` subscriber: filters, spans, reports, log lines.

use opentelemetry::trace::TracerProvider;
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{Dispatch, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, filter};

use crate::log::Lines;
use crate::report::Reports;
use crate::span::{Processor, RecordAll, UnsignedFields};

/// The lowest level of spans. Spans below it are disabled.
const SPAN_LEVEL: LevelFilter = LevelFilter::INFO;

/// Builds the subscriber. `level` is that of log lines.
///
/// One level filter serves all layers, because a filter per layer costs more than the layers; each
/// layer checks its own level again. `RUST_LOG` is ignored: a value left in a template would
/// override the level that Lambda's console shows, and Lambda's own filter would still apply after it.
pub(crate) fn dispatch(
    processor: Processor,
    resource: Resource,
    reports: Reports,
    lines: Option<Lines>,
    level: LevelFilter,
) -> Dispatch {
    let tracer = provider(processor, resource).tracer("crudder-telemetry");
    let subscriber = Registry::default()
        .with(level.max(SPAN_LEVEL))
        // Unwanted spans are disabled where they are created.
        .with(filter::filter_fn(|metadata| !metadata.is_span() || is_wanted(metadata)))
        .with(UnsignedFields)
        .with(span_layer(tracer))
        .with(reports)
        .with(lines);
    Dispatch::new(subscriber)
}

/// The SDK without an exporter: the processor does its work.
fn provider(processor: Processor, resource: Resource) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        .with_sampler(RecordAll)
        .with_resource(resource)
        .with_span_processor(processor)
        .build()
}

/// The layer that turns the spans of `tracing` into OpenTelemetry's. Location, thread, inactivity and
/// target would make a span 2.6 times as large.
fn span_layer<S: Subscriber + for<'a> LookupSpan<'a>>(tracer: SdkTracer) -> impl Layer<S> {
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(filter::filter_fn(|metadata| metadata.is_span()))
}

/// Accepts spans at INFO and above, but not those of `lambda_runtime`: its "Lambda runtime invoke"
/// would be a second, unrelated root.
fn is_wanted(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= SPAN_LEVEL && !metadata.target().starts_with("lambda_runtime")
}
